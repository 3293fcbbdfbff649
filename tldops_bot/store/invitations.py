"""Invitations: to which address, for which TLDs, and what came of each."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.outreach import PLANNED, REACHED, may_invite_again_at
from tldops_bot.store import facts
from tldops_bot.store.outbox import REFUSED
from tldops_bot.store.tables import Delivery, Invitation

_TOLD_AT = "invitations_told_at"


def plan(
    session: Session, address: str, tlds: Iterable[str], by_id: int | None, now: datetime, *, is_found: bool
) -> Invitation:
    """Note that an address is to be invited; it has not been yet."""
    row = Invitation(
        address=address,
        address_key=address_key(address),
        tlds=list(tlds),
        state=PLANNED,
        is_found=is_found,
        by_id=by_id,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    return row


def in_the_way(session: Session, address: str, now: datetime) -> Invitation | None:
    """The earlier invitation that keeps this address from being invited now, or None."""
    query = select(Invitation).where(Invitation.address_key == address_key(address))
    for one in session.scalars(query.order_by(Invitation.id.desc())):
        if may_invite_again_at(one.state, one.sent_at, now) is not None:
            return one
    return None


def planned(session: Session) -> list[Invitation]:
    """The planned invitations, in the order in which they will go."""
    return list(
        session.scalars(select(Invitation).where(Invitation.state == PLANNED).order_by(Invitation.id))
    )


def sent_since(session: Session, moment: datetime) -> int:
    """How many have gone since then."""
    query = select(func.count()).select_from(Invitation)
    return session.scalar(query.where(Invitation.sent_at > moment)) or 0


def since(session: Session, moment: datetime) -> list[Invitation]:
    """Those planned, and those that went since then, oldest first."""
    lately = Invitation.state.in_(REACHED) & (Invitation.sent_at > moment)
    return list(
        session.scalars(
            select(Invitation).where(or_(Invitation.state == PLANNED, lately)).order_by(Invitation.id)
        )
    )


def answered_since(session: Session, moment: datetime) -> list[Invitation]:
    """Those that were answered after that moment, in the order of their answers."""
    query = select(Invitation).where(Invitation.answered_at > moment)
    return list(session.scalars(query.order_by(Invitation.answered_at, Invitation.id)))


def told_at(session: Session) -> datetime:
    """When the secretariat was last told about answers; if never, long ago."""
    held = facts.get(session, _TOLD_AT)
    return datetime.fromisoformat(held) if held else datetime.min.replace(tzinfo=UTC)


def note_told(session: Session, now: datetime) -> None:
    """Everything answered by now has been told."""
    facts.put(session, _TOLD_AT, now.isoformat())


def was_refused(session: Session, address: str, since: datetime) -> bool:
    """Whether the relay has refused mail to this address for good since then."""
    query = select(Delivery.id).where(
        func.lower(Delivery.rcpt_to) == address.lower(),
        Delivery.state == REFUSED,
        Delivery.finished_at >= since,
    )
    return session.scalar(query.limit(1)) is not None


def forget_before(session: Session, moment: datetime) -> None:
    """Drop invitations from before then: their addresses belong to people who did not join."""
    session.execute(delete(Invitation).where(Invitation.asked_at < moment, Invitation.state != PLANNED))
