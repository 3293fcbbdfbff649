"""Whether a recipient may still have a mail at the moment it is delivered, and in what form."""

from dataclasses import dataclass
from enum import StrEnum

from tldops_bot.domain.address import address_key
from tldops_bot.domain.outgoing import Entitled, Kind


class Treatment(StrEnum):
    """What is done with one copy of a mail."""

    ENCRYPT = "encrypt"
    SIGN_ONLY = "sign-only"
    HOLD = "hold"  # until the recipient's key is mended
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Right:
    """What is done with a copy and, if nothing goes, why."""

    treatment: Treatment
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows about a recipient now."""

    is_served: bool  # listed for a TLD, or in the committee or secretariat
    is_forgotten: bool
    addresses: tuple[str, ...]
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right by which a mail was addressed when it was written."""

    kind: Kind
    is_confidential: bool
    entitled: Entitled
    address: str
    fingerprint: str | None


LEFT = Right(Treatment.DROP, "left")
MOVED = Right(Treatment.DROP, "moved")
NO_KEY = Right(Treatment.DROP, "no-key")


def right_to(claim: Claim, known: Known | None, has_key: bool) -> Right:
    """What a recipient gets now. `has_key`: there is a usable certificate to encrypt to.

    A member's or a confidential mail goes to a stored address only; a notice about a changed address may go
    to the one before. A reply may quote what its sender had encrypted, so it goes to that very key.
    """
    if claim.entitled is Entitled.ADDRESS:
        return NO_KEY if claim.is_confidential else Right(Treatment.SIGN_ONLY)
    if claim.entitled is Entitled.KEY:
        return Right(Treatment.ENCRYPT) if has_key else NO_KEY
    if known is None or known.is_forgotten or (claim.entitled is Entitled.MEMBER and not known.is_served):
        return LEFT
    must_encrypt = claim.entitled is Entitled.MEMBER or claim.is_confidential
    if must_encrypt and not _is_stored(claim.address, known.addresses):
        return MOVED
    if claim.kind is Kind.REPLY and must_encrypt and claim.fingerprint not in (None, known.fingerprint):
        return NO_KEY
    return Right(Treatment.ENCRYPT) if has_key else without_key(claim)


def _is_stored(address: str, stored: tuple[str, ...]) -> bool:
    return address in stored or address_key(address) in {address_key(one) for one in stored}


def without_key(claim: Claim) -> Right:
    """What becomes of a copy that can't be encrypted: confidential mail never goes unencrypted."""
    if claim.entitled is Entitled.MEMBER and claim.kind is Kind.ALERT:
        return Right(Treatment.HOLD, "no-key")
    if claim.entitled is Entitled.PERSON and not claim.is_confidential:
        return Right(Treatment.SIGN_ONLY)
    return NO_KEY
