"""What changed, when, by which key: entries chained by hash, so that rewriting shows."""

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, func, insert, or_, select
from sqlalchemy.orm import Session

from tldops_bot.store.tables import AuditEntry

FIRST = "0" * 64
_NEWEST = select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
# The same as a value in another query; None where there is none.
NEWEST_HELD = _NEWEST.scalar_subquery()
# Nobody asks for the number of the new row.
_APPEND = insert(cast(Table, AuditEntry.__table__)).inline()


@dataclass(frozen=True, slots=True)
class Tampered:
    """The first entry whose hash does not follow from the one before."""

    entry_id: int
    why: str


def record(
    session: Session,
    at: datetime,
    actor: str,
    action: str,
    tld: str = "",
    person_id: int | None = None,
    inbox_id: int | None = None,
    *,
    previous: str = "",
    **details: Any,
) -> None:
    """Append one entry. Details hold no address, number or name: people are named by row or fingerprint.

    `previous` is the hash of the newest entry, of whoever has just read it in this transaction.
    """
    session.flush()
    row = {
        "at": at.replace(microsecond=0),
        "actor": actor,
        "action": action,
        "tld": tld,
        "person_id": person_id,
        "inbox_id": inbox_id,
        "details": json.dumps(details, sort_keys=True, ensure_ascii=True, default=str),
        "previous": previous or session.connection().scalar(_NEWEST) or FIRST,
    }
    session.connection().execute(_APPEND, row | {"hash": _hash(SimpleNamespace(**row))})


def newest_at(session: Session) -> datetime | None:
    """When the newest entry was written, or None."""
    return session.scalar(select(func.max(AuditEntry.at)))


def head(session: Session) -> str:
    """The hash of the newest entry, which stands for the whole chain."""
    return session.scalar(_NEWEST) or FIRST


def length(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def verify(session: Session, told: Callable[[int], None] = lambda _more: None) -> tuple[int, Tampered | None]:
    """Walk the chain: how many entries hold, and the first that does not; `told` hears of each."""
    previous, count = FIRST, 0
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)).yield_per(500):
        if entry.previous != previous:
            return count, Tampered(entry.id, "does not follow the entry before it")
        if entry.hash != _hash(entry):
            return count, Tampered(entry.id, "was changed after it was written")
        previous, count = entry.hash, count + 1
        told(1)
    return count, None


def history(session: Session, tld: str = "", limit: int = 200) -> list[AuditEntry]:
    """The newest entries, newest last; of one TLD, or of all."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if tld:
        query = query.where(AuditEntry.tld == tld)
    return list(reversed(session.scalars(query).all()))


def of_tld(session: Session, tld: str, persons: Collection[int], limit: int) -> list[AuditEntry]:
    """The newest entries about a TLD, and those that concern these persons as such; newest last."""
    as_such = (AuditEntry.tld == "") & AuditEntry.person_id.in_(persons) & (AuditEntry.action != "mail")
    query = select(AuditEntry).where(or_(AuditEntry.tld == tld, as_such))
    return list(reversed(session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()))


def times(session: Session, actor: str, action: str, since: datetime) -> int:
    """How often an actor did this since then."""
    query = select(func.count()).select_from(AuditEntry)
    mine = (AuditEntry.actor == actor, AuditEntry.action == action, AuditEntry.at > since)
    return session.scalar(query.where(*mine)) or 0


def _hash(entry: AuditEntry | SimpleNamespace) -> str:
    words = [
        entry.previous,
        entry.at.isoformat(),
        entry.actor,
        entry.action,
        entry.tld,
        str(entry.person_id or ""),
        str(entry.inbox_id or ""),
        entry.details,
    ]
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()
