"""Mail that waits to go out: enqueued with what caused it, claimed in small batches, marked, then emptied.

A delivery is `waiting`, `sending` (claimed), and at the end `taken` or `refused` by the smarthost, or
`dropped` by us; `held` until a key is mended or the operator says so. `last_status` says why, in one word
or as an RFC 3463 code.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, exists, insert, select, update
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

    @property
    def is_final(self) -> bool:
        return self.state not in UNFINISHED


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
    session.execute(insert(Delivery), rows)
    # Written in this order and in this transaction, so numbered in this order; asking for 10,000 ids one by one
    # would take longer than sending the first copies.
    ids = select(Delivery.id).where(Delivery.message_id == message.id).order_by(Delivery.id)
    return list(session.scalars(ids))


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


def mark(session: Session, marks: Iterable[Mark], now: datetime) -> set[int]:
    """Write down what became of claimed deliveries; the ids of those whose claim still held.

    Those with the same outcome are written together. A message whose last delivery is finished loses its
    content.
    """
    together: defaultdict[tuple[Any, ...], list[Mark]] = defaultdict(list)
    for one in marks:
        outcome = (one.delivery.claim, one.state, one.attempts, one.next_attempt_at, one.code, one.status)
        together[outcome].append(one)
    marked: set[int] = set()
    for alike in together.values():
        marked.update(session.scalars(_marking(alike, now), execution_options=PLAIN))
    done = {one.delivery.message_id for alike in together.values() for one in alike if one.is_final}
    empty_finished(session, done, now)
    return marked


def _marking(alike: Sequence[Mark], now: datetime) -> Any:
    one = alike[0]
    values: dict[str, Any] = {
        "state": one.state,
        "attempts": one.attempts,
        "last_code": one.code,
        "last_status": one.status[:32],
        "finished_at": now if one.is_final else None,
        "claim": None,
        "lease_until": None,
    }
    if one.next_attempt_at is not None:
        values["next_attempt_at"] = one.next_attempt_at
    ids = [mark.delivery.id for mark in alike]
    ours = (Delivery.id.in_(ids), Delivery.claim == one.delivery.claim, Delivery.state == SENDING)
    return update(Delivery).where(*ours).values(values).returning(Delivery.id)


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


def empty_finished(session: Session, message_ids: Collection[int], now: datetime) -> None:
    """Messages with nothing left to do lose their content."""
    if not message_ids:
        return
    left = exists().where(Delivery.message_id == Message.id, Delivery.state.in_(UNFINISHED))
    finished = update(Message).where(Message.id.in_(message_ids), ~left)
    session.execute(finished.values(entity=None, sealed=None, done_at=now), execution_options=PLAIN)


def change(session: Session, statement: Any) -> int:
    return int(session.execute(statement, execution_options=PLAIN).rowcount)  # type: ignore[attr-defined]
