"""What a public key says about itself, and whether this service can use it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.domain.address import address_key

MIN_REMAINING = timedelta(days=7)
MIN_RSA_BITS = 2048

FITNESS_REASONS = (
    "revoked_key",
    "expired_key",
    "weak_key",
    "no_signing_key",
    "no_encryption_key",
    "expiring_key",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key; fingerprints are 40 upper-case hex digits, times are UTC.

    `signs_until` and `encrypts_until` are the last moment at which any key in it can do so; None together
    with `can_sign` or `can_encrypt` means for ever. `algorithm` is the weakest one in use, such as `rsa1024`.
    """

    fingerprint: str
    subkey_fingerprints: tuple[str, ...]
    user_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    signs_until: datetime | None
    encrypts_until: datetime | None
    can_sign: bool
    can_encrypt: bool
    is_revoked: bool
    algorithm: str
    blob: bytes

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The primary fingerprint, then those of the subkeys."""
        return (self.fingerprint, *self.subkey_fingerprints)

    def names(self, address: str) -> bool:
        """Whether it is a key for this mailbox, going by its user IDs."""
        return address_key(address) in {address_key(one) for one in self.addresses}


@dataclass(frozen=True, slots=True)
class NotEncrypted:
    """Why nothing was encrypted to a certificate."""

    reason: str


def fitness(certificate: Certificate, now: datetime) -> str:
    """Why the key can't serve a member from `now` on, or "" when it can; one of FITNESS_REASONS."""
    if certificate.is_revoked:
        return "revoked_key"
    ends = [certificate.expires_at, certificate.signs_until, certificate.encrypts_until]
    remaining = [end - now for end in ends if end is not None]
    if any(left <= timedelta(0) for left in remaining):
        return "expired_key"
    if is_weak(certificate.algorithm):
        return "weak_key"
    if not certificate.can_sign:
        return "no_signing_key"
    if not certificate.can_encrypt:
        return "no_encryption_key"
    return "expiring_key" if any(left < MIN_REMAINING for left in remaining) else ""


def is_weak(algorithm: str) -> bool:
    """RSA and ElGamal below 2048 bits, and DSA of any size (one bad nonce gives its secret away)."""
    family = algorithm.rstrip("0123456789")
    if family == "dsa":
        return True
    if family not in {"rsa", "elg"}:
        return False
    return int(algorithm[len(family) :] or 0) < MIN_RSA_BITS
