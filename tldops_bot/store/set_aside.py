"""What was set aside so that it holds up nothing else, and which of it the operator was told about."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.store import facts
from tldops_bot.store.inbox import STUCK
from tldops_bot.store.outbox import HELD, SET_ASIDE
from tldops_bot.store.tables import Delivery, InboxRow

TOLD = "set_aside_told"  # "moment mail.number copy.number …"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A "mail" of the inbox or a "copy" of the outbox."""

    kind: str
    number: int


def find(session: Session) -> frozenset[SetAside]:
    """Everything set aside now."""
    mails = session.scalars(select(InboxRow.id).where(InboxRow.state == STUCK))
    held = (Delivery.state == HELD, Delivery.last_status.in_(SET_ASIDE))
    copies = session.scalars(select(Delivery.id).where(*held))
    return frozenset([SetAside("mail", one) for one in mails] + [SetAside("copy", one) for one in copies])


def told(session: Session) -> tuple[datetime | None, frozenset[SetAside]]:
    """When the operator was last told, and about which of what is still there."""
    moment, *words = facts.get(session, TOLD).split() or [""]
    pairs = [word.partition(".") for word in words]
    known = frozenset(SetAside(kind, int(number)) for kind, _, number in pairs)
    return (datetime.fromisoformat(moment) if moment else None), known


def note_told(session: Session, at: datetime | None, which: frozenset[SetAside]) -> None:
    """The operator knows about these."""
    words = sorted(f"{one.kind}.{one.number}" for one in which)
    facts.put(session, TOLD, " ".join([at.isoformat() if at else "", *words]))
