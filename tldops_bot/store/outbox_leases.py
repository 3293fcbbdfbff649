"""Leases on deliveries that somebody has claimed: renewed, given back, or taken from a node that is gone."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tldops_bot.store.outbox import PLAIN, SENDING, WAITING, change
from tldops_bot.store.tables import Delivery


def renew(session: Session, ids: Collection[int], tokens: Collection[str], lease_until: datetime) -> set[int]:
    """Hold on to what is still in flight; returns which of it is still ours."""
    mine = (Delivery.id.in_(ids), Delivery.claim.in_(tokens), Delivery.state == SENDING)
    held = update(Delivery).where(*mine).values(lease_until=lease_until).returning(Delivery.id)
    return set(session.scalars(held, execution_options=PLAIN))


def give_back(session: Session, token: str) -> None:
    """Free what was claimed with that token: perhaps nothing, if the claim itself failed."""
    theirs = (Delivery.claim == token, Delivery.state == SENDING)
    freed = update(Delivery).where(*theirs).values(state=WAITING, claim=None, lease_until=None)
    session.execute(freed, execution_options=PLAIN)


def take_back(session: Session, now: datetime, everything: bool = False) -> int:
    """Free deliveries whose lease has run out; `everything` if no other process can be at work."""
    lost = Delivery.state == SENDING
    ended = lost if everything else lost & (Delivery.lease_until < now)
    freed = update(Delivery).where(ended).values(state=WAITING, claim=None, lease_until=None)
    return change(session, freed)
