"""Finding listed people: by TLD, organisation or name, and from a number, address or fingerprint."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from tldops_bot.domain.address import address_key
from tldops_bot.store.columns import Moment
from tldops_bot.store.many_rows import insert_many
from tldops_bot.store.people import LISTED, SECOND_ADDRESS, by_address, key_is_usable
from tldops_bot.store.tables import CertificateRow, Entry, Lookup, Organisation, Person

LIMIT = 60
MOST_CHARACTERS = 500  # of a search: no name is longer, and SQLite rejects patterns of 50,000

# Below the ORM: of a region hundreds are asked for at once.
_CARDS = (
    select(
        Person.id,
        Person.name,
        Person.organisation,
        Person.email,
        SECOND_ADDRESS.label("second"),
        Person.phone,
        Person.phone_e164,
        Person.mobile,
        Person.mobile_e164,
        Person.phone_wrong_at,
        Person.mobile_wrong_at,
        Person.fax,
        Person.fax_e164,
        Person.postal,
        Person.timezone,
        case((key_is_usable(bindparam("now", type_=Moment)), Person.fingerprint), else_="").label("key"),
        Person.confirmed_at,
        Person.stale_at,
        Person.mailbox_failed_at,
        Entry.tld,
    )
    .join(Entry, and_(Entry.person_id == Person.id, Entry.state == LISTED))
    .outerjoin(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
    .order_by(Entry.tld, Entry.id)
)
_CARDS_OF = _CARDS.where(Person.id.in_(bindparam("numbers", expanding=True)))
_theirs = aliased(Entry)
_OF_TLDS = select(_theirs.person_id).where(
    _theirs.tld.in_(bindparam("tlds", expanding=True)), _theirs.state == LISTED
)
_CARDS_OF_TLDS = _CARDS.where(Person.id.in_(_OF_TLDS))


@dataclass(frozen=True, slots=True)
class Card:
    """What members may be told of a listed person, and what that person is listed for; `key` is a usable one's."""

    person: Row[Any]
    tlds: list[str] = field(default_factory=list)


def cards(session: Session, numbers: Collection[int], now: datetime) -> list[Card]:
    """Those of the listed people with these numbers, in this order."""
    session.flush()
    found = _taken_together(session.connection().execute(_CARDS_OF, {"numbers": list(numbers), "now": now}))
    return [found[number] for number in numbers]


def cards_of_tlds(session: Session, tlds: Sequence[str], now: datetime) -> dict[str, list[Card]]:
    """Those of the listed contacts of each TLD, who was listed first first."""
    session.flush()
    rows = session.connection().execute(_CARDS_OF_TLDS, {"tlds": list(tlds), "now": now}).all()
    found = _taken_together(rows)
    of: dict[str, list[Card]] = {tld: [] for tld in tlds}
    for row in rows:
        if row.tld in of:  # they may speak for others, too
            of[row.tld].append(found[row.id])
    return of


def _taken_together(rows: Iterable[Row[Any]]) -> dict[int, Card]:
    found: dict[int, Card] = {}
    for row in rows:
        found.setdefault(row.id, Card(row)).tlds.append(row.tld)
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
    rows = [(one,) for one in asked_for]
    insert_many(session, Lookup, ("asked_id",), rows, by_id=by, command=command[:255], at=at)


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
