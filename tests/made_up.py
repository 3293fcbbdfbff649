"""A made-up roster in the store: people of many scripts, who do not exist, for TLDs that do.

people = make_people(session, tlds=("nl", "be"), per_tld=3)                     # nobody has a key
people = make_people(session, certificates=[ann.certificate, bob.certificate])  # everybody has one
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from tldops_bot.store.tables import CertificateKey, CertificateRow, Entry, Office, Person

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TWELVE_TLDS = (
    *("nl", "be", "br", "ca", "jp", "nz", "tz", "uy"),
    *("xn--p1ai", "xn--kprw13d", "xn--wgbh1c", "xn--qxam"),
)

# Each surname is the word "example" in its language.
NAMES = (
    "Ann Example",
    "Jan Voorbeeld",
    "Ana Ejemplo Pérez-Muñoz",
    "Иван Пример",
    "例 花子",
    "김 예시",
    "نور مثال",
    "Ελένη Παράδειγμα",
    "Ömer Örnek",
    "उदाहरण कुमार",
    "Nguyễn Ví Dụ",
    "Bob O'Example, Jr.",
)
ZONES = ("Europe/Amsterdam", "America/Sao_Paulo", "Asia/Tokyo", "Africa/Nairobi", "")


def make_people(
    session: Session,
    tlds: Sequence[str] = TWELVE_TLDS,
    per_tld: int = 2,
    *,
    now: datetime = NOW,
    certificates: Sequence[bytes] | None = None,
    keyless_every: int = 0,
    stale_every: int = 0,
    probation_until: datetime | None = None,
) -> list[Person]:
    """Add `per_tld` listed contacts for each TLD and return them in that order, flushed.

    `certificates` are dealt out in turn; each counts under its own fingerprint the first time, later under a
    made-up one. `keyless_every=5`: every fifth person has no key all the same; `stale_every` likewise.
    """
    people = []
    for number in range(len(tlds) * per_tld):
        tld = tlds[number // per_tld]
        person = _person(number, tld, now)
        if stale_every and number % stale_every == stale_every - 1:
            person.stale_at = now - timedelta(days=20)
        entry = _entry(tld, number, now)
        entry.probation_until = probation_until or now - timedelta(days=200)
        person.entries.append(entry)
        people.append(person)
    session.add_all(people)
    session.flush()
    if certificates:
        _deal_out(session, people, certificates, keyless_every, now)
    return people


def make_officer(
    session: Session, role: str, name: str, email: str, certificate: bytes | None = None, now: datetime = NOW
) -> Person:
    """Add somebody of the committee or the secretariat who speaks for no TLD."""
    person = Person(
        name=name,
        email=email,
        email_key=email.casefold(),
        created_at=now - timedelta(days=400),
        confirmed_at=now,
    )
    person.offices.append(Office(role=role, since_at=now - timedelta(days=400)))
    session.add(person)
    session.flush()
    if certificate is not None:
        _deal_out(session, [person], [certificate], 0, now)
    return person


def fingerprint_of(certificate: bytes) -> str:
    """The v4 fingerprint of a binary certificate (RFC 4880 section 12.2); of anything else some 40 digits."""
    if certificate[:1] in (b"\x98", b"\xc6") and len(certificate) > 1 and certificate[1] < 192:
        body = certificate[2 : 2 + certificate[1]]
    elif certificate[:1] == b"\x99":
        body = certificate[3 : 3 + int.from_bytes(certificate[1:3], "big")]
    else:
        body = certificate
    framed = b"\x99" + (len(body) % 65536).to_bytes(2, "big") + body
    return hashlib.sha1(framed).hexdigest().upper()


def _person(number: int, tld: str, now: datetime) -> Person:
    phone = f"+44 20 7946 {number % 1000:04d}"
    email = f"person{number}@nic-{tld}.example"
    organisation = f"Example Registry for .{tld}"
    return Person(
        name=NAMES[number % len(NAMES)],
        email=email,
        email_key=email,
        emergency_email=f"person{number}@elsewhere.example" if number % 3 == 0 else "",
        emergency_proven_at=now - timedelta(days=200) if number % 3 == 0 else None,
        phone=phone,
        phone_e164=phone.replace(" ", ""),
        mobile=f"+44 7700 900{number % 1000:03d}" if number % 2 == 0 else "",
        mobile_e164=f"+447700900{number % 1000:03d}" if number % 2 == 0 else "",
        fax="+44 20 7946 0999" if number % 7 == 0 else "",
        postal="1 Example Street\nExampletown" if number % 4 == 0 else "",
        organisation=organisation,
        timezone=ZONES[number % len(ZONES)],
        created_at=now - timedelta(days=300 + number % 60),
        confirmed_at=now - timedelta(days=number % 170),
        seen_at=now - timedelta(days=number % 30),
    )


def _entry(tld: str, number: int, now: datetime) -> Entry:
    since = now - timedelta(days=250 + number % 50)
    return Entry(
        tld=tld,
        state="listed",
        since_at=since,
        probation_until=since + timedelta(days=2),
        objections_until=since + timedelta(days=14),
        vouched_by=f"administrative contact of {tld}",
    )


def _deal_out(
    session: Session,
    people: Sequence[Person],
    certificates: Sequence[bytes],
    keyless_every: int,
    now: datetime,
) -> None:
    taken: set[str] = set()
    for number, person in enumerate(people):
        if keyless_every and number % keyless_every == keyless_every - 1:
            continue
        blob = certificates[number % len(certificates)]
        fingerprint = fingerprint_of(blob)
        if fingerprint in taken:
            fingerprint = hashlib.sha1(f"made up {person.id}".encode()).hexdigest().upper()
        taken.add(fingerprint)
        _hold(session, person, fingerprint, blob, now)
    session.flush()


def _hold(session: Session, person: Person, fingerprint: str, blob: bytes, now: datetime) -> None:
    session.add(
        CertificateRow(
            fingerprint=fingerprint,
            person_id=person.id,
            blob=blob,
            created_at=now - timedelta(days=300),
            held_since=now - timedelta(days=300),
        )
    )
    session.flush()
    session.add(
        CertificateKey(key_fingerprint=fingerprint, key_id=fingerprint[-16:], certificate=fingerprint)
    )
    person.fingerprint = fingerprint
