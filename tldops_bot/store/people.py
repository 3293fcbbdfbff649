"""People, their entries and offices, and what they may do at a moment."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from tldops_bot.domain.address import address_key
from tldops_bot.domain.personal_name import same_name
from tldops_bot.domain.standing import NOBODY, Standing
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import CertificateRow, Entry, Office, Person, Request

LISTED, SUSPENDED, LEFT = "listed", "suspended", "left"
LIVING = (LISTED, SUSPENDED)
SEEN_TO = timedelta(minutes=1)
# In a query: the second address, if it is proven.
SECOND_ADDRESS = case((Person.emergency_proven_at.is_not(None), Person.emergency_email), else_="")

_PERSONS = cast(Table, Person.__table__)
# Run for every mail, so built once.
_SEEN = (
    update(_PERSONS).where(_PERSONS.c.id == bindparam("number")).values(seen_at=bindparam("at", type_=Moment))
)


def by_address(session: Session, address: str) -> Person | None:
    """Whose stored address this is: the personal one, or a proven emergency address."""
    key = address_key(address)
    found = session.scalar(select(Person).where(Person.email_key == key))
    if found is not None or not key:
        return found
    # An address is ASCII, so the database lowers it as `address_key` does.
    second = (Person.emergency_proven_at.is_not(None), func.lower(Person.emergency_email) == key)
    return session.scalars(select(Person).where(*second).order_by(Person.id)).first()


def by_fingerprint(session: Session, fingerprint: str) -> Person | None:
    """Who is registered with this primary fingerprint now, with entries and offices loaded."""
    query = select(Person).where(Person.fingerprint == fingerprint)
    whole = query.options(joinedload(Person.entries), joinedload(Person.offices))
    return session.scalars(whole).unique().one_or_none()


def note_seen(session: Session, person: Person, now: datetime) -> None:
    """The person has written to us: known to the minute, since a program of theirs may write every second."""
    if person.seen_at is not None and timedelta(0) <= now - person.seen_at < SEEN_TO:
        return
    session.connection().execute(_SEEN, {"number": person.id, "at": now})
    set_committed_value(person, "seen_at", now)


def usable_key(session: Session, person: Person, now: datetime) -> CertificateRow | None:
    """The certificate mail to this person may be encrypted to and signed with, or None."""
    if person.fingerprint is None or person.key_blocked_at is not None:
        return None
    row = session.get(CertificateRow, person.fingerprint)
    if row is None or row.is_revoked or (row.expires_at is not None and row.expires_at <= now):
        return None
    return row


def key_is_usable(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The same as an SQL condition, where person and certificate are joined by the fingerprint."""
    return and_(
        Person.key_blocked_at.is_(None),
        CertificateRow.is_revoked.is_(False),
        or_(CertificateRow.expires_at.is_(None), CertificateRow.expires_at > now),
    )


def standing(session: Session, person: Person | None, now: datetime) -> Standing:
    """What a person is at this moment."""
    if person is None or person.forgotten_at is not None:
        return NOBODY
    held = listed(person)
    roles = {office.role for office in person.offices}
    return Standing(
        tlds=tuple(entry.tld for entry in held),
        suspended_tlds=tuple(entry.tld for entry in person.entries if entry.state == SUSPENDED),
        has_key=usable_key(session, person, now) is not None,
        on_probation_until=min((entry.probation_until for entry in held), default=None),
        is_committee="committee" in roles,
        is_secretariat="secretariat" in roles,
    )


def listed(person: Person) -> list[Entry]:
    """What somebody is listed for, by TLD."""
    return [entry for entry in person.entries if entry.state == LISTED]


def living(person: Person) -> list[Entry]:
    """What somebody can still leave: listed, or suspended."""
    return [entry for entry in person.entries if entry.state in LIVING]


def contacts_of(session: Session, tld: str, states: Iterable[str] = (LISTED,)) -> list[Entry]:
    """The entries of a TLD in these states, oldest first."""
    query = select(Entry).where(Entry.tld == tld, Entry.state.in_(tuple(states))).order_by(Entry.id)
    return list(session.scalars(query))


def entry_of(session: Session, person: Person, tld: str) -> Entry | None:
    """The person's living entry for a TLD (listed or suspended), or None."""
    query = select(Entry).where(Entry.person_id == person.id, Entry.tld == tld, Entry.state.in_(LIVING))
    return session.scalar(query)


def listed_by(session: Session, request: Request) -> list[Entry]:
    """The entries that a request has led to and that still stand."""
    query = select(Entry).where(Entry.request_id == request.id, Entry.state == LISTED)
    return list(session.scalars(query.order_by(Entry.id)))


def final_by(session: Session, moment: datetime) -> list[Entry]:
    """The suspended entries that end by then unless somebody restores them."""
    query = select(Entry).where(Entry.state == SUSPENDED, Entry.final_at <= moment)
    return list(session.scalars(query.order_by(Entry.id)))


def forgotten_by(session: Session, moment: datetime) -> list[Person]:
    """Who is to be forgotten by then, unless they say that they did not ask for it."""
    return list(session.scalars(select(Person).where(Person.forget_at <= moment).order_by(Person.id)))


def leave_offices(session: Session, person: Person) -> None:
    """End their seats in committee and secretariat."""
    session.execute(delete(Office).where(Office.person_id == person.id))


def office_holders(session: Session, *roles: str) -> list[Person]:
    """The people in the committee, in the secretariat, or in either."""
    query = select(Person).join(Office).where(Office.role.in_(roles)).order_by(Person.id).distinct()
    return list(session.scalars(query))


def namesakes(session: Session, name: str, email: str) -> list[Person]:
    """Everybody with a living seat who has this name and a different address."""
    key = address_key(email)
    return [one for one in everybody_served(session) if one.email_key != key and same_name(one.name, name)]


def everybody_served(session: Session) -> list[Person]:
    """Everybody with a living seat: listed for a TLD, in the committee, or in the secretariat."""
    return list(session.scalars(select(Person).where(is_served()).order_by(Person.id)))


def served_among(session: Session, numbers: Collection[int]) -> dict[int, Person]:
    """Those of these people who have a living seat, by number."""
    query = select(Person).where(Person.id.in_(numbers), is_served())
    return {person.id: person for person in session.scalars(query)} if numbers else {}


def is_served() -> ColumnElement[bool]:
    """The SQL condition that a person has a living seat."""
    return or_(
        Person.id.in_(select(Entry.person_id).where(Entry.state == LISTED)),
        Person.id.in_(select(Office.person_id)),
    )


def addresses_of(person: Person) -> tuple[str, ...]:
    """Where mail to a person goes: the personal address, and the emergency address once it is proven."""
    if person.emergency_email and person.emergency_proven_at is not None:
        return person.email, person.emergency_email
    return (person.email,)
