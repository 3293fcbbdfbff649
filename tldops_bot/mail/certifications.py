"""What is left out of a key before gpg sees it; of a well-connected key, most (RFC 9580 section 10.1)."""

from tldops_bot.mail.openpgp_packets import (
    PUBLIC_KEY_TAG,
    SIGNATURE_TAG,
    BadPackets,
    Issuer,
    issuer_of,
    key_fingerprint,
    packets,
    primary_fingerprint,
)

MAX_KEY_PACKETS = 5000
_SUBKEY, _USER_ATTRIBUTE = 14, 17
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


def without_pictures(octets: bytes) -> bytes:
    """Binary key data without photographs and what was signed over them; unchanged if it can't be read."""
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


def without_other_subkeys(certificate: bytes, issuer: Issuer) -> bytes:
    """A binary certificate with only the subkey that a signature names; unchanged if it names none."""
    names = (issuer.fingerprint or issuer.key_id, issuer.key_id)
    kept: list[bytes] = []
    is_other = False
    try:
        for packet in packets(certificate, MAX_KEY_PACKETS):
            if packet.tag == _SUBKEY:
                is_other = not key_fingerprint(packet.body).endswith(names)
            if not is_other:
                kept.append(packet.octets)
    except BadPackets:
        return certificate
    return b"".join(kept)


def _is_by_another(signature: bytes, own: str) -> bool:
    """A certification, not a revocation, by a key other than this one."""
    kind = signature[2:3] if signature[:1] == b"\x03" else signature[1:2]
    if not own or not kind or kind[0] not in _CERTIFICATIONS:
        return False
    issuer = issuer_of(signature)
    return bool(issuer.key_id) and not own.endswith(issuer.key_id)
