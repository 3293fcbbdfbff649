"""What people see of the inbox, and change in it: a list, another chance, whether a mail has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from tldops_bot.domain.address import address_key
from tldops_bot.store.inbox import STUCK, WAITING
from tldops_bot.store.tables import InboxRow


def retry(session: Session, inbox_id: int, now: datetime) -> bool:
    """Give a mail that was set aside another chance."""
    row = session.get(InboxRow, inbox_id)
    if row is None or row.state != STUCK:
        return False
    row.state, row.attempts, row.next_attempt_at = WAITING, 0, now
    return True


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that came in, whatever became of it."""

    raw: bytes
    mail_from: str
    received_at: datetime


def arrived_for(session: Session, rcpt_to: str, since: datetime) -> Arrived | None:
    """The newest mail to exactly this address since then, if its octets are still there."""
    query = select(InboxRow).where(InboxRow.received_at >= since, InboxRow.raw.is_not(None))
    for row in session.scalars(query.order_by(InboxRow.id.desc())):
        if address_key(rcpt_to) in {address_key(one) for one in row.rcpt_tos}:
            return Arrived(row.raw or b"", row.mail_from, row.received_at)
    return None


def listing(
    session: Session, only_stuck: bool = False, limit: int = 200
) -> list[tuple[InboxRow, int | None]]:
    """The newest mails, or all that are set aside, with their sizes; not the mails themselves."""
    query = select(InboxRow, func.length(InboxRow.raw)).options(defer(InboxRow.raw))
    if only_stuck:
        query = query.where(InboxRow.state == STUCK)
    return [(row, size) for row, size in session.execute(query.order_by(InboxRow.id.desc()).limit(limit))]
