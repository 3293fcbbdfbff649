"""What came back, and what that says about a mailbox; each delivery counts once."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.mailbox import speaks_of_mailbox
from tldops_bot.store.tables import Delivery

REFUSED = "refused"


def note(session: Session, delivery_id: int, status: str, now: datetime) -> None:
    """Note that a delivery came back, with its status (RFC 3463). A second report changes nothing."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is not None and delivery.bounced_at is None:
        delivery.bounced_at, delivery.bounce_status = now, status[:32]
        session.flush()


def note_refusals(session: Session) -> None:
    """What the smarthost refused for good never left; it counts like what came back."""
    query = select(Delivery).where(
        Delivery.state == REFUSED,
        Delivery.bounced_at.is_(None),
        Delivery.finished_at.is_not(None),
        Delivery.last_code >= 500,
    )
    for delivery in session.scalars(query):
        delivery.bounced_at, delivery.bounce_status = delivery.finished_at, delivery.last_status
    session.flush()


def of_people(session: Session, since: datetime) -> Mapping[tuple[int, str], list[datetime]]:
    """When mail came back because of the mailbox, by person and address."""
    query = select(
        Delivery.person_id, Delivery.rcpt_to, Delivery.bounced_at, Delivery.bounce_status, Delivery.last_code
    ).where(Delivery.bounced_at >= since, Delivery.person_id.is_not(None))
    found: defaultdict[tuple[int, str], list[datetime]] = defaultdict(list)
    for row in session.execute(query):
        if speaks_of_mailbox(row.bounce_status, row.last_code):
            found[row.person_id, address_key(row.rcpt_to)].append(row.bounced_at)
    return found


def came_back(session: Session, address: str, since: datetime) -> bool:
    """Whether mail to an IANA address has come back since then because of the mailbox."""
    query = select(Delivery.rcpt_to, Delivery.bounce_status, Delivery.last_code).where(
        Delivery.bounced_at >= since, Delivery.person_id.is_(None)
    )
    return any(
        address_key(row.rcpt_to) == address_key(address)
        and speaks_of_mailbox(row.bounce_status, row.last_code)
        for row in session.execute(query)
    )
