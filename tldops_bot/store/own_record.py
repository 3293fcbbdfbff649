"""Everything held about a person besides their own row, for that person to see."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tldops_bot.store import requests
from tldops_bot.store.tables import AuditEntry, InboxRow, Lookup, Note, Person, Request, Token

MOST = 50  # the newest lines of each kind


@dataclass(frozen=True, slots=True)
class KeptMails:
    """How many of a person's mails are kept here in full, and since when."""

    count: int
    oldest_at: datetime | None


def lookups(session: Session, person: Person) -> list[tuple[datetime, str, str]]:
    """Who asked for them, when and how, newest first; "" if whoever asked has been forgotten."""
    query = select(Lookup).where(Lookup.asked_id == person.id).order_by(Lookup.id.desc()).limit(MOST)
    found = []
    for lookup in session.scalars(query):
        by = session.get(Person, lookup.by_id)
        found.append((lookup.at, by.name if by else "", lookup.command))
    return found


def asked(session: Session, person: Person) -> list[Request]:
    """Every request about them, newest first."""
    found = sorted(requests.concerning(session, person), key=lambda one: one.id, reverse=True)
    return found[:MOST]


def notes(session: Session, about: list[Request]) -> list[Note]:
    """What the committee and the secretariat noted about these requests."""
    numbers = [f"R-{one.id}" for one in about]
    return list(
        session.scalars(select(Note).where(Note.about.in_(numbers)).order_by(Note.id.desc()).limit(MOST))
    )


def open_tokens(session: Session, person: Person, addresses: tuple[str, ...], now: datetime) -> list[Token]:
    """The questions sent to them that can still be answered; the tokens' own words are kept nowhere."""
    to_them = or_(
        Token.person_id == person.id, func.lower(Token.address).in_(one.lower() for one in addresses)
    )
    still_open = (Token.used_at.is_(None), Token.void_at.is_(None), Token.expires_at > now)
    return list(
        session.scalars(select(Token).where(to_them, *still_open).order_by(Token.id.desc()).limit(MOST))
    )


def kept_mails(session: Session, person: Person, addresses: tuple[str, ...]) -> KeptMails:
    """Their mails whose octets are still kept, including those from before they were stored."""
    theirs = or_(
        InboxRow.person_id == person.id, func.lower(InboxRow.mail_from).in_(one.lower() for one in addresses)
    )
    query = select(func.count(), func.min(InboxRow.received_at)).where(theirs, InboxRow.raw.is_not(None))
    count, oldest_at = session.execute(query).one()
    return KeptMails(count, oldest_at)


def history(session: Session, person: Person) -> list[AuditEntry]:
    """What the audit says about them, newest first."""
    query = select(AuditEntry).where(AuditEntry.person_id == person.id).order_by(AuditEntry.id.desc())
    return list(session.scalars(query.limit(MOST)))
