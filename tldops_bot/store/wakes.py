"""Wake-up calls besides mail: who wants one, what waits to go through a gateway, and what came of it.

A call is `waiting`, `sending` (claimed), and in the end `taken` by the gateway, `failed`, or `dropped`
because it had no point any more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.wake import LATEST, MOST_TRIES, NO_ANSWER, TOO_LATE, Wake, next_try, severities_below
from tldops_bot.store.many_rows import insert_many
from tldops_bot.store.tables import Alert, AlertRecipient, Person, WakeChannel, WakeSend

WAITING, SENDING, TAKEN, FAILED, DROPPED = "waiting", "sending", "taken", "failed", "dropped"
ALERT, EXERCISE, TOKEN = "alert", "exercise", "token"
_UNFINISHED = (WAITING, SENDING)
_OVER = ("retracted", "stopped", "cancelled")
_FRESH = {"state": WAITING, "attempts": 0, "words": "", "result": ""}
_EMPTIED = {"target": "", "words": "", "claim": None, "lease_until": None}
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Call:
    """A wake-up call that is ours until its lease ends."""

    id: int
    kind: str
    alert_id: str | None
    person_id: int
    gateway: str
    target: str
    words: str
    attempts: int
    claim: str
    language: str = ""


# --- ways


def way_of(session: Session, person_id: int) -> WakeChannel | None:
    """The proven way to wake somebody, or None."""
    return session.get(WakeChannel, person_id)


def keep_way(session: Session, person_id: int, wake: Wake, now: datetime) -> None:
    """This way from now on, and no other; a proof that is still under way has done its work."""
    _end(session, and_(WakeSend.person_id == person_id, WakeSend.kind == TOKEN), DROPPED, "", now)
    row = way_of(session, person_id) or WakeChannel(person_id=person_id)
    row.gateway, row.target, row.severity = wake.gateway, wake.target, wake.severity
    row.proven_at = now
    session.add(row)


def forget_person(session: Session, person_id: int, now: datetime) -> None:
    """Drop their way; calls that wait for them do not go."""
    session.execute(delete(WakeChannel).where(WakeChannel.person_id == person_id))
    _end(session, WakeSend.person_id == person_id, DROPPED, "", now)


# --- calls to be made


def wake_for(
    session: Session, alert: Alert, gateways: Collection[str], now: datetime, severity: str = ""
) -> None:
    """A call for everybody an alert was meant for who asked to be woken by it; not for its poster, who is awake.

    With a `severity`, that of an update: whom the alert has called is not called again.
    """
    called = exists().where(WakeSend.alert_id == alert.id, WakeSend.person_id == WakeChannel.person_id)
    query = (
        select(WakeChannel.person_id, WakeChannel.gateway, WakeChannel.target)
        .join(AlertRecipient, AlertRecipient.person_id == WakeChannel.person_id)
        .where(
            AlertRecipient.alert_id == alert.id,
            WakeChannel.severity.in_(severities_below(severity or alert.severity)),
            WakeChannel.gateway.in_(gateways),
            WakeChannel.person_id != alert.person_id,
            ~called,
        )
        .order_by(WakeChannel.person_id)
    )
    rows = [tuple(row) for row in session.execute(query)]
    kind = EXERCISE if alert.is_exercise else ALERT
    same = {"alert_id": alert.id, "kind": kind, "made_at": now, "next_attempt_at": now}
    insert_many(session, WakeSend, ("person_id", "gateway", "target"), rows, **same, **_FRESH)


def send_word(session: Session, person_id: int, wake: Wake, words: str, now: datetime) -> None:
    """Send a word through a gateway, to prove that it reaches the person; an older one is dropped."""
    _end(session, and_(WakeSend.person_id == person_id, WakeSend.kind == TOKEN), DROPPED, "", now)
    session.add(
        WakeSend(
            kind=TOKEN,
            person_id=person_id,
            gateway=wake.gateway,
            target=wake.target,
            words=words,
            made_at=now,
            next_attempt_at=now,
        )
    )


# --- calls made


def is_anything_due(session: Session, gateway: str, now: datetime) -> bool:
    """Whether a claim may find something; this takes no lock."""
    return session.scalar(select(_due(gateway, now).exists())) is True


def claim(
    session: Session,
    gateway: str,
    now: datetime,
    most: int,
    lease_until: datetime,
    token: str,
    per_minute: int,
) -> list[Call]:
    """The next calls for a gateway, alerts first; no more per minute than all gateways together may make."""
    _drop_pointless(session, gateway, now)
    made = select(func.count()).select_from(WakeSend).where(WakeSend.tried_at > now - _A_MINUTE)
    most = min(most, per_minute - (session.scalar(made) or 0))
    if most <= 0:
        return []
    tokens_last = case((WakeSend.kind == TOKEN, 1), else_=0)
    query = _due(gateway, now).order_by(tokens_last, WakeSend.next_attempt_at, WakeSend.id).limit(most)
    claimed = []
    for row in session.scalars(query.with_for_update(skip_locked=True)):
        row.state, row.claim, row.lease_until = SENDING, token, lease_until
        row.tried_at, row.attempts = now, row.attempts + 1
        claimed.append(
            Call(
                row.id,
                row.kind,
                row.alert_id,
                row.person_id,
                row.gateway,
                row.target,
                row.words,
                row.attempts,
                token,
                session.scalar(select(Person.language).where(Person.id == row.person_id)) or "",
            )
        )
    return claimed


def mark(session: Session, call: Call, problem: str, now: datetime) -> str:
    """Mark what came of a call: `problem` is "" if the gateway took it. Its state; "" if not ours."""
    again = next_try(call.attempts, now) if problem else None
    ours = update(WakeSend).where(WakeSend.id == call.id, WakeSend.claim == call.claim)
    if again is not None:
        values = {"state": WAITING, "next_attempt_at": again, "claim": None, "lease_until": None}
    else:
        values = _EMPTIED | {"state": FAILED if problem else TAKEN, "finished_at": now}
    marked = session.scalar(ours.values(result=problem, **values).returning(WakeSend.id))
    return "" if marked is None else str(values["state"])


def give_up(session: Session, now: datetime) -> None:
    """Give up what has waited too long, including for gateways that no longer exist."""
    _end(session, WakeSend.made_at <= now - LATEST, FAILED, TOO_LATE, now)


def end_all(session: Session, now: datetime) -> None:
    """Drop all calls that are waiting."""
    _end(session, WakeSend.id > 0, DROPPED, "", now)


def forget_before(session: Session, moment: datetime) -> None:
    """Drop words sent before then; calls for alerts stay as long as the alerts."""
    session.execute(delete(WakeSend).where(WakeSend.alert_id.is_(None), WakeSend.finished_at < moment))


# --- what came of them


def counts(session: Session, alert_id: str) -> dict[str, int]:
    """How many were woken for an alert, how many still wait, and for how many it failed."""
    query = select(WakeSend.state, func.count()).where(WakeSend.alert_id == alert_id).group_by(WakeSend.state)
    found: dict[str, int] = {}
    for state, number in session.execute(query):
        found[state] = number
    waiting = sum(found.get(state, 0) for state in _UNFINISHED)
    return {"woken": found.get(TAKEN, 0), "waiting": waiting, "failed": found.get(FAILED, 0)}


def calls_for(session: Session, alert_id: str) -> dict[int, tuple[str, str, datetime | None]]:
    """By person: the gateway, the state and when it ended, for the call sheet."""
    query = select(WakeSend.person_id, WakeSend.gateway, WakeSend.state, WakeSend.finished_at)
    found = session.execute(query.where(WakeSend.alert_id == alert_id).order_by(WakeSend.id))
    return {person_id: (gateway, state, ended_at) for person_id, gateway, state, ended_at in found}


def _due(gateway: str, now: datetime) -> Select[WakeSend]:
    waits = and_(WakeSend.state == WAITING, WakeSend.next_attempt_at <= now)
    abandoned = and_(WakeSend.state == SENDING, WakeSend.lease_until <= now)
    return select(WakeSend).where(WakeSend.gateway == gateway, or_(waits, abandoned))


def _drop_pointless(session: Session, gateway: str, now: datetime) -> None:
    """Wake nobody whose alert was taken back, who has seen it meanwhile, or hours later."""
    over = exists().where(Alert.id == WakeSend.alert_id, Alert.state.in_(_OVER))
    seen = exists().where(
        AlertRecipient.alert_id == WakeSend.alert_id,
        AlertRecipient.person_id == WakeSend.person_id,
        AlertRecipient.seen_at.is_not(None),
    )
    waits = and_(WakeSend.gateway == gateway, WakeSend.state == WAITING)
    _end(session, and_(waits, or_(over, seen)), DROPPED, "", now)
    spent = and_(WakeSend.state == SENDING, WakeSend.lease_until <= now, WakeSend.attempts >= MOST_TRIES)
    _end(session, and_(WakeSend.gateway == gateway, spent), FAILED, NO_ANSWER, now)
    give_up(session, now)


def _end(session: Session, which: ColumnElement[bool], state: str, result: str, now: datetime) -> None:
    unfinished = WakeSend.state.in_(_UNFINISHED)
    ended = update(WakeSend).where(unfinished, which)
    session.execute(ended.values(state=state, result=result, finished_at=now, **_EMPTIED))
