"""Who the recipients of claimed deliveries are at this moment, and the certificates they have now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.entitlement import Claim, Known, Right, right_to
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.store.outbox import Claimed, OutboxMessage
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import CertificateRow, Entry, Office, Person

_SERVED = or_(
    exists().where(Entry.person_id == Person.id, Entry.state == LISTED),
    exists().where(Office.person_id == Person.id),
).label("is_served")
_CERTIFICATE = (
    CertificateRow.fingerprint.label("certificate"),
    CertificateRow.blob,
    CertificateRow.expires_at,
    CertificateRow.is_revoked,
    CertificateRow.replaced_at,
)
_PERSONS = select(
    Person.id,
    Person.email,
    Person.emergency_email,
    Person.emergency_proven_at,
    Person.fingerprint,
    Person.key_blocked_at,
    Person.forgotten_at,
    _SERVED,
    *_CERTIFICATE,
).outerjoin(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
_KEYS = select(*_CERTIFICATE, Person.key_blocked_at).outerjoin(
    Person, Person.fingerprint == CertificateRow.fingerprint
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """What a copy's recipient may have now, and the certificate it is encrypted to (b"" for none)."""

    right: Right
    claim: Claim
    fingerprint: str = ""
    certificate: bytes = b""


def look_up(
    session: Session, claimed: Sequence[Claimed], messages: Mapping[int, OutboxMessage], now: datetime
) -> dict[int, Addressee]:
    """The addressee of each delivery by its id: one SELECT for all persons, one for keys without a person."""
    people = {one.person_id for one in claimed if one.person_id is not None}
    keys = {one.fingerprint for one in claimed if one.entitled_as is Entitled.KEY}
    persons = (
        {row.id: row for row in session.execute(_PERSONS.where(Person.id.in_(people)))} if people else {}
    )
    holders = _KEYS.where(CertificateRow.fingerprint.in_(keys - {None}))
    certificates: dict[str | None, Row[*tuple[Any, ...]]]
    certificates = {row.certificate: row for row in session.execute(holders)} if keys else {}
    found: dict[int, Addressee] = {}
    for one in claimed:
        by_key = one.entitled_as is Entitled.KEY
        row: Row[*tuple[Any, ...]] | None = persons.get(one.person_id)
        if by_key:
            row = certificates.get(one.fingerprint)
        found[one.id] = _addressee(one, messages[one.message_id], row, now)
    return found


def _addressee(one: Claimed, message: OutboxMessage, row: Row[*tuple[Any, ...]] | None, now: datetime) -> Addressee:
    claim = Claim(message.kind, message.is_confidential, one.entitled_as, one.rcpt_to, one.fingerprint)
    has_key = row is not None and _is_usable(row, now)
    known = _known(row) if row is not None and one.entitled_as is not Entitled.KEY else None
    right = right_to(claim, known, has_key)
    if row is None or not has_key:
        return Addressee(right, claim)
    return Addressee(right, claim, row.certificate, row.blob)


def _is_usable(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    if row.certificate is None or row.is_revoked or row.replaced_at or row.key_blocked_at:
        return False
    return row.expires_at is None or row.expires_at > now


def _known(row: Row[*tuple[Any, ...]]) -> Known:
    addresses = (row.email, row.emergency_email) if row.emergency_proven_at else (row.email,)
    return Known(bool(row.is_served), row.forgotten_at is not None, addresses, row.fingerprint)
