"""What is known about a signature: good, bad (and why) or none; age and replay are judged elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignatureStanding(StrEnum):
    """Whether a mail carries a good signature, a bad one, or none."""

    GOOD = "good"
    BAD = "bad"
    NONE = "none"


# Everything that can be wrong with a mail before its commands are read; each has its own template.
REASONS = (
    # the signature
    "unknown_key",
    "bad_signature",
    "expired_key",
    "revoked_key",
    "expired_signature",
    "weak_hash",
    "unsupported_signature",
    "several_signatures",
    "no_signature_inside",
    "text_outside_block",
    "malformed_block",
    "too_large",
    # the encryption
    "not_encrypted_to_list",
    "not_decryptable",
    # the mail around both
    "signature_around_encryption",
    "signature_misplaced",
    "malformed_mail",
    "too_complex",
    "undecodable_text",
    "no_plain_text",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one signature; `fingerprint` is the primary key's, 40 upper-case hex digits."""

    standing: SignatureStanding
    reason: str = ""
    fingerprint: str = ""
    signed_at: datetime | None = None
    signature_hash: str = ""

    @property
    def is_good(self) -> bool:
        return self.standing is SignatureStanding.GOOD


UNSIGNED = Verdict(SignatureStanding.NONE)

# A mail without any signature may be refused for these too.
UNSIGNED_REASONS = frozenset({"no_plain_text", "undecodable_text", "too_large"})


def unsigned(reason: str) -> Verdict:
    """The verdict on a mail that is unsigned and can't be read; `reason` is one of UNSIGNED_REASONS."""
    if reason not in UNSIGNED_REASONS:
        raise ValueError(f"no such reason: {reason}")
    return Verdict(SignatureStanding.NONE, reason)


def bad(reason: str, fingerprint: str = "") -> Verdict:
    """A verdict that refuses; `reason` is one of REASONS."""
    if reason not in REASONS:
        raise ValueError(f"no such reason: {reason}")
    return Verdict(SignatureStanding.BAD, reason, fingerprint)
