"""The word by which a phone without OpenPGP says that an alert was seen: made per copy, stored nowhere.

Four octets name the delivery, six are a proof that only we can make. It is in the Subject of that copy, so
whoever carries the mail can read it: it says "seen", and grants nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence

from tldops_bot.domain.token import TOKEN_BYTES, token_octets, write_token

_NUMBER_OCTETS = 4


def make(delivery_id: int, keys: Sequence[bytes]) -> str:
    """The token of a delivery, proven by the first key: "7F3K-9QWX-2M4T-B8RD"."""
    number = (delivery_id % (1 << 8 * _NUMBER_OCTETS)).to_bytes(_NUMBER_OCTETS)
    return write_token(number + _proof(number, keys[0]))


def read(token: str, keys: Sequence[bytes]) -> int | None:
    """The delivery a token (as `read_token` returns it) was made for; None if no key proves it."""
    octets = token_octets(token)
    number, proof = octets[:_NUMBER_OCTETS], octets[_NUMBER_OCTETS:]
    proven = [hmac.compare_digest(_proof(number, key), proof) for key in keys]
    return int.from_bytes(number) if any(proven) else None


def _proof(number: bytes, key: bytes) -> bytes:
    mac = hmac.new(key, b"seen " + number, hashlib.sha256).digest()
    return mac[: TOKEN_BYTES - _NUMBER_OCTETS]
