"""The certificates people are known by: found by any of their keys, held, registered and forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.certificate import Certificate
from tldops_bot.store.people import SECOND_ADDRESS
from tldops_bot.store.tables import CertificateKey, CertificateRow, Person, Request

_Known = TypeVar("_Known", CertificateRow, Row[Any])
MOST_CLAIMING = 50  # one key; strangers can send more

# Statements run for every mail are built once.
_KEY, _KEY_ID = (one == bindparam("key") for one in (CertificateKey.key_fingerprint, CertificateKey.key_id))
_HOLDING = select(CertificateRow).join(
    CertificateKey, CertificateKey.certificate == CertificateRow.fingerprint
)
_HOLDING_KEY, _HOLDING_KEY_ID = _HOLDING.where(_KEY), _HOLDING.where(_KEY_ID)
_SPEAKING = _HOLDING.outerjoin(Person, Person.id == CertificateRow.person_id).with_only_columns(
    CertificateRow.fingerprint,
    CertificateRow.person_id,
    func.coalesce(CertificateRow.keyring, CertificateRow.blob).label("keyring"),
    Person.email,
    SECOND_ADDRESS.label("second"),
)
_SPEAKING = _SPEAKING.order_by(  # whose primary key it is, then who is registered with it now
    CertificateRow.fingerprint != CertificateKey.key_fingerprint,
    CertificateRow.person_id.is_(None),
    CertificateRow.replaced_at.is_not(None),
).limit(MOST_CLAIMING)
_SPEAKING_KEY, _SPEAKING_KEY_ID = _SPEAKING.where(_KEY), _SPEAKING.where(_KEY_ID)


def certificate_for(session: Session, key: str) -> CertificateRow | None:
    """The certificate a key belongs to, by its full fingerprint or (16 digits) key ID; None when in doubt.

    Where several claim it, the one whose primary key it is has it, else the one registered: a stranger's
    certificate that took somebody's key in must not stand in that person's way.
    """
    return _meant(key, session.scalars(_HOLDING_KEY if len(key) > 16 else _HOLDING_KEY_ID, {"key": key}))


def _meant(key: str, claiming: Iterable[_Known]) -> _Known | None:
    found = _claiming(key, claiming)
    registered = [one for one in found if one.person_id is not None]
    return next((few[0] for few in (found, registered) if len(few) == 1), None)


def _claiming(key: str, holding: Iterable[_Known]) -> list[_Known]:
    """Whoever's primary key it is; else all that have it as a subkey, which takes nobody's consent."""
    distinct: dict[str, _Known] = {one.fingerprint: one for one in holding}
    found = list(distinct.values())
    return [one for one in found if one.fingerprint.endswith(key)] or found


@dataclass(frozen=True, slots=True)
class Speaking:
    """A certificate that a signature points to, and the addresses of those who speak with it.

    `keyring` is the certificate as gpg has checked it, if it has: to verify with, and for nothing else.
    """

    fingerprint: str
    keyring: bytes
    is_registered: bool
    addresses: tuple[str, ...]


def speaking_with(session: Session, key: str) -> list[Speaking]:
    """Those whose key this may be, registered ones first: what it signed verifies with whose it is."""
    wanted = _SPEAKING_KEY if len(key) > 16 else _SPEAKING_KEY_ID
    found = _claiming(key, session.connection().execute(wanted, {"key": key}))
    return [_speaking(session, row) for row in found]


def _speaking(session: Session, row: Row[Any]) -> Speaking:
    if row.person_id is not None:
        theirs = tuple(address for address in (row.email, row.second) if address)
        return Speaking(row.fingerprint, row.keyring, True, theirs)
    asked = select(Request.email_key).where(Request.fingerprint == row.fingerprint)
    return Speaking(row.fingerprint, row.keyring, False, tuple(session.scalars(asked)))


def hold_certificate(
    session: Session, certificate: Certificate, now: datetime, person_id: int | None = None
) -> CertificateRow:
    """Keep a certificate (again): its octets, its keys, and whose it is."""
    row = session.get(CertificateRow, certificate.fingerprint)
    if row is None:
        row = CertificateRow(
            fingerprint=certificate.fingerprint,
            created_at=certificate.created_at,
            held_since=now,
            blob=certificate.blob,
        )
        session.add(row)
    if row.blob != certificate.blob:
        row.blob, row.keyring, row.checked_at = certificate.blob, None, None
    row.expires_at = earliest_end(certificate)
    row.is_revoked = certificate.is_revoked
    if person_id is not None:
        row.person_id, row.replaced_at = person_id, None
    session.flush()
    for fingerprint in (certificate.fingerprint, *certificate.subkey_fingerprints):
        if session.get(CertificateKey, (fingerprint, certificate.fingerprint)) is None:
            session.add(
                CertificateKey(
                    key_fingerprint=fingerprint, key_id=fingerprint[-16:], certificate=certificate.fingerprint
                )
            )
    session.flush()
    return row


def is_unchanged(session: Session, fingerprint: str, octets: bytes) -> bool:
    """Whether a certificate still is what it was, or is held no more."""
    row = session.get(CertificateRow, fingerprint)
    return row is None or row.blob == octets


def earliest_end(certificate: Certificate) -> datetime | None:
    """When the certificate stops being fit for both signing and encryption; None is never."""
    ends = (certificate.expires_at, certificate.signs_until, certificate.encrypts_until)
    known = [end for end in ends if end is not None]
    return min(known) if known else None


def register_key(session: Session, person: Person, certificate: Certificate, now: datetime) -> None:
    """Make this the person's key; the one before is kept as replaced, and can no longer speak."""
    before = session.get(CertificateRow, person.fingerprint) if person.fingerprint else None
    if before is not None and before.fingerprint != certificate.fingerprint:
        before.replaced_at = now
    hold_certificate(session, certificate, now, person.id)
    person.fingerprint = certificate.fingerprint
    person.key_blocked_at, person.key_blocked_because = None, ""
    session.flush()


