"""Puts letters into the outbox, a copy for each address; of what goes to thousands, a thousand persons at a time.

While an alert is written down, mail that comes in waits, and so does the alert's own first copy. So its
transaction writes the copies for its first persons, and beside them whose are still to come; these the delivery
writes, a lot in each of its turns. Whose they are is settled by then, whatever changes in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, case, delete, insert, literal, select, union_all, update
from sqlalchemy.orm import Session

from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import FIRST, Entitled, Letter
from tldops_bot.store import alert_targets
from tldops_bot.store.many_rows import insert_many
from tldops_bot.store.outbox import HELD, NO_KEY, WAITING, empty_finished
from tldops_bot.store.people import SECOND_ADDRESS
from tldops_bot.store.tables import CopiesToCome, Delivery, Message, Person

LOT = 1000  # persons
_EACH = ("rcpt_to", "person_id", "fingerprint", "entitled_as")
_DELIVERIES = cast(Table, Delivery.__table__)
_MESSAGES = cast(Table, Message.__table__)
_COMING = cast(Table, CopiesToCome.__table__)
_PUT = insert(_MESSAGES).returning(_MESSAGES.c.id)
_NEXT = (
    select(*_COMING.c, _MESSAGES.c.made_at)
    .join(_MESSAGES, _MESSAGES.c.id == _COMING.c.message_id)
    .order_by(_COMING.c.priority, _COMING.c.message_id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class ToCome:
    """A message of which copies are still to be written, and for whom."""

    message_id: int
    priority: int
    reply_to: str
    persons: Sequence[int]
    made_at: datetime


def enqueue(session: Session, letter: Letter, draft: Draft, now: datetime) -> int:
    """Put a letter to all it goes to into the outbox; the id of the message, 0 if it goes to nobody."""
    if not letter.to and letter.audience is None:
        return 0
    priority = FIRST if letter.is_first else letter.kind.priority
    message = {
        "kind": letter.kind.value,
        "priority": priority,
        "subject": draft.subject,
        "headers": dict(draft.headers),
        "entity": draft.entity,
        "is_confidential": letter.is_confidential,
        "alert_id": letter.alert_id or None,
        "made_at": now,
    }
    message_id = int(session.connection().execute(_PUT, message).scalar_one())
    shared = {"message_id": message_id, "priority": priority, "reply_to": draft.reply_to}
    if letter.audience is None:
        rows = [(to.address, to.person_id, to.fingerprint, to.entitled.value) for to in letter.to]
        insert_many(
            session, Delivery, _EACH, rows, **shared, next_attempt_at=now, state=WAITING, last_status=""
        )
        return message_id
    first, others = alert_targets.numbers(session, letter.audience)
    if first:
        _write(session, first, shared, now)
    _write(session, others[:LOT], shared, now)
    if others[LOT:]:
        session.connection().execute(insert(_COMING).values(shared | {"persons": others[LOT:]}))
    return message_id


def next_to_come(session: Session) -> ToCome | None:
    """Of which message copies are to be written next: the most urgent, the oldest of these."""
    row = session.connection().execute(_NEXT).first()
    return None if row is None else ToCome(**row._mapping)


def to_come(session: Session) -> list[tuple[str, int, datetime]]:
    """Of each message of which copies are still to be written: its kind, for how many persons, when it was made."""
    query = select(Message.kind, CopiesToCome.persons, Message.made_at).join(
        Message, Message.id == CopiesToCome.message_id
    )
    return [(kind, len(persons), made_at) for kind, persons, made_at in session.execute(query)]


def write_lot(session: Session, one: ToCome, now: datetime) -> None:
    """Write the next lot of its copies, as if they had been written with the message."""
    lot, rest = one.persons[:LOT], one.persons[LOT:]
    shared = {"message_id": one.message_id, "priority": one.priority, "reply_to": one.reply_to}
    _write(session, lot, shared, one.made_at)
    mine = _COMING.c.message_id == one.message_id
    if rest:
        session.connection().execute(update(_COMING).where(mine).values(persons=rest))
        return
    session.connection().execute(delete(_COMING).where(mine))
    empty_finished(session, [one.message_id], now)


def write_all(session: Session, now: datetime) -> None:
    """Write all copies that are to come: for whoever has to change every copy of something."""
    while (one := next_to_come(session)) is not None:
        write_lot(session, one, now)


def _write(session: Session, persons: Sequence[int], shared: Mapping[str, Any], made_at: datetime) -> None:
    """A copy for each address of these; that of somebody who had no usable key waits for one."""
    fixed = dict(
        shared,
        next_attempt_at=made_at,
        entitled_as=Entitled.MEMBER.value,
        attempts=0,
        last_code=0,
        bounce_status="",
    )
    values = [literal(value, _DELIVERIES.c[name].type) for name, value in fixed.items()]
    copies = _addresses(persons, made_at).add_columns(*values)
    columns = ("rcpt_to", "person_id", "state", "last_status", *fixed)
    session.connection().execute(insert(_DELIVERIES).from_select(columns, copies))


def _addresses(persons: Sequence[int], made_at: datetime) -> Select[*tuple[Any, ...]]:
    """Address, person, state and status: first their own addresses, then the second ones."""
    # Written into the statement: a thousand parameters take longer than what they are for.
    these = Person.id.in_(bindparam("persons", persons, expanding=True, literal_execute=True))
    keyless = alert_targets.is_keyless(made_at).label("keyless")
    known = (
        select(Person.id, Person.email, SECOND_ADDRESS.label("second"), keyless)
        .where(these, Person.forgotten_at.is_(None))
        .cte("known")
    )
    rest = (
        known.c.id,
        case((known.c.keyless, HELD), else_=WAITING).label("state"),
        case((known.c.keyless, NO_KEY), else_="").label("status"),
    )
    own = select(literal(1).label("turn"), known.c.email.label("address"), *rest)
    second = select(literal(2), known.c.second, *rest).where(known.c.second != "")
    each = union_all(own, second).subquery().c
    return select(each.address, each.id, each.state, each.status).order_by(each.turn, each.id)
