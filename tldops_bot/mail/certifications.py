"""What others have certified of a key, left out before anybody looks at it: of a well-connected key it is most.

Nothing here relies on it, and gpg would drop it (RFC 9580 sections 5.2.1 and 10.1).
"""

from tldops_bot.mail.openpgp_packets import (
    PUBLIC_KEY_TAG,
    SIGNATURE_TAG,
    BadPackets,
    issuer_of,
    packets,
    primary_fingerprint,
)

MAX_KEY_PACKETS = 5000
_USER_ATTRIBUTE = 17
_CERTIFICATIONS = frozenset({0x10, 0x11, 0x12, 0x13})


def without_certifications(octets: bytes) -> bytes:
    """Binary key data with what each primary key says itself; unchanged where it can't be read."""
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


def without_pictures(octets: bytes) -> bytes:
    """Binary key data without photographs, and what was signed over them; unchanged where it can't be read."""
    kept: list[bytes] = []
    is_picture = False
    try:
        for packet in packets(octets, MAX_KEY_PACKETS):
            if packet.tag != SIGNATURE_TAG:
                is_picture = packet.tag == _USER_ATTRIBUTE
            if not is_picture:
                kept.append(packet.octets)
    except BadPackets:
        return octets
    return b"".join(kept)


def _is_by_another(signature: bytes, own: str) -> bool:
    """A certification, not a revocation, that names another key than this as its maker."""
    kind = signature[2:3] if signature[:1] == b"\x03" else signature[1:2]
    if not own or not kind or kind[0] not in _CERTIFICATIONS:
        return False
    issuer = issuer_of(signature)
    return bool(issuer.key_id) and not own.endswith(issuer.key_id)
