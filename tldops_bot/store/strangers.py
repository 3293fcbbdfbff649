"""Answers to addresses we do not know: at most one a day for each kind of mistake, and six in all."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.store.tables import StrangerAnswer

A_DAY = timedelta(days=1)
IN_ALL = 6
OVERALL_HOUR = 120


class May(Enum):
    """Whether a stranger is answered, and whether the answer says that it is the last of the day."""

    ANSWER = "answer"
    LAST = "last"
    SILENCE = "silence"


def may_answer(session: Session, address: str, kind: str, now: datetime) -> May:
    """Count an answer to a stranger, if there is to be one. `kind` is the reason it gives."""
    digest = hashlib.sha256(address_key(address).encode()).hexdigest()
    query = select(StrangerAnswer.kind).where(
        StrangerAnswer.digest == digest, StrangerAnswer.at > now - A_DAY
    )
    kinds = list(session.scalars(query))
    if kind in kinds or len(kinds) >= IN_ALL or _flooded(session, now):
        return May.SILENCE
    session.add(StrangerAnswer(digest=digest, kind=kind[:32], at=now))
    session.flush()
    return May.LAST if len(kinds) + 1 == IN_ALL else May.ANSWER


def forget_before(session: Session, moment: datetime) -> None:
    """Drop counts that no longer count."""
    session.execute(delete(StrangerAnswer).where(StrangerAnswer.at < moment))


def _flooded(session: Session, now: datetime) -> bool:
    query = select(StrangerAnswer.id).where(StrangerAnswer.at > now - timedelta(hours=1)).limit(OVERALL_HOUR)
    return len(session.scalars(query).all()) >= OVERALL_HOUR
