"""Mail that waits to go out: claimed in small batches, marked, then emptied.

A delivery is `waiting`, `sending` (claimed), and at the end `taken` or `refused` by the smarthost, or
`dropped` by us; `held` until a key is mended or the operator says so. `last_status` says why, in one word
or as an RFC 3463 code.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Integer, String, Table, bindparam, case, exists, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tldops_bot.domain.outgoing import Entitled, Kind
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import CopiesToCome, Delivery, Message

WAITING, SENDING, HELD = "waiting", "sending", "held"
TAKEN, REFUSED, DROPPED = "taken", "refused", "dropped"
NO_KEY = "no-key"
UNFINISHED = (WAITING, SENDING, HELD)
# Why a copy is held that failed again and again while others went; the first when something of ours breaks over it.
BROKEN, NO_SIGNATURE, NO_GPG, SMARTHOST_FAILS = "broken", "no-signature", "no-gpg", "smarthost-fails"
SET_ASIDE = (BROKEN, NO_SIGNATURE, NO_GPG, SMARTHOST_FAILS)
LEAST_URGENT = 99

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
    """What became of a claimed delivery. `next_attempt_at` None leaves the time as it was.

    One that waits on and was not tried keeps what came of the attempt before.
    """

    delivery: Claimed
    state: str
    attempts: int
    next_attempt_at: datetime | None = None
    code: int = 0
    status: str = ""

    @property
    def is_final(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def is_untried(self) -> bool:
        return self.state == WAITING and self.next_attempt_at is None


@dataclass(frozen=True, slots=True)
class Marked:
    """Deliveries whose claim still held, and messages of which none is left to do."""

    ours: Set[int]
    finished: Set[int]


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


def most_urgent_due(session: Session, now: datetime) -> int | None:
    """The priority of what a claim would find first; None if nothing is due. Takes no lock."""
    return session.connection().scalar(_MOST_URGENT, {"now": now, "least_urgent": LEAST_URGENT, "most": 1})


def claim(
    session: Session,
    now: datetime,
    limit: int,
    lease_until: datetime,
    token: str,
    least_urgent: int = LEAST_URGENT,
) -> list[Claimed]:
    """Up to `limit` due deliveries, the most urgent first, none less urgent than `least_urgent`."""
    asked = {"now": now, "least_urgent": least_urgent, "most": limit, "token": token, "until": lease_until}
    rows = session.connection().execute(_CLAIM, asked).all()
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
        for row in sorted(rows, key=lambda row: (row.priority, row.next_attempt_at, row.id))
    ]


def load(session: Session, message_ids: Collection[int]) -> dict[int, OutboxMessage]:
    """Messages with what is needed to send them; the unsigned text only of those that are not signed yet."""
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
        for row in session.connection().execute(_LOAD, {"messages": list(message_ids)})
    }


def store_sealed(session: Session, message_id: int, sealed: bytes) -> None:
    """Keep a message's signed part for the copies still to go; not where none is left."""
    session.connection().execute(_SEAL, {"message": message_id, "octets": sealed})


def mark(session: Session, marks: Iterable[Mark], now: datetime) -> Marked:
    """Write down what became of claimed deliveries.

    Those with the same outcome are written together. A message whose last delivery is finished loses its
    content.
    """
    together: defaultdict[tuple[Any, ...], list[Mark]] = defaultdict(list)
    for one in marks:
        outcome = (one.delivery.claim, one.state, one.attempts, one.next_attempt_at, one.code, one.status)
        together[outcome].append(one)
    connection = session.connection()
    marked: set[int] = set()
    for alike in together.values():
        marked.update(connection.execute(_MARK, _written(alike, now)).scalars())
    done = {one.delivery.message_id for alike in together.values() for one in alike if one.is_final}
    return Marked(marked, empty_finished(session, done, now))


PLAIN: dict[str, Any] = {"synchronize_session": False}

