"""How the service is doing, in numbers: what waits and for how long, when jobs ran, how the last alert went.

Nothing about anybody in particular. All read in one consistent picture of the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, exists, func, select
from sqlalchemy.orm import Session

from tldops_bot.domain.outgoing import Kind
from tldops_bot.store import outbox_copies
from tldops_bot.store.outbox import HELD, SENDING, SET_ASIDE, TAKEN, WAITING
from tldops_bot.store.tables import (
    Alert,
    CertificateRow,
    CopiesToCome,
    Delivery,
    IanaTld,
    InboxRow,
    JobRun,
    Message,
    Person,
)

RELEASED = timedelta(minutes=5)
STUCK = "stuck"  # the state of a copy that is held because it was set aside


@dataclass(frozen=True, slots=True)
class Queue:
    """Copies of one kind in one state: how many, and since when the oldest waits that was never tried.

    One that its recipient's server has put off waits for that server, and a held one for somebody's key.
    """

    kind: str
    state: str
    length: int
    untried_since: datetime | None


@dataclass(frozen=True, slots=True)
class FanOut:
    """An alert on its way: since when, when its latest copy was taken, and how many are still to go."""

    began_at: datetime
    last_taken_at: datetime | None
    taken: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """Everything, at one moment."""

    inbox: Mapping[str, int]
    inbox_oldest_at: datetime | None
    outbox: Sequence[Queue]
    jobs: Mapping[str, datetime]
    fan_out: FanOut | None
    iana_newest_at: datetime | None
    member_keys_end_at: Sequence[datetime]

    @property
    def stuck(self) -> int:
        return self.inbox.get("stuck", 0)

    @property
    def stuck_copies(self) -> int:
        return sum(one.length for one in self.outbox if one.state == STUCK)


def read(session: Session, now: datetime) -> Pulse:
    """Everything at one moment, in a reading transaction: a handful of counts, whatever the size."""
    waiting_in = select(func.min(InboxRow.received_at)).where(InboxRow.state == "waiting")
    return Pulse(
        inbox=_inbox(session),
        inbox_oldest_at=session.scalar(waiting_in.where(InboxRow.bound_at.is_(None))),
        outbox=_outbox(session),
        jobs=_jobs(session),
        fan_out=_fan_out(session),
        iana_newest_at=session.scalar(select(func.max(IanaTld.fetched_at))),
        member_keys_end_at=_member_keys(session, now),
    )


def _inbox(session: Session) -> dict[str, int]:
    """Only what is not done; the rest is a lot."""
    query = select(InboxRow.state, func.count()).where(InboxRow.state.in_(("waiting", "stuck")))
    return {str(state): int(number) for state, number in session.execute(query.group_by(InboxRow.state))}


def _outbox(session: Session) -> list[Queue]:
    """Only what is unfinished; a message to many waits since it was made, and so do copies still to be written."""
    is_aside = and_(Delivery.state == HELD, Delivery.last_status.in_(SET_ASIDE))
    state = case((is_aside, STUCK), else_=Delivery.state).label("state")
    query = (
        select(
            Message.kind,
            state,
            func.count(),
            func.min(case((Delivery.attempts == 0, Message.made_at))),
        )
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.state.in_((WAITING, SENDING, HELD)))
        .group_by(Message.kind, state)
        .order_by(Message.kind, state)
    )
    queues = [
        Queue(str(kind), str(state), int(number), None if state in (HELD, STUCK) else oldest)
        for kind, state, number, oldest in session.execute(query)
    ]
    return queues + [
        Queue(kind, WAITING, number, made_at) for kind, number, made_at in outbox_copies.to_come(session)
    ]


def _jobs(session: Session) -> dict[str, datetime]:
    rows = session.execute(select(JobRun.name, JobRun.finished_at).where(JobRun.finished_at.is_not(None)))
    return {str(name): at for name, at in rows if at is not None}


def _fan_out(session: Session) -> FanOut | None:
    """The newest alert that went out: its own copies, not those of its updates."""
    own = (Message.alert_id == Alert.id, Message.kind == Kind.ALERT.value, Message.made_at == Alert.posted_at)
    alert = session.execute(
        select(Alert.id, Alert.received_at, Alert.posted_at)
        .where(exists().where(*own))
        .order_by(Alert.posted_at.desc(), Alert.id.desc())
        .limit(1)
    ).first()
    if alert is None:
        return None
    copies = (
        select(Delivery.state, func.count(), func.max(Delivery.finished_at))
        .join(Message, Message.id == Delivery.message_id)
        .join(Alert, and_(*own))
        .where(Alert.id == alert.id)
        .group_by(Delivery.state)
    )
    found = {str(state): (int(number), last) for state, number, last in session.execute(copies)}
    coming = select(CopiesToCome.persons).join(Message, Message.id == CopiesToCome.message_id)
    to_come = session.scalars(coming.join(Alert, and_(*own)).where(Alert.id == alert.id))
    taken, last = found.get(TAKEN, (0, None))
    waiting = sum(found.get(state, (0, None))[0] for state in (WAITING, SENDING)) + sum(map(len, to_come))
    is_released = alert.posted_at - alert.received_at > RELEASED  # it waited for a second member
    return FanOut(alert.posted_at if is_released else alert.received_at, last, taken, waiting)


def _member_keys(session: Session, now: datetime) -> list[datetime]:
    query = (
        select(CertificateRow.expires_at)
        .join(Person, Person.fingerprint == CertificateRow.fingerprint)
        .where(Person.forgotten_at.is_(None), CertificateRow.expires_at > now)
    )
    return [at for at in session.scalars(query) if at is not None]
