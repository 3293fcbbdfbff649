"""What came back: each delivery counts one bounce at most, and marks the mailbox, never removes the person."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.store.tables import Delivery, Person

SPAN = timedelta(days=3)
MESSAGES = 2


def note(session: Session, delivery_id: int, status: str, now: datetime) -> bool:
    """Remember a bounce; True when it marks the person's mailbox: two messages at least three days apart.

    Policy refusals (5.7.x) say nothing about the mailbox and are only written down.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.bounced_at is not None:
        return False
    delivery.bounced_at, delivery.bounce_status = now, status[:32]
    session.flush()
    if delivery.person_id is None or status.startswith("5.7"):
        return False
    query = select(Delivery.bounced_at).where(
        Delivery.person_id == delivery.person_id,
        Delivery.rcpt_to == delivery.rcpt_to,
        Delivery.bounced_at.is_not(None),
        Delivery.bounce_status.not_like("5.7%"),
    )
    moments = [moment for moment in session.scalars(query) if moment is not None]
    if len(moments) < MESSAGES or max(moments) - min(moments) < SPAN:
        return False
    person = session.get(Person, delivery.person_id)
    if person is None or person.mailbox_failed_at is not None:
        return False
    person.mailbox_failed_at = now
    return True
