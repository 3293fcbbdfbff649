"""Mail that waits to go out: enqueued with what caused it, claimed in small batches, marked, then emptied.

A delivery is `waiting`, `sending` (claimed), and at the end `taken` or `refused` by the smarthost, or
`dropped` by us; `held` until a key is mended or the operator says so. `last_status` says why, in one word
or as an RFC 3463 code.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Entitled, Kind, Letter
from tldops_bot.store.tables import Delivery, Message

WAITING, SENDING, HELD = "waiting", "sending", "held"
TAKEN, REFUSED, DROPPED = "taken", "refused", "dropped"
UNFINISHED = (WAITING, SENDING, HELD)

StoreBusy = OperationalError  # locked, full or gone: worth another try


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until its lease ends; a mark counts only while `claim` still holds."""

    id: int
    message_id: int
    priority: int
    rcpt_to: str
    person_id: int | None
    fingerprint: str | None
    entitled_as: Entitled
    reply_to: str
    attempts: int
    claim: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a claimed delivery. `next_attempt_at` None leaves the time as it was."""

    delivery: Claimed
    state: str
    attempts: int
    next_attempt_at: datetime | None = None
    code: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message with its content: `sealed` once it is signed, else `entity`."""

    id: int
    kind: Kind
    subject: str
    headers: Mapping[str, str]
    entity: bytes | None
    sealed: bytes | None
    is_confidential: bool
    alert_id: str | None
    made_at: datetime


def enqueue(
    session: Session, letter: Letter, draft: Draft, now: datetime, priority: int | None = None
) -> list[int]:
    """Put a letter to all its recipients into the outbox; the ids of its deliveries, in their order.

    `priority` where the kind's own is not enough: a RETRACT (-1) overtakes the alert it takes back.
    """
    if not letter.to:
        return []
    priority = letter.kind.priority if priority is None else priority
    message = Message(
        kind=letter.kind.value,
        priority=priority,
        subject=draft.subject,
        headers=dict(draft.headers),
        entity=draft.entity,
        is_confidential=letter.is_confidential,
        alert_id=letter.alert_id or None,
        made_at=now,
    )
    session.add(message)
    session.flush()
    rows = [
        {
            "message_id": message.id,
            "priority": priority,
            "rcpt_to": to.address,
            "person_id": to.person_id,
            "fingerprint": to.fingerprint,
            "entitled_as": to.entitled.value,
            "reply_to": draft.reply_to,
            "next_attempt_at": now,
        }
        for to in letter.to
    ]
    ids = insert(Delivery).returning(Delivery.id, sort_by_parameter_order=True)
    return list(session.scalars(ids, rows))


def is_anything_due(session: Session, now: datetime, least_urgent: int) -> bool:
    """Whether a claim would find something: a look that takes no lock."""
    return session.scalar(_due(now, least_urgent).limit(1)) is not None


def claim(
    session: Session, now: datetime, limit: int, lease_until: datetime, token: str, least_urgent: int = 99
) -> list[Claimed]:
    """Up to `limit` due deliveries, the most urgent first, none less urgent than `least_urgent`."""
    chosen = _due(now, least_urgent).limit(limit).with_for_update(skip_locked=True)
    taken = (
        update(Delivery)
        .where(Delivery.id.in_(chosen))
        .values(state=SENDING, claim=token, lease_until=lease_until)
        .returning(*_CLAIMED, Delivery.next_attempt_at)
        .execution_options(synchronize_session=False)
    )
    rows = sorted(session.execute(taken), key=lambda row: (row.priority, row.next_attempt_at, row.id))
    return [
        Claimed(
            row.id,
            row.message_id,
            row.priority,
            row.rcpt_to,
            row.person_id,
            row.fingerprint,
            Entitled(row.entitled_as),
            row.reply_to,
            row.attempts,
            token,
        )
        for row in rows
    ]


def load(session: Session, message_ids: Collection[int]) -> dict[int, OutboxMessage]:
    """Messages with what is needed to send them; the unsigned text only of those that are not signed yet."""
    unsigned = case((Message.sealed.is_(None), Message.entity), else_=None).label("unsigned")
    query = select(
        Message.id,
        Message.kind,
        Message.subject,
        Message.headers,
        unsigned,
        Message.sealed,
        Message.is_confidential,
        Message.alert_id,
        Message.made_at,
    ).where(Message.id.in_(message_ids))
    return {
        row.id: OutboxMessage(
            row.id,
            Kind(row.kind),
            row.subject,
            row.headers,
            row.unsigned,
            row.sealed,
            row.is_confidential,
            row.alert_id,
            row.made_at,
        )
        for row in session.execute(query)
    }


