"""Signatures: whose key made one, and the memory against replay; one is used up by what carries it out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import BindParameter, Table, bindparam, delete, exists, func, insert, literal, select
from sqlalchemy.orm import Session, defer, joinedload

from tldops_bot.store import facts
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import CertificateRow, Person, UsedSignature

_USED = cast(Table, UsedSignature.__table__)
_REMEMBER = insert(_USED).inline()
_KEY: BindParameter[str] = bindparam("key")
_ANYWAY = select(literal(1).label("row")).subquery()
# All that a signature is judged by, in one question; the octets of the certificate are not needed again.
_RECALL = (
    select(
        exists().where(
            _USED.c.fingerprint == _KEY,
            _USED.c.signed_at == bindparam("at", type_=Moment),
            _USED.c.digest == bindparam("of"),
        ),
        facts.OLDEST_SIGNATURE_HELD,
        Person,
        CertificateRow,
    )
    .select_from(_ANYWAY)
    .outerjoin(Person, Person.fingerprint == _KEY)
    .outerjoin(CertificateRow, CertificateRow.fingerprint == _KEY)
    .options(
        joinedload(Person.entries),
        joinedload(Person.offices),
        defer(CertificateRow.blob),
        defer(CertificateRow.keyring),
    )
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a signature, and of the key that made it.

    None older than `oldest_at` is ever accepted, whatever the clock says. `use` is an earlier one of this very
    signature. `person` is registered with the key; `certificate` is held, be it nobody's.
    """

    oldest_at: datetime | None
    use: UsedSignature | None
    person: Person | None
    certificate: CertificateRow | None


def recall(session: Session, fingerprint: str, signed_at: datetime, digest: str) -> Memory:
    """What is known of exactly this signature over exactly these octets; usually there is no earlier use."""
    wanted = {"key": fingerprint, "at": signed_at, "of": digest}
    is_used, oldest, person, certificate = session.execute(_RECALL, wanted).unique().one()
    key = (fingerprint, signed_at, digest)
    use = session.get(UsedSignature, key, with_for_update=True) if is_used else None
    return Memory(datetime.fromisoformat(oldest) if oldest else None, use, person, certificate)


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


def forget_older(session: Session, age: timedelta, now: datetime) -> None:
    """Drop memories of signatures older than that; what is dropped is not acceptable from now on.

    Counted from the newest: a clock that is ahead for a moment would else have everybody refused for as long.
    """
    newest = session.scalar(select(func.max(UsedSignature.signed_at)))
    if newest is None:
        return
    moment = min(newest, now) - age
    facts.raise_oldest_signature(session, moment)
    session.execute(delete(UsedSignature).where(UsedSignature.signed_at < moment))
