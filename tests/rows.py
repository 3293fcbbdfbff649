"""Rows made up for tests of the store: people, certificates, requests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.certificate import Certificate
from tldops_bot.store.tables import Entry, Person, Request

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ANN = Certificate(
    "A" * 40, ("B" * 40,), ("Ann <ann@nic.example>",), ("ann@nic.example",), NOW, None, None, None, True, True, False,
    "ed25519", b"ann",
)  # fmt: skip
BOB = replace(ANN, fingerprint="C" * 40, subkey_fingerprints=("D" * 40,), blob=b"bob")


def a_person(session: Session, address: str = "ann@nic.example", *tlds: str, **more: object) -> Person:
    """A stored person, listed for these TLDs."""
    person = Person(name="Ann Example", email=address, email_key=address_key(address), created_at=NOW, **more)
    session.add(person)
    session.flush()
    for tld in tlds:
        session.add(
            Entry(
                person_id=person.id,
                tld=tld,
                state="listed",
                since_at=NOW,
                probation_until=NOW,
                objections_until=NOW,
                vouched_by="IANA administrative contact",
            )
        )
    session.flush()
    return person


def a_request(session: Session, tld: str = "nl", address: str = "ann@nic.example", **more: object) -> Request:
    """A request that waits for its proof."""
    values = {
        "kind": "subscribe",
        "state": "proving",
        "tld": tld,
        "email_key": address_key(address),
        "details": {"email": address},
        "asked_by": address,
        "asked_at": NOW,
        "expires_at": NOW + timedelta(days=14),
    } | more
    request = Request(**values)
    session.add(request)
    session.flush()
    return request
