"""The memory against replay: a signature is used up in the transaction that carries it out."""

from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from tldops_bot.store import facts
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import UsedSignature

_USED = cast(Table, UsedSignature.__table__)
_REMEMBER = insert(_USED)
_IS_USED = select(_USED.c.inbox_id).where(
    _USED.c.fingerprint == bindparam("key"),
    _USED.c.signed_at == bindparam("at", type_=Moment),
    _USED.c.digest == bindparam("of"),
)


def used(session: Session, fingerprint: str, signed_at: datetime, digest: str) -> UsedSignature | None:
    """The earlier use of this very signature over these very octets, or None: mostly it is that."""
    wanted = {"key": fingerprint, "at": signed_at, "of": digest}
    if session.connection().execute(_IS_USED, wanted).first() is None:
        return None
    return session.get(UsedSignature, (fingerprint, signed_at, digest), with_for_update=True)


def use_up(
    session: Session,
    fingerprint: str,
    signed_at: datetime,
    digest: str,
    inbox_id: int,
    now: datetime,
    outcome: str,
    before: UsedSignature | None = None,
) -> None:
    """Remember a signature. The primary key makes a second use fail the whole transaction.

    One that was tried in vain `before` is remembered anew: only what was carried out is used up.
    """
    if before is not None and not before.is_spent:
        before.inbox_id, before.used_at, before.outcome = inbox_id, now, outcome[:255]
        session.flush()
        return
    row = {
        "fingerprint": fingerprint,
        "signed_at": signed_at,
        "digest": digest,
        "inbox_id": inbox_id,
        "used_at": now,
        "outcome": outcome[:255],
    }
    session.connection().execute(_REMEMBER, row)


def forget_before(session: Session, moment: datetime) -> None:
    """Drop memories of signatures older than `moment`, which from now on is the oldest acceptable time."""
    facts.raise_oldest_signature(session, moment)
    session.execute(delete(UsedSignature).where(UsedSignature.signed_at < moment))
