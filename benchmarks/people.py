"""Made-up members, each with a real key of their own, put into a store all at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pysequoia
from sqlalchemy import insert

from tests.keys import LIST_ADDRESS, crlf, mail, multipart, text_entity
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.mail.openpgp_packets import packets
from tldops_bot.store.database import Database
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import CertificateKey, CertificateRow, Entry, Person

_KEY_TAGS = (6, 14)  # public key, public subkey
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who does not exist, with an ed25519 key for signing and a cv25519 one for reading."""

    number: int
    secret: Any  # pysequoia has no types
    fingerprint: str
    certificate: bytes

    @property
    def address(self) -> str:
        return f"member{self.number}@registry.example"

    def signed_mail(self, text: str) -> bytes:
        """A PGP/MIME signed mail to the list (RFC 3156 section 5)."""
        entity = text_entity(text)
        mode = pysequoia.SignatureMode.DETACHED
        signature = crlf(pysequoia.sign(self.secret.signer(), entity, mode=mode))
        described = b"Content-Type: application/pgp-signature\r\n\r\n" + signature
        kind = 'signed; micalg="pgp-sha512"; protocol="application/pgp-signature"'
        return mail(self._headers(), multipart(kind, entity, described))

    def _headers(self) -> dict[str, str]:
        digest = hashlib.sha256(f"{self.number} {id(self)}".encode()).hexdigest()[:16]
        return {
            "From": self.address,
            "To": LIST_ADDRESS,
            "Subject": "a mail of the benchmark",
            "Message-ID": f"<{digest}@client.example>",
            "MIME-Version": "1.0",
        }

    def decrypt(self, ciphertext: bytes) -> bytes:
        """What this member reads in a mail encrypted to them."""
        return pysequoia.decrypt(ciphertext, decryptor=self.secret.decryptor()).bytes or b""


def make_member(number: int) -> Member:
    """A new key; less than a millisecond."""
    user_id = f"Example Member {number} <member{number}@registry.example>"
    secret = pysequoia.Tsk.generate(user_id, cipher_suite=pysequoia.CipherSuite.Cv25519)
    certificate = secret.extract_certificate()
    return Member(number, secret, certificate.fingerprint.upper(), bytes(certificate))


def cctlds(most: int | None = None) -> list[str]:
    """The first so many ccTLDs of the table."""
    return [facts.tld.a_label for facts in load_tld_table().of_kind("cctld")][:most]


def enrol(database: Database, members: Sequence[Member], now: datetime, most_tlds: int | None = None) -> None:
    """List them all for some ccTLD, past probation, each with their key."""
    tlds = cctlds(most_tlds)
    long_ago = now - timedelta(days=100)
    for start in range(0, len(members), _ROWS_AT_ONCE):
        some = members[start : start + _ROWS_AT_ONCE]
        with database.write() as session:
            session.execute(insert(Person), [_person(one, now) for one in some])
            session.execute(insert(Entry), [_entry(one, tlds, long_ago) for one in some])
            session.execute(insert(CertificateRow), [_certificate(one, long_ago) for one in some])
            session.execute(insert(CertificateKey), [key for one in some for key in _keys(one)])


def _person(one: Member, now: datetime) -> dict[str, Any]:
    return {
        "id": one.number,
        "name": f"Example Member {one.number}",
        "email": one.address,
        "email_key": one.address,
        "phone": f"+44 20 7946 {one.number % 1000:04d}",
        "phone_e164": f"+44207946{one.number % 1000:04d}",
        "organisation": "Example Registry",
        "fingerprint": one.fingerprint,
        "created_at": now,
        "confirmed_at": now,
    }


def _entry(one: Member, tlds: Sequence[str], since: datetime) -> dict[str, Any]:
    return {
        "person_id": one.number,
        "tld": tlds[one.number % len(tlds)],
        "state": LISTED,
        "since_at": since,
        "probation_until": since,
        "objections_until": since,
        "vouched_by": "administrative contact",
    }


def _certificate(one: Member, since: datetime) -> dict[str, Any]:
    return {
        "fingerprint": one.fingerprint,
        "person_id": one.number,
        "blob": one.certificate,
        "created_at": since,
        "held_since": since,
    }


def _keys(one: Member) -> list[dict[str, Any]]:
    """Each key of the certificate by its version 4 fingerprint (RFC 9580 section 5.5.4.2)."""
    bodies = [packet.body for packet in packets(one.certificate) if packet.tag in _KEY_TAGS]
    framed = [b"\x99" + len(body).to_bytes(2, "big") + body for body in bodies]
    found = [hashlib.sha1(octets).hexdigest().upper() for octets in framed]
    return [
        {"key_fingerprint": one_key, "key_id": one_key[-16:], "certificate": one.fingerprint}
        for one_key in found
    ]
