"""OpenPGP packets, read far enough to route a message (RFC 9580 sections 4 and 5); the verdict is gpg's.

All of this comes from strangers: every reader has a limit, and anything odd is refused.
"""

import bz2
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from tldops_bot.mail.openpgp_armor import SIGNATURE, BadArmor, dearmor
from tldops_bot.mail.openpgp_framing import BadPackets as BadPackets
from tldops_bot.mail.openpgp_framing import Packet, take
from tldops_bot.mail.openpgp_framing import packets as packets

PKESK, SIGNATURE_TAG, SKESK, ONE_PASS, COMPRESSED, LITERAL = 1, 2, 3, 4, 8, 11
MARKER, SEIPD, AEAD, PADDING = 10, 18, 20, 21
PUBLIC_KEY_TAG = 6
TRUST_TAG = 12  # a program's own marks, RFC 9580 section 5.10
_CREATED, _ISSUER_KEY_ID, _NOTATION, _ISSUER_FINGERPRINT = 2, 16, 20, 33
_LAST_KNOWN = 35  # kinds of subpackets that GnuPG 2.2 knows
MAX_RECIPIENTS = 32
MAX_SIGNATURE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who a signature says made it, and when: upper-case hex, "" or None if it does not say."""

    fingerprint: str
    key_id: str
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """One one-pass signature packet, one literal, one signature."""

    literal: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class UnsignedMessage:
    """A literal and nothing else."""

    literal: bytes


# --- messages


def split_signed_message(octets: bytes, limit_bytes: int) -> SignedMessage | None:
    """The parts of a message with exactly one signature, or None."""
    try:
        opened = open_message(octets, limit_bytes)
    except BadPackets:
        return None
    return opened if isinstance(opened, SignedMessage) else None


def open_message(octets: bytes, limit_bytes: int) -> SignedMessage | UnsignedMessage:
    """What is in an unencrypted OpenPGP message, perhaps inside one layer of compression.

    Raises BadPackets: several_signatures, too_large, or malformed_block for any other arrangement.
    """
    inside = _significant(octets)
    if [packet.tag for packet in inside] == [COMPRESSED]:
        inside = _significant(decompress(inside[0].body, limit_bytes))
    tags = [packet.tag for packet in inside]
    if tags == [LITERAL]:
        return UnsignedMessage(_literal(inside[0].body, limit_bytes))
    if tags == [ONE_PASS, LITERAL, SIGNATURE_TAG]:
        return SignedMessage(_literal(inside[1].body, limit_bytes), inside[2].octets)
    several = tags.count(SIGNATURE_TAG) > 1 or tags.count(ONE_PASS) > 1
    raise BadPackets("several_signatures" if several else "malformed_block")


def _significant(octets: bytes) -> list[Packet]:
    """Without marker and padding packets, which RFC 9580 tells us to ignore."""
    return [packet for packet in packets(octets) if packet.tag not in {MARKER, PADDING}]


def _literal(body: bytes, limit_bytes: int) -> bytes:
    name_length = take(body, 1, 1)[0][0]
    start = 2 + name_length + 4  # format, length of the name, name, date
    if len(body) < start:
        raise BadPackets
    if len(body) - start > limit_bytes:
        raise BadPackets("too_large")
    return body[start:]


def decompress(body: bytes, limit_bytes: int) -> bytes:
    """The inside of a compressed packet, RFC 9580 section 5.6.

    Raises BadPackets: too_large at the limit, where it stops inflating, else malformed_block.
    """
    method, data = body[:1], body[1:]
    try:
        match method:
            case b"\x00":
                return data
            case b"\x01":
                return _inflate(zlib.decompressobj(-15), data, limit_bytes)
            case b"\x02":
                return _inflate(zlib.decompressobj(), data, limit_bytes)
            case b"\x03":
                return _inflate(bz2.BZ2Decompressor(), data, limit_bytes)
    except (zlib.error, OSError) as error:
        raise BadPackets from error
    raise BadPackets


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...


def _inflate(machine: _Decompressor, data: bytes, limit_bytes: int) -> bytes:
    inflated = machine.decompress(data, limit_bytes)
    if machine.eof:
        return inflated
    # Not at the end: either there is more than we take, or the data is cut off.
    raise BadPackets("too_large" if len(inflated) >= limit_bytes else "malformed_block")


def check_encrypted(octets: bytes) -> tuple[str, ...]:
    """The key IDs an encrypted message is for (zeros: hidden); raises BadPackets for anything else.

    Only session keys and then one integrity-protected container: a compressed packet round it would
    inflate without limit while it is decrypted.
    """
    found = list(packets(octets))
    if not found or found[-1].tag not in {SEIPD, AEAD}:
        raise BadPackets
    keys = [packet for packet in found[:-1] if packet.tag not in {MARKER, PADDING}]
    if any(packet.tag not in {PKESK, SKESK} for packet in keys) or len(keys) > MAX_RECIPIENTS:
        raise BadPackets
    return tuple(packet.body[1:9].hex().upper() for packet in keys if packet.tag == PKESK)


# --- keys

# Primary key, subkey, signature, user ID, user attribute, trust, marker; no secret key among them.
_CERTIFICATE_TAGS = frozenset({PUBLIC_KEY_TAG, 14, SIGNATURE_TAG, 13, 17, TRUST_TAG, MARKER, PADDING})
MAX_CERTIFICATE_PACKETS = 1000


def split_certificates(octets: bytes) -> list[bytes]:
    """The certificates in binary key data; raises BadPackets at anything else, such as a secret key."""
    groups: list[bytearray] = []
    for packet in packets(octets, MAX_CERTIFICATE_PACKETS):
        if packet.tag not in _CERTIFICATE_TAGS:
            raise BadPackets
        if packet.tag == PUBLIC_KEY_TAG or not groups:
            groups.append(bytearray())
        groups[-1] += packet.octets
    return [bytes(group) for group in groups]


def primary_fingerprint(certificate: bytes) -> str:
    """The fingerprint of a binary version 4 certificate; "" if there is none."""
    try:
        first = next(packets(certificate, MAX_CERTIFICATE_PACKETS), None)
    except BadPackets:
        return ""
    return key_fingerprint(first.body) if first is not None and first.tag == PUBLIC_KEY_TAG else ""


def key_fingerprint(body: bytes) -> str:
    """From the body of a version 4 key or subkey packet (RFC 9580 section 5.5.4.2); else ""."""
    if body[:1] != b"\x04" or len(body) > 65_535:
        return ""
    hashed = b"\x99" + len(body).to_bytes(2) + body
    return hashlib.sha1(hashed, usedforsecurity=False).hexdigest().upper()


# --- signatures


def signature_issuers(octets: bytes) -> tuple[Issuer, ...]:
    """Who each signature packet names as its maker; () unless there are only signature packets."""
    try:
        found = signature_packets(octets)
        return tuple(issuer_of(packet.body) for packet in found)
    except BadPackets:
        return ()


def signature_problem(octets: bytes) -> str:
    """Why a signature can't be attributed to one key, one of verdict.REASONS; "" if it can."""
    try:
        issuers = [issuer_of(packet.body) for packet in signature_packets(octets)]
    except BadPackets as problem:
        return problem.reason
    if len(issuers) > 1:
        return "several_signatures"
    return "" if issuers[0].key_id else "unsupported_signature"