# What is said thousands of times is built once, below the ORM.
_DELIVERIES = cast(Table, Delivery.__table__)
_MESSAGES = cast(Table, Message.__table__)
_ROW, _MESSAGE = _DELIVERIES.c, _MESSAGES.c
_LOAD = select(
    _MESSAGE.id,
    _MESSAGE.kind,
    _MESSAGE.subject,
    _MESSAGE.headers,
    case((_MESSAGE.sealed.is_(None), _MESSAGE.entity), else_=None).label("unsigned"),
    _MESSAGE.sealed,
    _MESSAGE.is_confidential,
    _MESSAGE.alert_id,
    _MESSAGE.made_at,
).where(_MESSAGE.id.in_(bindparam("messages", expanding=True)))
_SEAL = (
    update(_MESSAGES)
    .where(_MESSAGE.id == bindparam("message"), _MESSAGE.done_at.is_(None))
    .values(sealed=bindparam("octets"))
)
_DUE = (
    select(_ROW.id)
    .where(
        _ROW.state == WAITING,
        _ROW.next_attempt_at <= bindparam("now", type_=Moment),
        _ROW.priority <= bindparam("least_urgent"),
    )
    .order_by(_ROW.priority, _ROW.next_attempt_at, _ROW.id)
    .limit(bindparam("most", type_=Integer))
)
_MOST_URGENT = _DUE.with_only_columns(_ROW.priority)
# Found once: a plain subquery PostgreSQL may ask again for each row, and then take more than was asked for.
_TAKEN = _DUE.with_for_update(skip_locked=True).cte("due")
_CLAIM = (
    update(_DELIVERIES)
    .where(_ROW.id.in_(select(_TAKEN.c.id)))
    .values(state=SENDING, claim=bindparam("token"), lease_until=bindparam("until", type_=Moment))
    .returning(
        _ROW.id,
        _ROW.message_id,
        _ROW.priority,
        _ROW.rcpt_to,
        _ROW.person_id,
        _ROW.fingerprint,
        _ROW.entitled_as,
        _ROW.reply_to,
        _ROW.attempts,
        _ROW.next_attempt_at,
    )
)
_MARK = (
    update(_DELIVERIES)
    .where(
        _ROW.id.in_(bindparam("ids", expanding=True)),
        _ROW.claim == bindparam("token"),
        _ROW.state == SENDING,
    )
    .values(
        state=bindparam("outcome"),
        attempts=bindparam("tried"),
        next_attempt_at=func.coalesce(bindparam("again", type_=Moment), _ROW.next_attempt_at),
        last_code=func.coalesce(bindparam("code", type_=Integer), _ROW.last_code),
        last_status=func.coalesce(bindparam("why", type_=String), _ROW.last_status),
        finished_at=bindparam("finished", type_=Moment),
        claim=None,
        lease_until=None,
    )
    .returning(_ROW.id)
)
_EMPTY = (
    update(_MESSAGES)
    .where(
        _MESSAGE.id.in_(bindparam("messages", expanding=True)),
        ~exists().where(_ROW.message_id == _MESSAGE.id, _ROW.state.in_(UNFINISHED)),
        ~exists().where(CopiesToCome.message_id == _MESSAGE.id),
    )
    .values(entity=None, sealed=None, done_at=bindparam("finished", type_=Moment))
    .returning(_MESSAGE.id)
)


def _written(alike: Sequence[Mark], now: datetime) -> dict[str, Any]:
    one = alike[0]
    return {
        "ids": [mark.delivery.id for mark in alike],
        "token": one.delivery.claim,
        "outcome": one.state,
        "tried": one.attempts,
        "again": one.next_attempt_at,
        "code": None if one.is_untried else one.code,
        "why": None if one.is_untried else one.status[:32],
        "finished": now if one.is_final else None,
    }


def empty_finished(session: Session, message_ids: Collection[int], now: datetime) -> set[int]:
    """Messages with nothing left to do lose their content; which of these did."""
    if not message_ids:
        return set()
    asked = {"messages": list(message_ids), "finished": now}
    return set(session.connection().execute(_EMPTY, asked).scalars())


def change(session: Session, statement: Any) -> int:
    """Carry out an UPDATE; how many rows it changed."""
    return int(session.execute(statement, execution_options=PLAIN).rowcount)  # type: ignore[attr-defined]
