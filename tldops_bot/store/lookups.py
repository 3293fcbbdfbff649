"""Finding listed people: by TLD, organisation or name, and from a number, address or fingerprint."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session, joinedload

from tldops_bot.domain.address import address_key
from tldops_bot.store.people import LISTED, by_address
from tldops_bot.store.tables import Entry, Lookup, Organisation, Person

LIMIT = 60
MOST_CHARACTERS = 500  # of a search: no name is longer, and SQLite rejects patterns of 50,000

_OF_TLDS = (
    select(Entry)
    .where(Entry.tld.in_(bindparam("tlds", expanding=True)), Entry.state == LISTED)
    .order_by(Entry.tld, Entry.id)
    .options(joinedload(Entry.person).joinedload(Person.entries))
)
_NOTE = insert(cast(Table, Lookup.__table__))


def of_tlds(session: Session, tlds: Sequence[str]) -> dict[str, list[Person]]:
    """The listed contacts of each TLD."""
    found: dict[str, list[Person]] = {tld: [] for tld in tlds}
    for entry in session.scalars(_OF_TLDS, {"tlds": list(tlds)}).unique():
        found[entry.tld].append(entry.person)
    return found


def by_organisation(session: Session, words: str) -> list[Person]:
    """Listed people who work for, or are listed for, an organisation with these words in its name."""
    return _listed(session, organisation_matches(words))


def organisation_matches(words: str) -> ColumnElement[bool]:
    """The person's own organisation, or one without a TLD that they are listed for, by name or label."""
    wanted = words.lower()[:MOST_CHARACTERS]
    named = select(Organisation.label).where(
        or_(
            func.lower(Organisation.name).contains(wanted, autoescape=True),
            Organisation.label == wanted,
        )
    )
    speaks_for = select(Entry.person_id).where(Entry.state == LISTED, Entry.tld.in_(named))
    own = func.lower(Person.organisation).contains(wanted, autoescape=True)
    return or_(own, Person.id.in_(speaks_for))


def by_name(session: Session, words: str) -> list[Person]:
    """Listed people whose name contains all of these words, in any order and any script."""
    found = list(session.scalars(select(Person).where(_is_listed()).order_by(Person.name)))
    wanted = set(words.casefold()[:MOST_CHARACTERS].split())
    return [one for one in found if all(word in one.name.casefold() for word in wanted)][:LIMIT]


def by_phone(session: Session, e164: str) -> list[Person]:
    """Who may be calling from this number."""
    return _listed(session, or_(Person.phone_e164 == e164, Person.mobile_e164 == e164))


def by_mailbox(session: Session, address: str) -> list[Person]:
    """Whose address this is."""
    person = by_address(session, address_key(address))
    is_listed = person is not None and any(entry.state == LISTED for entry in person.entries)
    return [person] if person is not None and is_listed else []


def by_key(session: Session, fingerprint: str) -> list[Person]:
    """Whose key this is."""
    return _listed(session, Person.fingerprint == fingerprint)


def note(session: Session, by: int, asked_for: Collection[int], command: str, at: datetime) -> None:
    """Remember who asked for whom, and with which words."""
    told = {"by_id": by, "command": command[:255], "at": at}
    if asked_for:
        session.connection().execute(_NOTE, [told | {"asked_id": one} for one in asked_for])


def listed_tlds(session: Session) -> dict[str, int]:
    """How many listed contacts each TLD has."""
    query = select(Entry.tld, func.count()).where(Entry.state == LISTED).group_by(Entry.tld)
    return {str(tld): int(count) for tld, count in session.execute(query)}


def _is_listed() -> ColumnElement[bool]:
    return Person.id.in_(select(Entry.person_id).where(Entry.state == LISTED))


def _listed(session: Session, condition: ColumnElement[bool]) -> list[Person]:
    query = select(Person).where(_is_listed(), condition).order_by(Person.name).limit(LIMIT)
    return list(session.scalars(query))


def forget_before(session: Session, moment: datetime) -> None:
    """Forget who asked for whom before then."""
    session.execute(delete(Lookup).where(Lookup.at < moment))
