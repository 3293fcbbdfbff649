"""Which answers of IANA's are believed and which held back, whose voucher is gone, and who has yet to hear of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.iana_changes import KINDS
from tldops_bot.domain.iana_record import IanaContact, IanaRecord
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import facts
from tldops_bot.store.iana import FRESH_CHANGE, current_contacts, tld_row
from tldops_bot.store.people import LIVING
from tldops_bot.store.tables import Entry, IanaHeld, IanaTld
from tldops_bot.store.tables import IanaContact as ContactRow

SILENCE_SINCE = "iana_silence_since"
SILENCE_TOLD = "iana_silence_told_at"


def held_record(session: Session, tld: str) -> IanaRecord | None:
    """What is held about a TLD, as IANA's answer said it; None if IANA never gave one."""
    row, name = tld_row(session, tld), parse_tld(tld)
    if row is None or name is None:
        return None
    held = {one.kind: one for one in current_contacts(session, tld)}
    contacts = tuple(
        IanaContact(kind, one.name, one.organisation, one.phone, one.fax, one.email_key)
        for kind in KINDS
        if (one := held.get(kind)) is not None
    )
    organisation = (row.organisation,) if row.organisation else ()
    return IanaRecord(
        name, row.is_assigned, organisation, row.status, row.created_on, row.changed_on, contacts, ""
    )


def still_so(session: Session, record: IanaRecord, now: datetime) -> None:
    """IANA confirms what is held: only dates change, and what was held back is no longer said."""
    row = session.get_one(IanaTld, record.tld.a_label)
    row.fetched_at, row.changed_on = now, record.changed
    row.created_on, row.status = record.created, record.status[:32]
    let_go(session, record.tld.a_label)


def held_back(session: Session, tld: str) -> IanaHeld | None:
    """The answer about a TLD that waits to be given again, or None."""
    return session.get(IanaHeld, tld)


def hold_back(session: Session, tld: str, digest: str, because: str, now: datetime) -> bool:
    """Do not believe an answer yet; False where that very answer is already being held."""
    session.get_one(IanaTld, tld).fetched_at = now  # asked, and to be asked again when its turn comes
    row = session.get(IanaHeld, tld)
    if row is not None and row.digest == digest:
        return False
    let_go(session, tld)
    session.add(IanaHeld(tld=tld, digest=digest, because=because, held_at=now))
    session.flush()
    return True


def let_go(session: Session, tld: str) -> None:
    """Nothing is held back any more."""
    session.execute(delete(IanaHeld).where(IanaHeld.tld == tld))


def changed_since(session: Session, moment: datetime) -> set[str]:
    """The TLDs of which a change was believed since then; a first import is none."""
    came = (ContactRow.since_at > moment) & ContactRow.is_first_import.is_(False)
    return set(session.scalars(select(ContactRow.tld).where(or_(came, ContactRow.until_at > moment))))


def note_vouchers(session: Session, tld: str, now: datetime) -> list[Entry]:
    """Mark entries whose voucher's address IANA lists no longer, unmark the others; the newly marked."""
    listed = {one.email_key for one in current_contacts(session, tld)}
    living = (Entry.tld == tld, Entry.state.in_(LIVING), Entry.voucher_key != "")
    marked = []
    for entry in session.scalars(select(Entry).where(*living).order_by(Entry.id)):
        if entry.voucher_key in listed:
            entry.voucher_gone_at = None
        elif entry.voucher_gone_at is None:
            entry.voucher_gone_at = now
            marked.append(entry)
    session.flush()
    return marked


def to_welcome(session: Session, now: datetime) -> list[ContactRow]:
    """IANA's contacts whose address is new, has stood long enough to count, and has had no word from us yet."""
    query = select(ContactRow).where(
        ContactRow.until_at.is_(None),
        ContactRow.welcomed_at.is_(None),
        ContactRow.is_first_import.is_(False),
        ContactRow.email_key != "",
        ContactRow.since_at <= now - FRESH_CHANGE,
    )
    return list(session.scalars(query.order_by(ContactRow.tld, ContactRow.id)))


def was_listed_before(session: Session, contact: ContactRow) -> bool:
    """Whether IANA listed this address for the TLD before, as another contact or earlier."""
    same = (ContactRow.tld == contact.tld, ContactRow.email_key == contact.email_key)
    earlier = select(ContactRow.id).where(*same, ContactRow.since_at < contact.since_at)
    return session.scalar(earlier.limit(1)) is not None


def takes_part(session: Session, tlds: Collection[str]) -> set[str]:
    """Which of these TLDs have a contact here, suspended ones too."""
    query = select(Entry.tld).where(Entry.tld.in_(tlds), Entry.state.in_(LIVING))
    return set(session.scalars(query))


def silent_since(session: Session, now: datetime) -> datetime:
    """Since when IANA has not answered at all; if it never did, since it was first asked."""
    newest: datetime | None = session.scalar(select(func.max(IanaTld.fetched_at)))
    if newest is not None:
        return newest
    if not facts.get(session, SILENCE_SINCE):
        facts.put(session, SILENCE_SINCE, now.isoformat())
    return datetime.fromisoformat(facts.get(session, SILENCE_SINCE))


def silence_told_at(session: Session) -> str:
    """Of which silence the operator has been told: its beginning, as text."""
    return facts.get(session, SILENCE_TOLD)


def note_silence_told(session: Session, since: datetime) -> None:
    """The operator is told of a silence once."""
    facts.put(session, SILENCE_TOLD, since.isoformat())