def forget_keys(session: Session, person: Person, now: datetime) -> None:
    """Drop a person's certificates, which name them; blocked or replaced keys are still refused later."""
    for row in session.scalars(select(CertificateRow).where(CertificateRow.person_id == person.id)):
        if row.replaced_at is None and person.key_blocked_at is None:
            session.execute(delete(CertificateKey).where(CertificateKey.certificate == row.fingerprint))
            session.delete(row)
        else:
            row.blob, row.keyring, row.replaced_at = b"", None, row.replaced_at or now
    session.flush()


def keys_to_refresh(session: Session, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Fingerprint and address of living keys last looked for before that moment, oldest first."""
    looked_for = CertificateRow.refreshed_at
    query = (
        select(CertificateRow.fingerprint, Person.email)
        .join(Person, Person.fingerprint == CertificateRow.fingerprint)
        .where(
            CertificateRow.is_revoked.is_(False),
            Person.forgotten_at.is_(None),
            or_(looked_for.is_(None), looked_for <= before),
        )
        .order_by(looked_for.is_not(None), looked_for, CertificateRow.fingerprint)
        .limit(limit)
    )
    return [(row.fingerprint, row.email) for row in session.execute(query)]


def to_be_checked(session: Session, before: datetime, limit: int) -> list[tuple[str, bytes]]:
    """Fingerprint and octets of certificates that gpg has not checked since that moment, or never."""
    checked = CertificateRow.checked_at
    query = select(CertificateRow.fingerprint, CertificateRow.blob).where(
        CertificateRow.replaced_at.is_(None), or_(checked.is_(None), checked <= before)
    )
    return [(row.fingerprint, row.blob) for row in session.execute(query.limit(limit))]


def keep_checked(session: Session, found: Iterable[tuple[str, bytes, bytes]], now: datetime) -> None:
    """Keep what gpg made of certificates: fingerprint, octets, keyring (b"" for none), if the octets are still those."""
    statement = (
        update(CertificateRow)
        .where(CertificateRow.fingerprint == bindparam("key"), CertificateRow.blob == bindparam("octets"))
        .values(keyring=bindparam("made"), checked_at=now)
        .execution_options(synchronize_session=False)
    )
    rows = [{"key": key, "octets": octets, "made": made or None} for key, octets, made in found]
    if rows:
        session.connection().execute(statement, rows)


def forget_candidates(session: Session, moment: datetime) -> None:
    """Drop the certificates of candidates who did not become contacts: they hold a name and an address."""
    waiting = select(Request.fingerprint).where(
        Request.decided_at.is_(None), Request.fingerprint.is_not(None)
    )
    session.execute(
        delete(CertificateRow).where(
            CertificateRow.person_id.is_(None),
            CertificateRow.held_since < moment,
            CertificateRow.fingerprint.not_in(waiting),
        )
    )
