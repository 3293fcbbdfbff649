"""Answers that anybody can cause: one a day for each kind of mistake and six in all; more to contacts."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.durations import DAY
from tldops_bot.store.tables import StrangerAnswer

IN_ALL = 6
IN_ALL_TO_CONTACTS = 20
OVERALL_HOUR = 120


class May(Enum):
    """Whether a stranger is answered, and whether the answer says that it is the day's last."""

    ANSWER = "answer"
    LAST = "last"
    SILENCE = "silence"


def may_answer(
    session: Session,
    address: str,
    kind: str,
    now: datetime,
    is_mistake: bool = True,
    is_contact: bool = False,
) -> May:
    """Decide whether to answer, and count it. `kind` is the reason the answer gives.

    A contact whose second and third try at an alert fails must hear why each time.
    """
    limit = IN_ALL_TO_CONTACTS if is_contact else IN_ALL
    digest = hashlib.sha256(address_key(address).encode()).hexdigest()
    query = select(StrangerAnswer.kind).where(StrangerAnswer.digest == digest, StrangerAnswer.at > now - DAY)
    kinds = list(session.scalars(query))
    is_repeated = kind in kinds and is_mistake and not is_contact
    if is_repeated or len(kinds) >= limit or _flooded(session, now):
        return May.SILENCE
    session.add(StrangerAnswer(digest=digest, kind=kind[:32], at=now))
    session.flush()
    return May.LAST if len(kinds) + 1 == limit else May.ANSWER


def forget_before(session: Session, moment: datetime) -> None:
    """Drop counts that no longer matter."""
    session.execute(delete(StrangerAnswer).where(StrangerAnswer.at < moment))


def _flooded(session: Session, now: datetime) -> bool:
    query = select(StrangerAnswer.id).where(StrangerAnswer.at > now - timedelta(hours=1)).limit(OVERALL_HOUR)
    return len(session.scalars(query).all()) >= OVERALL_HOUR
