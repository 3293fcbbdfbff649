"""Who is to be asked "still right?", how far that has come, and what others said of those who are silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tldops_bot.domain.freshness import Round
from tldops_bot.domain.token import Purpose
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import Entry, Person, Token

_IS_LISTED = Person.id.in_(select(Entry.person_id).where(Entry.state == LISTED))


def unconfirmed(session: Session, before: datetime) -> Sequence[Person]:
    """Listed people whose last confirmation, or entry if there is none, is from before that moment."""
    last = func.coalesce(Person.confirmed_at, Person.created_at)
    query = select(Person).where(_IS_LISTED, Person.forgotten_at.is_(None), last <= before)
    return session.scalars(query.order_by(last, Person.id)).all()


def round_of(person: Person) -> Round:
    """How far the questions to a person have come."""
    return Round(person.confirmed_at, person.asked_at, person.asked)


def new_rounds_since(session: Session, moment: datetime) -> int:
    """How many people were asked the first question of a round since then."""
    return session.scalar(select(func.count()).where(Person.asked == 1, Person.asked_at > moment)) or 0


def how_many_listed(session: Session) -> int:
    """How many people are listed."""
    return session.scalar(select(func.count()).select_from(Person).where(_IS_LISTED)) or 0


def confirmations(session: Session) -> list[datetime | None]:
    """When each listed person confirmed last."""
    return list(session.scalars(select(Person.confirmed_at).where(_IS_LISTED)))


def words_about(session: Session, person: Person, since: datetime) -> list[Token]:
    """The questions to others about a person since then, answered or not, oldest first."""
    query = select(Token).where(
        Token.purpose == Purpose.COLLEAGUE, Token.person_id == person.id, Token.made_at >= since
    )
    return list(session.scalars(query.order_by(Token.id)))


def declines(session: Session) -> dict[int, datetime]:
    """When somebody last said that a person has gone, by person."""
    query = select(Token.person_id, func.max(Token.used_at)).where(
        Token.purpose == Purpose.COLLEAGUE, Token.answer == "DECLINE", Token.person_id.is_not(None)
    )
    rows = session.execute(query.group_by(Token.person_id))
    return {person_id: at for person_id, at in rows if person_id is not None and at is not None}


def asked_about_others(session: Session, address: str, now: datetime) -> int:
    """How many questions about others went to a mailbox within a day."""
    query = select(func.count()).where(
        Token.purpose == Purpose.COLLEAGUE,
        func.lower(Token.address) == address.lower(),
        Token.made_at > now - timedelta(days=1),
    )
    return session.scalar(query) or 0


def committee_told_at(session: Session) -> datetime | None:
    """When the committee last heard of silent people."""
    return session.scalar(select(func.max(Person.committee_told_at)))
