"""The memory against replay: a signature is used up in the transaction that carries it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, delete, exists, insert, select
from sqlalchemy.orm import Session

from tldops_bot.store import facts
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import UsedSignature

_USED = cast(Table, UsedSignature.__table__)
_REMEMBER = insert(_USED)
_RECALL = select(
    exists().where(
        _USED.c.fingerprint == bindparam("key"),
        _USED.c.signed_at == bindparam("at", type_=Moment),
        _USED.c.digest == bindparam("of"),
    ),
    facts.OLDEST_SIGNATURE_HELD,
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What may speak against a signature: no older one is ever accepted, whatever the clock says; its earlier use."""

    oldest_at: datetime | None
    use: UsedSignature | None


def recall(session: Session, fingerprint: str, signed_at: datetime, digest: str) -> Memory:
    """What is known of exactly this signature over exactly these octets; usually there is no earlier use."""
    wanted = {"key": fingerprint, "at": signed_at, "of": digest}
    is_used, oldest = session.connection().execute(_RECALL, wanted).one()
    key = (fingerprint, signed_at, digest)
    use = session.get(UsedSignature, key, with_for_update=True) if is_used else None
    return Memory(datetime.fromisoformat(oldest) if oldest else None, use)


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

    One that was tried in vain `before` is remembered again: only what was carried out is used up.
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
