"""Reads the roster from the store: everybody who is listed, with the key to encrypt to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.roster import Coverage, Roster, RosterContact, build_roster, coverage, wrong_numbers
from tldops_bot.domain.tld import Tld
from tldops_bot.store import iana, organisations
from tldops_bot.store.audit import head
from tldops_bot.store.constituencies import listed_without
from tldops_bot.store.people import LISTED, key_is_usable
from tldops_bot.store.tables import CertificateRow, Entry, Person

# Chosen once, at random: with a person's row number it names their card, the same in every roster.
_CARDS = UUID("5f0c9d5e-2a4b-4c43-9a39-6f2a0d3c7b1e")

_PERSON_COLUMNS = (
    *(Person.id, Person.name, Person.email, Person.emergency_email, Person.emergency_proven_at),
    *(Person.phone, Person.phone_e164, Person.mobile, Person.mobile_e164),
    *(Person.fax, Person.fax_e164, Person.postal),
    *(Person.organisation, Person.timezone, Person.created_at, Person.confirmed_at),
    *(Person.stale_at, Person.mailbox_failed_at, Person.phone_wrong_at, Person.mobile_wrong_at),
    *(CertificateRow.fingerprint, CertificateRow.blob, CertificateRow.held_since),
)
_A_FEW_AT_A_TIME = {"yield_per": 500}  # PostgreSQL's library would hold them all beside what is made of them


@dataclass(frozen=True, slots=True)
class _Counted:
    tlds: tuple[Tld, ...]
    confirmed_at: datetime | None
    has_key: bool
    is_stale: bool


def load_roster(
    session: Session, now: datetime, tlds: TldTable, constituencies: Collection[str] | None = None
) -> Roster:
    """Everybody who is listed at this moment, grouped by TLD; columns only, since there may be thousands.

    With `constituencies` only who is listed for one of these.
    """
    listed, since_at = _listed_tlds(session, listed_without(session, tlds, constituencies))
    known = _organisations(session)
    moved_at = _last_moves(session)
    contacts = [
        _contact(row, _tlds(listed[row.id], tlds, known), since_at[row.id], moved_at[row.id])
        for row in session.execute(_everybody(now, *_PERSON_COLUMNS), execution_options=_A_FEW_AT_A_TIME)
        if row.id in listed
    ]
    return build_roster(now, contacts, iana.in_root(session, tlds), head(session))


def load_coverage(session: Session, now: datetime, tlds: TldTable) -> Coverage:
    """The figures of that roster, without its cards: for thousands of contacts much less to read and to hold."""
    listed, _ = _listed_tlds(session, ())
    known = _organisations(session)
    columns = (Person.id, Person.confirmed_at, Person.stale_at)
    contacts = [
        _Counted(
            _tlds(listed[row.id], tlds, known), row.confirmed_at, bool(row.has_key), row.stale_at is not None
        )
        for row in session.execute(_everybody(now, *columns), execution_options=_A_FEW_AT_A_TIME)
    ]
    return coverage(now, contacts, iana.in_root(session, tlds).by_a_label.values())


def _everybody(now: datetime, *columns: Any) -> Select[Any]:
    own_key = and_(CertificateRow.fingerprint == Person.fingerprint, CertificateRow.person_id == Person.id)
    return (
        select(*columns, key_is_usable(now).label("has_key"))
        .outerjoin(CertificateRow, own_key)
        .where(Person.id.in_(select(Entry.person_id).where(Entry.state == LISTED)))
        .where(Person.forgotten_at.is_(None))
    )


def _listed_tlds(
    session: Session, without: Collection[str]
) -> tuple[dict[int, list[str]], dict[int, datetime]]:
    labels: dict[int, list[str]] = defaultdict(list)
    since_at: dict[int, datetime] = {}
    query = select(Entry.person_id, Entry.tld, Entry.since_at).where(Entry.state == LISTED)
    for person_id, label, since in session.execute(query.order_by(Entry.tld)):
        if label in without:
            continue
        labels[person_id].append(label)
        since_at[person_id] = min(since, since_at.get(person_id, since))
    return labels, since_at


def _last_moves(session: Session) -> dict[int, datetime]:
    """When each person last came to a TLD, left one or was suspended from it: their card changed then."""
    query = select(
        Entry.person_id, func.max(Entry.since_at), func.max(Entry.suspended_at), func.max(Entry.left_at)
    ).group_by(Entry.person_id)
    return {row[0]: max(moment for moment in row[1:] if moment) for row in session.execute(query)}


def _organisations(session: Session) -> dict[str, Tld]:
    return organisations.named(session, organisations.labels(session))


def _tlds(labels: Iterable[str], known: TldTable, named: Mapping[str, Tld]) -> tuple[Tld, ...]:
    """A TLD that has since left the root is shown by the name it had; an organisation by its own."""
    facts = known.by_a_label
    return tuple(
        facts[label].tld if label in facts else named.get(label) or parse_seat(label) or Tld(label, label)
        for label in labels
    )


def _contact(row: Any, tlds: tuple[Tld, ...], since_at: datetime, moved_at: datetime) -> RosterContact:
    # The card shows the marks, too; the last date counts, so that its time tells no more than they do.
    dates = (row.created_at, row.confirmed_at, row.held_since, moved_at, row.stale_at, row.mailbox_failed_at)
    return RosterContact(
        uid=uuid5(_CARDS, f"{row.id} {row.created_at.isoformat()}").urn,
        name=row.name,
        email=row.email,
        tlds=tlds,
        since_at=since_at,
        changed_at=max(moment for moment in dates if moment is not None),
        confirmed_at=row.confirmed_at,
        emergency_email=row.emergency_email if row.emergency_proven_at is not None else "",
        phone=row.phone,
        phone_e164=row.phone_e164,
        mobile=row.mobile,
        mobile_e164=row.mobile_e164,
        fax=row.fax,
        fax_e164=row.fax_e164,
        postal=row.postal,
        organisation=row.organisation,
        timezone=row.timezone,
        fingerprint=row.fingerprint if row.has_key else "",
        key_blob=row.blob if row.has_key else None,
        is_stale=row.stale_at is not None,
        mail_fails=row.mailbox_failed_at is not None,
        wrong_numbers=wrong_numbers(row.phone_wrong_at, row.mobile_wrong_at),
    )