def store_sealed(session: Session, message_id: int, sealed: bytes) -> None:
    """Keep a message's signed part for the copies still to go; not where none is left."""
    still_open = (Message.id == message_id, Message.done_at.is_(None))
    session.execute(update(Message).where(*still_open).values(sealed=sealed), execution_options=PLAIN)


def mark(session: Session, marks: Sequence[Mark], now: datetime) -> set[int]:
    """Write down what became of claimed deliveries; the ids of those whose claim still held.

    A message whose last delivery is finished loses its content.
    """
    ids = [one.delivery.id for one in marks]
    held_by = select(Delivery.id, Delivery.claim).where(Delivery.id.in_(ids), Delivery.state == SENDING)
    claims = {row.id: row.claim for row in session.execute(held_by.with_for_update())}
    ours = [one for one in marks if claims.get(one.delivery.id) == one.delivery.claim]
    if not ours:
        return set()
    session.connection().execute(_MARK, [_written(one, now) for one in ours])
    empty_finished(session, {one.delivery.message_id for one in ours if one.state not in UNFINISHED}, now)
    return {one.delivery.id for one in ours}


def renew(session: Session, ids: Collection[int], tokens: Collection[str], lease_until: datetime) -> None:
    """Hold on to what is still in flight."""
    mine = (Delivery.id.in_(ids), Delivery.claim.in_(tokens), Delivery.state == SENDING)
    session.execute(update(Delivery).where(*mine).values(lease_until=lease_until), execution_options=PLAIN)


def take_back(session: Session, now: datetime, everything: bool = False) -> int:
    """Free deliveries whose lease has ended; `everything` where no other process can be at work."""
    lost = Delivery.state == SENDING
    ended = lost if everything else lost & (Delivery.lease_until < now)
    freed = update(Delivery).where(ended).values(state=WAITING, claim=None, lease_until=None)
    return change(session, freed)


PLAIN: dict[str, Any] = {"synchronize_session": False}
_CLAIMED = (
    Delivery.id,
    Delivery.message_id,
    Delivery.priority,
    Delivery.rcpt_to,
    Delivery.person_id,
    Delivery.fingerprint,
    Delivery.entitled_as,
    Delivery.reply_to,
    Delivery.attempts,
)
_MARK = (
    update(Delivery.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
    .where(Delivery.id == bindparam("delivery"))
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("new_attempts"),
        next_attempt_at=func.coalesce(
            bindparam("new_next", type_=Delivery.next_attempt_at.type), Delivery.next_attempt_at
        ),
        last_code=bindparam("new_code"),
        last_status=bindparam("new_status"),
        finished_at=bindparam("new_finished"),
        claim=None,
        lease_until=None,
    )
)


def _due(now: datetime, least_urgent: int) -> Select[int]:
    return (
        select(Delivery.id)
        .where(
            Delivery.state == WAITING,
            Delivery.next_attempt_at <= now,
            Delivery.priority <= least_urgent,
        )
        .order_by(Delivery.priority, Delivery.next_attempt_at, Delivery.id)
    )


def _written(one: Mark, now: datetime) -> dict[str, Any]:
    return {
        "delivery": one.delivery.id,
        "new_state": one.state,
        "new_attempts": one.attempts,
        "new_next": one.next_attempt_at,
        "new_code": one.code,
        "new_status": one.status[:32],
        "new_finished": None if one.state in UNFINISHED else now,
    }


def empty_finished(session: Session, message_ids: Collection[int], now: datetime) -> None:
    """Messages with nothing left to do lose their content."""
    if not message_ids:
        return
    left = exists().where(Delivery.message_id == Message.id, Delivery.state.in_(UNFINISHED))
    finished = update(Message).where(Message.id.in_(message_ids), ~left)
    session.execute(finished.values(entity=None, sealed=None, done_at=now), execution_options=PLAIN)


def change(session: Session, statement: Any) -> int:
    return int(session.execute(statement, execution_options=PLAIN).rowcount)  # type: ignore[attr-defined]
