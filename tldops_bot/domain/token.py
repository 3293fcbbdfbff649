"""Tokens: words of 80 bits that people can copy by hand; only a digest is stored."""

import base64
import hashlib
import re
from enum import StrEnum

TOKEN_BYTES = 10
ROUTE_BYTES = 8
ANSWER_LINE = "----- write your answer above this line -----"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_OURS = str.maketrans(_STANDARD, _ALPHABET)
_TO_STANDARD = str.maketrans(_ALPHABET, _STANDARD)
_MISREAD = str.maketrans("OIL", "011")
_SHAPE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-?){3}[0-9A-HJKMNP-TV-Z]{4}")


class Purpose(StrEnum):
    """What a token asks; commands/_answers.py says what its return does."""

    PROVE = "prove"
    VOUCH = "vouch"
    OBJECT = "object"
    CARRY_OUT = "carry_out"
    EMERGENCY = "emergency"
    OLD_ADDRESS = "old_address"
    NEW_ADDRESS = "new_address"
    KEY_NEW = "key_new"
    KEY_STOP = "key_stop"
    KEY_COSIGN = "key_cosign"
    STILL_RIGHT = "still_right"
    COLLEAGUE = "colleague"
    MAILBOX = "mailbox"
    LEAVE = "leave"
    STAY = "stay"
    UNDO = "undo"
    INVITE = "invite"
    UPDATE = "update"
    WAKE = "wake"


def write_token(random: bytes) -> str:
    """Ten random octets as "7F3K-9QWX-2M4T-B8RD". Raises ValueError for another length."""
    if len(random) != TOKEN_BYTES:
        raise ValueError(f"a token is made of {TOKEN_BYTES} octets")
    letters = base64.b32encode(random).decode().translate(_TO_OURS)
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def read_token(text: str) -> str | None:
    """The token somebody typed, in canonical form, or None.

    Small letters, O for 0 and I or L for 1 are forgiven.
    """
    cleaned = text.strip().strip("<>\"'`*.,;()").upper().translate(_MISREAD)
    if not _SHAPE.fullmatch(cleaned):
        return None
    letters = cleaned.replace("-", "")
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def token_octets(token: str) -> bytes:
    """The octets a token was written from; it must be in the form that `read_token` returns."""
    return base64.b32decode(token.replace("-", "").translate(_TO_STANDARD))


def token_digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def write_route(random: bytes) -> str:
    """Octets as the lower-case word that routes an answer to us. It proves nothing."""
    return base64.b32encode(random).decode().rstrip("=").lower()
