"""What is left out of a key before gpg sees it; of a well-connected key, most (RFC 9580 section 10.1)."""

import re
from collections.abc import Callable, Collection

from tldops_bot.domain.address import address_key
from tldops_bot.mail.openpgp_packets import (
    PUBLIC_KEY_TAG,
    SIGNATURE_TAG,
    BadPackets,
    issuer_of,
    packets,
    primary_fingerprint,
)

MAX_KEY_PACKETS = 5000
_USER_ID, _SUBKEY, _USER_ATTRIBUTE = 13, 14, 17
_ADDRESS_LIKE = re.compile(r"[^\s<>()\[\]\",;:]+@[^\s<>()\[\]\",;:]+")
_CERTIFICATIONS = frozenset({0x10, 0x11, 0x12, 0x13})


def without_certifications(octets: bytes) -> bytes:
    """Binary key data with only what each primary key says itself; unchanged if it can't be read."""
    kept: list[bytes] = []
    own = ""
    try:
        for packet in packets(octets, MAX_KEY_PACKETS):
            if packet.tag == PUBLIC_KEY_TAG:
                own = primary_fingerprint(packet.octets)
            if packet.tag != SIGNATURE_TAG or not _is_by_another(packet.body, own):
                kept.append(packet.octets)
    except BadPackets:
        return octets
    return b"".join(kept)


def for_others(octets: bytes, own: Collection[str], is_anothers: Callable[[str], bool]) -> bytes:
    """A binary certificate as others get it: no pictures, and only the user IDs that name its owner's addresses.

    Anybody writes anybody's name into a key, and programs choose by it whom they encrypt to. Of a key that names
    none of the owner's (who has moved, say), those remain that name nobody else here. b"" if there is none; unchanged
    if it can't be read. `own` and what `is_anothers` is asked about are as `address_key` has them.
    """
    try:
        found = list(packets(octets, MAX_KEY_PACKETS))
    except BadPackets:
        return octets
    named = {one.body: _named(one.body) for one in found if one.tag == _USER_ID}
    kept = {body for body, addresses in named.items() if addresses and addresses <= set(own)}
    kept = kept or {body for body, addresses in named.items() if not any(map(is_anothers, addresses))}
    if named and not kept:
        return b""
    pieces: list[bytes] = []
    is_kept = True
    for packet in found:
        if packet.tag in (_USER_ID, _USER_ATTRIBUTE, _SUBKEY):
            is_kept = packet.tag == _SUBKEY or (packet.tag == _USER_ID and packet.body in kept)
        if is_kept:
            pieces.append(packet.octets)
    return b"".join(pieces)


def _named(user_id: bytes) -> frozenset[str]:
    """All that looks like an address in a user ID, wherever it stands."""
    words = _ADDRESS_LIKE.findall(user_id.decode(errors="replace"))
    return frozenset(address_key(word) for word in words)


def _is_by_another(signature: bytes, own: str) -> bool:
    """A certification, not a revocation, by a key other than this one."""
    kind = signature[2:3] if signature[:1] == b"\x03" else signature[1:2]
    if not own or not kind or kind[0] not in _CERTIFICATIONS:
        return False
    issuer = issuer_of(signature)
    return bool(issuer.key_id) and not own.endswith(issuer.key_id)
