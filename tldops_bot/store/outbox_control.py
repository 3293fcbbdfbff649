"""What people change in the outbox, and see of it: retry, drop, STOP, a mended key, a restore, a list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.outgoing import FIRST, Kind
from tldops_bot.store.outbox import (
    DROPPED,
    HELD,
    NO_KEY,
    PLAIN,
    REFUSED,
    SENDING,
    UNFINISHED,
    WAITING,
    change,
    empty_finished,
)
from tldops_bot.store.outbox_copies import write_all
from tldops_bot.store.tables import Alert, Delivery, Message

WITHDRAWN = ("stopped", "retracted")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `outbox list`."""

    id: int
    kind: str
    rcpt_to: str
    state: str
    attempts: int
    made_at: datetime
    next_attempt_at: datetime
    last_code: int
    last_status: str
    alert_id: str | None


def release_held(session: Session, person_id: int, now: datetime) -> int:
    """A person's key is mended: what was held for them goes now."""
    theirs = (Delivery.state == HELD, Delivery.person_id == person_id, Delivery.last_status == NO_KEY)
    return change(session, update(Delivery).where(*theirs).values(state=WAITING, next_attempt_at=now))


def hold_older(session: Session, before: datetime, because: str) -> int:
    """After a restore: what was written before that moment waits for the operator's word."""
    old = Delivery.message_id.in_(select(Message.id).where(Message.made_at < before))
    waiting = Delivery.state.in_((WAITING, SENDING))
    return change(
        session, update(Delivery).where(old, waiting).values(state=HELD, claim=None, last_status=because)
    )


def drop_questions(session: Session, now: datetime) -> int:
    """After a restore: no token goes out that is void."""
    asking = Delivery.message_id.in_(select(Message.id).where(Message.kind == Kind.TOKEN))
    change(
        session, update(Delivery).where(asking, Delivery.state == SENDING).values(state=WAITING, claim=None)
    )
    return _drop(session, asking, now, "void")


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Send it now, whatever became of it, unless it was taken; False when its content is gone."""
    content = exists().where(Message.id == Delivery.message_id, Message.entity.is_not(None))
    again = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_((WAITING, HELD, REFUSED, DROPPED)), content)
        .values(state=WAITING, next_attempt_at=now, finished_at=None)
    )
    return change(session, again) > 0


def drop(session: Session, delivery_id: int, now: datetime, because: str = "operator") -> bool:
    """Give one delivery up; False when it is finished or being sent at this moment."""
    return _drop(session, Delivery.id == delivery_id, now, because) > 0


def drop_alert(session: Session, alert_id: str, now: datetime, because: str = "stopped") -> int:
    """STOP: no copy of this alert that is not yet on its way goes any more."""
    write_all(session, now)
    copies = Delivery.message_id.in_(select(Message.id).where(Message.alert_id == alert_id))
    return _drop(session, copies, now, because)


def stopped_messages(session: Session, message_ids: Collection[int]) -> set[int]:
    """Which of these are copies of an alert that was stopped or taken back; that it was is said by another message."""
    query = (
        select(Message.id)
        .join(Alert, Alert.id == Message.alert_id)
        .where(Message.id.in_(message_ids), Message.priority > FIRST, Alert.state.in_(WITHDRAWN))
    )
    return set(session.scalars(query))


def drop_keyless(session: Session, before: datetime, now: datetime) -> list[tuple[str, int]]:
    """Copies of alerts older than that, held for want of a key, go no more; alert and person of each."""
    old = Delivery.message_id.in_(
        select(Message.id).where(Message.made_at < before, Message.alert_id.is_not(None))
    )
    which = (old, Delivery.state == HELD, Delivery.last_status == NO_KEY, Delivery.person_id.is_not(None))
    query = select(Message.alert_id, Delivery.person_id).join(Message, Message.id == Delivery.message_id)
    found = [(str(alert), int(who or 0)) for alert, who in session.execute(query.where(*which))]
    if found:
        _drop(session, and_(*which), now, "too-long-without-key")
    return found


def listing(session: Session, states: Collection[str] = UNFINISHED, limit: int = 1000) -> list[Listed]:
    """Deliveries in these states, in the order in which they go."""
    query = (
        select(
            Delivery.id,
            Message.kind,
            Delivery.rcpt_to,
            Delivery.state,
            Delivery.attempts,
            Message.made_at,
            Delivery.next_attempt_at,
            Delivery.last_code,
            Delivery.last_status,
            Message.alert_id,
        )
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.state.in_(states))
        .order_by(Delivery.priority, Delivery.next_attempt_at, Delivery.id)
        .limit(limit)
    )
    return [Listed(**row._mapping) for row in session.execute(query)]


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each state."""
    query = select(Delivery.state, func.count().label("number")).group_by(Delivery.state)
    return {row.state: row.number for row in session.execute(query)}


def oldest_waiting_at(session: Session) -> datetime | None:
    """When the oldest message was written of which a copy still waits."""
    waiting = exists().where(Delivery.message_id == Message.id, Delivery.state.in_((WAITING, SENDING)))
    return session.scalar(select(func.min(Message.made_at)).where(Message.done_at.is_(None), waiting))


def _drop(session: Session, which: Any, now: datetime, because: str) -> int:
    unfinished = Delivery.state.in_((WAITING, HELD))
    dropped = (
        update(Delivery)
        .where(which, unfinished)
        .values(state=DROPPED, last_status=because[:32], finished_at=now)
        .returning(Delivery.message_id)
    )
    messages = list(session.scalars(dropped, execution_options=PLAIN))
    empty_finished(session, set(messages), now)
    return len(messages)


def forget_before(session: Session, moment: datetime) -> int:
    """Drop messages that were done before then, with their deliveries; alerts keep theirs, for reach and bounces."""
    old = select(Message.id).where(Message.done_at < moment, Message.alert_id.is_(None))
    gone = change(session, delete(Delivery).where(Delivery.message_id.in_(old)))
    change(session, delete(Message).where(Message.done_at < moment, Message.alert_id.is_(None)))
    return gone
