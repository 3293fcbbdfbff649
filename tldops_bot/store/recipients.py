"""Who the recipients of claimed deliveries are right now, and the certificates they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.entitlement import Claim, Known, Right, right_to
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.store.columns import Moment
from tldops_bot.store.outbox import Claimed, OutboxMessage
from tldops_bot.store.people import LISTED, SECOND_ADDRESS, key_is_usable
from tldops_bot.store.tables import CertificateRow, Entry, Office, Person

_Row = Row[*tuple[Any, ...]]
_NOW = bindparam("now", type_=Moment)
_IS_SERVED = or_(
    exists().where(Entry.person_id == Person.id, Entry.state == LISTED),
    exists().where(Office.person_id == Person.id),
)
_IS_USABLE = and_(key_is_usable(_NOW), CertificateRow.replaced_at.is_(None))
_CERTIFICATE = (
    CertificateRow.fingerprint.label("certificate"),
    CertificateRow.blob,
    _IS_USABLE.label("is_usable"),
)
# Decided in SQL, since this is asked for each of 10,000 copies.
_PERSONS = (
    select(
        Person.id,
        Person.email,
        SECOND_ADDRESS.label("emergency"),
        Person.fingerprint,
        Person.forgotten_at.is_not(None).label("is_forgotten"),
        _IS_SERVED.label("is_served"),
        *_CERTIFICATE,
    )
    .outerjoin(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
    .where(Person.id.in_(bindparam("people", expanding=True)))
)
_KEYS = (
    select(*_CERTIFICATE)
    .outerjoin(Person, Person.fingerprint == CertificateRow.fingerprint)
    .where(CertificateRow.fingerprint.in_(bindparam("keys", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """What a copy's recipient may have now, and the certificate to encrypt it to (b"" for none)."""

    right: Right
    claim: Claim
    fingerprint: str = ""
    certificate: bytes = b""


def certificates(session: Session, after_person: int, most: int) -> list[tuple[int, bytes]]:
    """The next persons' certificates that mail may be encrypted to, with the number of each person."""
    query = (
        select(Person.id, CertificateRow.blob)
        .join(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
        .where(CertificateRow.is_revoked.is_(False), Person.key_blocked_at.is_(None))
        .where(Person.id > after_person)
        .order_by(Person.id)
        .limit(most)
    )
    return [(row.id, row.blob) for row in session.execute(query)]


def look_up(
    session: Session, claimed: Sequence[Claimed], messages: Mapping[int, OutboxMessage], now: datetime
) -> dict[int, Addressee]:
    """The addressee of each delivery, by its id: one SELECT for all people, one for keys without a person."""
    people = {one.person_id for one in claimed if one.person_id is not None}
    keys = {one.fingerprint for one in claimed if one.entitled_as is Entitled.KEY and one.fingerprint}
    persons: dict[int | None, _Row] = {}
    certificates: dict[str | None, _Row] = {}
    if people:
        asked = {"now": now, "people": list(people)}
        persons = {row.id: row for row in session.connection().execute(_PERSONS, asked)}
    if keys:
        wanted = {"now": now, "keys": list(keys)}
        certificates = {row.certificate: row for row in session.connection().execute(_KEYS, wanted)}
    found: dict[int, Addressee] = {}
    for one in claimed:
        by_key = one.entitled_as is Entitled.KEY
        row = certificates.get(one.fingerprint) if by_key else persons.get(one.person_id)
        found[one.id] = _addressee(one, messages[one.message_id], row)
    return found


def _addressee(one: Claimed, message: OutboxMessage, row: _Row | None) -> Addressee:
    claim = Claim(message.kind, message.is_confidential, one.entitled_as, one.rcpt_to, one.fingerprint)
    known = _known(row) if row is not None and one.entitled_as is not Entitled.KEY else None
    if row is None or row.certificate is None or not row.is_usable:
        return Addressee(right_to(claim, known, has_key=False), claim)
    return Addressee(right_to(claim, known, has_key=True), claim, row.certificate, row.blob)


def _known(row: _Row) -> Known:
    addresses = (row.email, row.emergency) if row.emergency else (row.email,)
    return Known(bool(row.is_served), bool(row.is_forgotten), addresses, row.fingerprint)