def signature_packets(octets: bytes) -> list[Packet]:
    """A detached signature, armored or not; raises BadPackets if there are other packets in it."""
    if len(octets) > MAX_SIGNATURE_BYTES:
        raise BadPackets("too_large")
    try:
        found = _significant(dearmor(octets, SIGNATURE))
    except BadArmor as error:
        raise BadPackets from error
    if not found or any(packet.tag != SIGNATURE_TAG for packet in found):
        raise BadPackets
    return found


def demands_the_unknown(octets: bytes) -> bool:
    """Whether a signature calls critical what gpg does not know, which makes it bad whatever it covers.

    RFC 9580 section 5.2.3.7: notations (gpg knows none), and subpackets that came after it.
    """
    try:
        bodies = [packet.body for packet in signature_packets(octets)]
        hashed = [_counted(body, 4)[0] for body in bodies if body[:1] == b"\x04"]
        kinds = [kind for area in hashed for kind, _ in _marked_subpackets(area)]
    except BadPackets:
        return False
    return any(kind & 0x80 and (kind & 0x7F == _NOTATION or kind & 0x7F > _LAST_KNOWN) for kind in kinds)


def issuer_of(body: bytes) -> Issuer:
    """What the body of one signature packet says; raises BadPackets."""
    version = body[0] if body else 0
    if version == 3 and len(body) >= 15:
        return Issuer("", body[7:15].hex().upper(), _moment(body[3:7]))
    if version != 4:
        return Issuer("", "")
    hashed, at = _counted(body, 4)
    unhashed, _ = _counted(body, at)
    # Hashed subpackets come first, and the first of a kind wins.
    said = dict(reversed([*_subpackets(hashed), *_subpackets(unhashed)]))
    of_version, fingerprint = said.get(_ISSUER_FINGERPRINT, b"")[:1], said.get(_ISSUER_FINGERPRINT, b"")[1:]
    if of_version != b"\x04" or len(fingerprint) != 20:
        fingerprint = b""
    key_id = said.get(_ISSUER_KEY_ID, fingerprint[-8:])
    return Issuer(fingerprint.hex().upper(), key_id[:8].hex().upper(), _moment(said.get(_CREATED, b"")))


def _moment(octets: bytes) -> datetime | None:
    return datetime.fromtimestamp(int.from_bytes(octets), UTC) if len(octets) == 4 else None


def _counted(body: bytes, at: int) -> tuple[bytes, int]:
    return take(body, at + 2, int.from_bytes(take(body, at, 2)[0]))


def _subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    """The critical bit is removed from the type."""
    return ((kind & 0x7F, content) for kind, content in _marked_subpackets(area))


def _marked_subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    """RFC 9580 section 5.2.3.7."""
    at = 0
    while at < len(area):
        length, at = _subpacket_length(area, at)
        content, at = take(area, at, length)
        if not content:
            raise BadPackets
        yield content[0], content[1:]


def _subpacket_length(area: bytes, at: int) -> tuple[int, int]:
    first = area[at]
    if first < 192:
        return first, at + 1
    if first < 255:
        return ((first - 192) << 8) + take(area, at + 1, 1)[0][0] + 192, at + 2
    return int.from_bytes(take(area, at + 1, 4)[0]), at + 5
