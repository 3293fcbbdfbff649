"""The keys that came with a mail, and what they prove about those that are held here: merged, never replaced."""

from collections.abc import Sequence
from datetime import datetime

from tldops_bot.domain.certificate import Certificate
from tldops_bot.intake.judged import Merged, OpenPgp, Read
from tldops_bot.mail.openpgp_packets import signature_issuers
from tldops_bot.store import people_keys

MAX_CERTIFICATES = 5


class SentKeys:
    """The `certificates`, and held ones as `merged` with them, by fingerprint. The database is only read."""

    def __init__(self, at: datetime, read: Read, openpgp: OpenPgp) -> None:
        self._at, self._read, self._openpgp = at, read, openpgp
        self._inspected: dict[bytes, tuple[Certificate, ...]] = {}
        self.certificates: tuple[Certificate, ...] = ()
        self.merged: dict[str, Merged] = {}

    def take(self, keys: Sequence[bytes]) -> None:
        """Look at the keys sent along."""
        found: dict[str, Certificate] = {}
        for blob in keys:
            for certificate in self.inspect(blob):
                if len(found) < MAX_CERTIFICATES:
                    found[certificate.fingerprint] = certificate
            self._take_revocation(blob)
        self.certificates = tuple(found.values())
        for certificate in self.certificates:
            with self._read() as session:
                row = people_keys.certificate_for(session, certificate.fingerprint)
                held = row.blob if row is not None and row.fingerprint == certificate.fingerprint else b""
            if held:
                self._merge(certificate.fingerprint, held, certificate.blob)

    def add(self, certificate: Certificate) -> None:
        """One that was found elsewhere."""
        if certificate not in self.certificates:
            self.certificates = (*self.certificates, certificate)

    def inspect(self, blob: bytes) -> tuple[Certificate, ...]:
        """The certificates in these octets; each is looked at once."""
        if blob not in self._inspected:
            self._inspected[blob] = self._openpgp.inspect(blob, self._at)
        return self._inspected[blob]

    def _take_revocation(self, blob: bytes) -> None:
        """A revocation certificate is a lone signature in the armor of a key; it names the key it revokes."""
        for issuer in signature_issuers(blob)[:1]:
            name = issuer.fingerprint or issuer.key_id
            with self._read() as session:
                row = people_keys.certificate_for(session, name) if name else None
                fingerprint, held = (row.fingerprint, row.blob) if row is not None else ("", b"")
            if held:
                self._merge(fingerprint, held, blob)

    def _merge(self, fingerprint: str, held: bytes, offered: bytes) -> None:
        """Into what another part of the mail has proven about the same key already."""
        before = self.merged.get(fingerprint)
        newest = before.certificate.blob if before is not None else held
        merged = self._openpgp.merge(newest, offered, self._at)
        if merged != newest:
            found = self._openpgp.inspect(merged, self._at)
            self.merged |= {one.fingerprint: Merged(held, one) for one in found}
