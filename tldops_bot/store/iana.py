"""What IANA lists: TLDs and their contacts, with a history; failed fetches never erase what is held."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain import iana_record
from tldops_bot.domain.address import address_key
from tldops_bot.domain.iana_record import IanaRecord
from tldops_bot.store.tables import IanaContact, IanaTld

FRESH_CHANGE = timedelta(days=14)
_TLDS = cast(Table, IanaTld.__table__).c
_ASSIGNED = select(_TLDS.tld, _TLDS.is_assigned).where(_TLDS.tld.in_(bindparam("labels", expanding=True)))


@dataclass(frozen=True, slots=True)
class ContactChange:
    """One contact of one TLD before and after; None where there was, or is, none."""

    tld: str
    kind: str
    before: IanaContact | None
    after: IanaContact | None


def keep_record(session: Session, record: IanaRecord, now: datetime) -> list[ContactChange]:
    """Store what IANA says about a TLD; returns what changed among its contacts, which stays as history."""
    tld = record.tld.a_label
    row = session.get(IanaTld, tld)
    is_first = row is None
    if row is None:
        row = IanaTld(tld=tld, u_label=record.tld.u_label, is_assigned=record.assigned, fetched_at=now)
        session.add(row)
    row.is_assigned, row.status, row.fetched_at = record.assigned, record.status[:32], now
    row.organisation = ", ".join(record.organisation)
    row.created_on, row.changed_on = record.created, record.changed
    changes = []
    for kind in ("administrative", "technical"):
        found = next((one for one in record.contacts if one.kind == kind), None)
        change = _keep_contact(session, tld, kind, found, now, is_first)
        if change is not None:
            changes.append(change)
    session.flush()
    return changes


def tld_row(session: Session, tld: str) -> IanaTld | None:
    """What is held about a TLD; None if IANA was never asked."""
    return session.get(IanaTld, tld)


def in_root(session: Session, tlds: TldTable) -> TldTable:
    """The TLDs of the table, without those that IANA says are no longer assigned."""
    gone = set(session.scalars(select(IanaTld.tld).where(IanaTld.is_assigned.is_(False))))
    return TldTable({label: facts for label, facts in tlds.by_a_label.items() if label not in gone})


def assigned(session: Session, tlds: Collection[str]) -> dict[str, bool]:
    """Whether IANA says that these TLDs exist, of those that it was ever asked about."""
    found = session.connection().execute(_ASSIGNED, {"labels": list(tlds)}) if tlds else ()
    return {row.tld: row.is_assigned for row in found}


def current_contacts(session: Session, tld: str) -> list[IanaContact]:
    """The contacts IANA lists now, administrative first."""
    query = select(IanaContact).where(IanaContact.tld == tld, IanaContact.until_at.is_(None))
    return list(session.scalars(query.order_by(IanaContact.kind)))


def contact_history(session: Session, tld: str) -> list[IanaContact]:
    """Every contact IANA has ever listed for a TLD, as far as we have seen."""
    return list(session.scalars(select(IanaContact).where(IanaContact.tld == tld).order_by(IanaContact.id)))


def kinds_of_address(session: Session, tld: str, address: str) -> tuple[str, ...]:
    """As which contacts of the TLD IANA lists this address now; empty if it does not."""
    held = current_contacts(session, tld)
    return tuple(one.kind for one in held if one.email_key and one.email_key == address_key(address))


def tlds_of_address(session: Session, address: str) -> tuple[str, ...]:
    """The TLDs that IANA lists this address for at present."""
    query = select(IanaContact.tld).where(
        IanaContact.email_key == address_key(address), IanaContact.until_at.is_(None)
    )
    return tuple(sorted(set(session.scalars(query)))) if address else ()


def tlds_of_domain(session: Session, domain: str) -> tuple[str, ...]:
    """The TLDs for which IANA lists an address of this domain now."""
    query = select(IanaContact.tld).where(
        IanaContact.email_key.endswith(f"@{domain.lower()}", autoescape=True), IanaContact.until_at.is_(None)
    )
    return tuple(sorted(set(session.scalars(query)))) if domain else ()


def is_freshly_changed(session: Session, tld: str, address: str, now: datetime) -> bool:
    """Whether IANA has listed this address for less than 14 days; a TLD's first import does not count."""
    held = [one for one in current_contacts(session, tld) if one.email_key == address_key(address)]
    return bool(held) and all(not one.is_first_import and now - one.since_at < FRESH_CHANGE for one in held)


def tlds_to_refresh(session: Session, known: list[str], now: datetime, age: timedelta) -> list[str]:
    """Which of the known TLDs have not been fetched within `age`, the longest ago first."""
    rows = session.execute(select(IanaTld.tld, IanaTld.fetched_at)).all()
    fetched = {str(row.tld): row.fetched_at for row in rows}
    never = datetime.min.replace(tzinfo=now.tzinfo)
    due = [tld for tld in known if fetched.get(tld) is None or now - fetched[tld] >= age]
    return sorted(due, key=lambda tld: (fetched.get(tld) or never, tld))


def _keep_contact(
    session: Session,
    tld: str,
    kind: str,
    found: iana_record.IanaContact | None,
    now: datetime,
    is_first: bool,
) -> ContactChange | None:
    held = [one for one in current_contacts(session, tld) if one.kind == kind]
    before = held[0] if held else None
    if before is not None and found is not None and _same(before, found):
        return None
    if before is None and found is None:
        return None
    if before is not None:
        before.until_at = now
    after = None
    if found is not None:
        moved = before is None or before.email_key != address_key(found.email)
        after = IanaContact(
            tld=tld,
            kind=kind,
            name=found.name[:255],
            organisation=found.organisation,
            phone=found.phone[:255],
            fax=found.fax[:255],
            email=found.email,
            email_key=address_key(found.email) if found.email else "",
            since_at=now if moved or before is None else before.since_at,
            welcomed_at=None if moved or before is None else before.welcomed_at,
            is_first_import=is_first or (before is not None and not moved and before.is_first_import),
        )
        session.add(after)
    session.flush()
    return None if is_first else ContactChange(tld, kind, before, after)


def _same(held: IanaContact, found: iana_record.IanaContact) -> bool:
    kept = (held.name, held.organisation, held.phone, held.fax, held.email_key)
    key = address_key(found.email) if found.email else ""
    return kept == (found.name[:255], found.organisation, found.phone[:255], found.fax[:255], key)


def held_tlds(session: Session) -> list[str]:
    """Every TLD about which something is held."""
    return list(session.scalars(select(IanaTld.tld).order_by(IanaTld.tld)))
