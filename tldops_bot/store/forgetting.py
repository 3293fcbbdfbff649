"""Where a person's name, addresses and numbers are, besides their own row; emptied when they are forgotten.

What the audit and others rely on stays: that there was a request, an entry, a mail, a vote, and when; alerts,
for as long as they are kept; and what other people wrote, until the octets of their mails go.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.store.outbox import UNFINISHED
from tldops_bot.store.tables import (
    AlertRecipient,
    CertificateRow,
    Delivery,
    Entry,
    InboxRow,
    Invitation,
    Lookup,
    Message,
    Note,
    Person,
    Request,
    Token,
    Vote,
)

GONE = "(removed)"
IN_HAND = "forgotten"  # in place of the peer: this mail's octets go as soon as it is carried out
SHORTEST_WORD = 4  # a name of three letters would be found everywhere
_SAID_TO_THEM = ("reply", "token")
_SAID_IN_REQUESTS = ("replaces", "reasons", "declined_because")  # the rest is its own candidate's


def empty(session: Session, person: Person, inbox_id: int | None) -> None:
    """Empty everything that names a person who is still stored; their own row and requests are the caller's."""
    addresses = {address_key(one) for one in (person.email, person.emergency_email) if one}
    words = _words(person)
    _requests(session, person, words)
    _entries(session, person, words)
    _inbox(session, person, addresses, inbox_id)
    _outbox(session, person, addresses)
    _records(session, person, addresses, words)
    session.flush()


def sweep(session: Session) -> None:
    """Empty what was under way while its owner was forgotten: the last mails in, and the last mails out."""
    forgotten = select(Person.id).where(Person.forgotten_at.is_not(None))
    done = (InboxRow.state == "done", InboxRow.raw.is_not(None))
    theirs = or_(InboxRow.peer == IN_HAND, InboxRow.person_id.in_(forgotten))
    session.execute(update(InboxRow).where(*done, theirs).values(raw=None, mail_from="", peer=""))
    _empty_deliveries(session, Delivery.person_id.in_(forgotten))


def _words(person: Person) -> tuple[str, ...]:
    """What names them in what others wrote down. A number may be a whole office's: it names nobody there."""
    named = (person.name, person.email, person.email_key, person.emergency_email)
    return tuple(dict.fromkeys(one for one in named if len(one) >= SHORTEST_WORD))


def _requests(session: Session, person: Person, words: Collection[str]) -> None:
    """Those about others that name them: whom they replaced, whom they asked for, what was said of them."""
    theirs = Request.person_id == person.id
    concerning = func.coalesce(theirs, False) | (Request.email_key == person.email_key)
    columns = (Request.asked_by, Request.decided_because, Request.committee_because, Request.vouched_by)
    text = cast(Request.details, Text)
    written = [json.dumps(word)[1:-1] for word in words]  # as JSON has it
    named = or_(
        *(_holds(text, word) for word in written), *(_holds(one, w) for one in columns for w in words)
    )
    for row in session.scalars(select(Request).where(named, ~concerning)):
        held: dict[str, Any] = {**row.details}
        said = {key: _without(held[key], words) for key in _SAID_IN_REQUESTS if key in held}
        row.details = RequestDetails(**{**held, **said})  # type: ignore[typeddict-item]
        for column in columns:
            setattr(row, column.key, _without(getattr(row, column.key), words))
    mine = select(Request.id).where(concerning)
    votes = or_(Vote.person_id == person.id, Vote.request_id.in_(mine))
    session.execute(update(Vote).where(votes).values(because=""))
    candidate = CertificateRow.person_id.is_(None)
    keys = select(Request.fingerprint).where(concerning, Request.fingerprint.is_not(None))
    session.execute(delete(CertificateRow).where(candidate, CertificateRow.fingerprint.in_(keys)))


def _entries(session: Session, person: Person, words: Collection[str]) -> None:
    named = or_(*(_holds(Entry.suspended_because, word) for word in words))
    for entry in session.scalars(select(Entry).where(or_(Entry.person_id == person.id, named))):
        is_own = entry.person_id == person.id
        entry.suspended_because = "" if is_own else _without(entry.suspended_because, words)
        entry.voucher_key = "" if is_own else entry.voucher_key


def _inbox(session: Session, person: Person, addresses: Collection[str], inbox_id: int | None) -> None:
    """Their mails; the one in hand keeps its octets until it is carried out."""
    theirs = or_(InboxRow.person_id == person.id, func.lower(InboxRow.mail_from).in_(addresses))
    if person.fingerprint:
        theirs = or_(theirs, InboxRow.fingerprint == person.fingerprint)
    done = update(InboxRow).where(InboxRow.state == "done", theirs)
    session.execute(done.values(raw=None, mail_from="", peer=""))
    in_hand = update(InboxRow).where(InboxRow.id == inbox_id, InboxRow.state != "done")
    session.execute(in_hand.values(mail_from="", peer=IN_HAND))


def _outbox(session: Session, person: Person, addresses: Collection[str]) -> None:
    """What still waits for them is marked as theirs, so that `sweep` finds it once it has gone."""
    to_them = func.lower(Delivery.rcpt_to).in_(addresses)
    waiting = (Delivery.state.in_(UNFINISHED), Delivery.person_id.is_(None), to_them)
    session.execute(update(Delivery).where(*waiting).values(person_id=person.id))
    _empty_deliveries(session, or_(Delivery.person_id == person.id, to_them))


def _empty_deliveries(session: Session, theirs: ColumnElement[bool]) -> None:
    """What went to them: the mail itself is gone already, its address and what they were answered go too."""
    done = (Delivery.state.not_in(UNFINISHED), theirs)
    said = exists().where(Delivery.message_id == Message.id, *done, Delivery.rcpt_to != "")
    answers = (Message.kind.in_(_SAID_TO_THEM), Message.done_at.is_not(None), said)
    session.execute(
        update(Message).where(*answers).values(subject="", headers={}),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Delivery).where(*done, Delivery.rcpt_to != "").values(rcpt_to="", reply_to=""),
        execution_options={"synchronize_session": False},
    )


def _records(session: Session, person: Person, addresses: Collection[str], words: Collection[str]) -> None:
    session.execute(delete(Lookup).where(Lookup.asked_id == person.id))
    session.execute(update(AlertRecipient).where(AlertRecipient.person_id == person.id).values(words=""))
    session.execute(
        update(Token).where(func.lower(Token.address).in_(addresses)).values(address="", details={})
    )
    session.execute(
        update(Invitation)
        .where(Invitation.address_key.in_(addresses))
        .values(address="", address_key="", because="")
    )
    for model, column in ((Lookup, Lookup.command), (Note, Note.text)):
        for row in session.scalars(select(model).where(or_(*(_holds(column, word) for word in words)))):
            setattr(row, column.key, _without(getattr(row, column.key), words))


def _holds(column: InstrumentedAttribute[Any] | ColumnElement[Any], word: str) -> ColumnElement[bool]:
    return func.lower(column).contains(word.lower(), autoescape=True)


def _without(value: Any, words: Collection[str]) -> Any:
    """The same value, in which every text that names them says only that something was there."""
    if isinstance(value, str):
        return GONE if any(word.casefold() in value.casefold() for word in words) else value
    if isinstance(value, dict):
        return {key: _without(one, words) for key, one in value.items()}
    return [_without(one, words) for one in value] if isinstance(value, list) else value
