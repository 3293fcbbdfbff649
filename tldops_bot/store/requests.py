"""Requests: what waits for a proof, for a voucher's word, or for the committee."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Question, read_details
from tldops_bot.store.tables import Entry, Person, Request, Token, TokenRequest, Vote

PROVING, VOUCHING, COMMITTEE = "proving", "vouching", "committee"
WAITING = "waiting"  # a new key, until those concerned have had time to say no
DONE, REJECTED, WITHDRAWN, EXPIRED = "done", "rejected", "withdrawn", "expired"
UNTOLD: Final = "untold"  # in the details: decided, and by whom; the rest of the committee has still to hear
OPEN = (PROVING, VOUCHING, WAITING, COMMITTEE)


def of_new_key(session: Session, person_id: int, fingerprint: str = "") -> list[Request]:
    """The open requests for a new key of a person, one for each TLD; of one key, or of all."""
    query = select(Request).where(
        Request.kind == RequestKind.KEY, Request.person_id == person_id, Request.state.in_(OPEN)
    )
    if fingerprint:
        query = query.where(Request.fingerprint == fingerprint)
    return list(session.scalars(query.order_by(Request.id)))


def open_for(session: Session, email: str, tld: str) -> list[Request]:
    """An address's open requests to be listed for a TLD: at most one of them is proven."""
    query = select(Request).where(
        Request.email_key == address_key(email),
        Request.tld == tld,
        Request.kind == RequestKind.SUBSCRIBE,
        Request.state.in_(OPEN),
    )
    return list(session.scalars(query.order_by(Request.id)))


def tlds_spoken_for(session: Session, key: str) -> set[str]:
    """The TLDs somebody is listed for or has proven to ask for; `key` is the address's."""
    held = (
        select(Entry.tld)
        .join(Person)
        .where(Person.email_key == key, Entry.state.in_(("listed", "suspended")))
    )
    wanted = select(Request.tld).where(
        Request.email_key == key,
        Request.kind == RequestKind.SUBSCRIBE,
        Request.state.in_(OPEN),
        Request.proven_at.is_not(None),
    )
    return set(session.scalars(held)) | set(session.scalars(wanted))


def open_about(session: Session, key: str) -> list[Request]:
    """Everything open about the person behind an address; `key` is the address's."""
    query = select(Request).where(Request.email_key == key, Request.state.in_(OPEN))
    return list(session.scalars(query.order_by(Request.id)))


def open_about_person(session: Session, person_id: int, key: str) -> list[Request]:
    """Everything open about a stored person, including requests from before they were stored."""
    is_theirs = or_(Request.person_id == person_id, Request.email_key == key)
    query = select(Request).where(is_theirs, Request.state.in_(OPEN))
    return list(session.scalars(query.order_by(Request.id)))


def by_number(session: Session, text: str) -> Request | None:
    """The request people call "R-17" (or just 17)."""
    digits = text.strip().upper().removeprefix("R-")
    return (
        session.get(Request, int(digits))
        if digits.isascii() and digits.isdigit() and len(digits) < 10
        else None
    )


def listing(session: Session, states: tuple[str, ...] = OPEN) -> list[Request]:
    """Requests in these states, oldest first."""
    return list(session.scalars(select(Request).where(Request.state.in_(states)).order_by(Request.id)))


def concerning(session: Session, person: Person) -> list[Request]:
    """Every request about a person, including those from before they were stored."""
    about = or_(Request.person_id == person.id, Request.email_key == person.email_key)
    return list(session.scalars(select(Request).where(about).order_by(Request.id)))


def vouching_mails_since(session: Session, address: str, moment: datetime) -> int:
    """How many mails asking for a word an address got since then: three a day are enough for anybody."""
    query = select(Token.details).where(
        Token.purpose == Purpose.VOUCH, func.lower(Token.address) == address.lower(), Token.made_at > moment
    )
    return sum(not read_details(Question, details).single for details in session.scalars(query))


def siblings(session: Session, request: Request) -> list[Request]:
    """The open requests made together with this one that wait at the same step."""
    shared = select(TokenRequest.token_id).where(TokenRequest.request_id == request.id)
    theirs = select(TokenRequest.request_id).where(TokenRequest.token_id.in_(shared))
    query = select(Request).where(Request.id.in_(theirs), Request.state == request.state).order_by(Request.id)
    return list(session.scalars(query))


def votes(session: Session, request: Request) -> list[Vote]:
    """The committee's words on a request so far."""
    return list(session.scalars(select(Vote).where(Vote.request_id == request.id).order_by(Vote.id)))


def untold(session: Session) -> list[Request]:
    """What was decided, and the rest of the committee has still to hear."""
    query = select(Request).where(
        Request.decided_at.is_not(None), Request.details[UNTOLD].as_integer().is_not(None)
    )
    return list(session.scalars(query.order_by(Request.id)))


def drop_votes(session: Session, request: Request) -> None:
    """Earlier votes on a request no longer count: it asks for something else now."""
    session.execute(delete(Vote).where(Vote.request_id == request.id))


def objections_from(session: Session, mailbox: str, since: datetime) -> int:
    """How many suspensions were asked for from a mailbox since then."""
    asked = select(Request.details).where(Request.kind == RequestKind.OBJECTION, Request.asked_at > since)
    return sum(details.get("asked_from") == mailbox for details in session.scalars(asked))


def questions_about(session: Session, entry: Entry) -> list[Request]:
    """What the committee is asked to decide about an entry."""
    query = select(Request).where(
        Request.kind == RequestKind.OBJECTION,
        Request.person_id == entry.person_id,
        Request.tld == entry.tld,
        Request.state == COMMITTEE,
    )
    return list(session.scalars(query.order_by(Request.id)))


def close(request: Request, state: str, by: str, because: str, now: datetime) -> None:
    """End a request in one of the final states; `because` is cut to what a row holds."""
    request.state, request.decided_by, request.decided_because = state, by, because[:255]
    request.decided_at = now


def forget_before(session: Session, moment: datetime) -> None:
    """Of requests that ended before then, keep only what, when and how it ended."""
    ended = (Request.decided_at < moment, Request.email_key != "")
    emptied = {"details": {}, "email_key": "", "asked_by": "", "decided_because": ""}
    session.execute(update(Request).where(*ended).values(**emptied))
