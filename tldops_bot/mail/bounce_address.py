"""The address to which a delivery's bounce comes back, with a proof in it that only we can make."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from tldops_bot.domain.list_address import ListAddress

_TAG = re.compile(r"b\.([1-9][0-9]{0,17})\.([a-z2-7]{16})")
_PROOF_OCTETS = 10


def make(home: ListAddress, delivery_id: int, keys: Sequence[bytes]) -> str:
    """A delivery's MAIL FROM, proven by the first key; ValueError if it doesn't fit into 64 octets."""
    return home.with_tag(f"b.{delivery_id}.{_proof(delivery_id, keys[0])}")


def read(home: ListAddress, rcpt_to: str, keys: Sequence[bytes]) -> int | None:
    """The delivery a bounce is about; None for any other address, and for one that no key proves."""
    found = _TAG.fullmatch(home.tag(rcpt_to))
    if found is None:
        return None
    delivery_id = int(found[1])
    proven = [hmac.compare_digest(_proof(delivery_id, key), found[2]) for key in keys]
    return delivery_id if any(proven) else None


def _proof(delivery_id: int, key: bytes) -> str:
    mac = hmac.new(key, f"bounce {delivery_id}".encode(), hashlib.sha256).digest()
    return base64.b32encode(mac[:_PROOF_OCTETS]).decode().lower()
