"""OpenPGP packets cut apart, old and new format (RFC 9580 section 4.2); it stops at the first odd octet."""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_PACKETS = 64


class BadPackets(ValueError):
    """These octets are not an OpenPGP message that we can read; `reason` is one of verdict.REASONS."""

    def __init__(self, reason: str = "malformed_block") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; `octets` is the whole of it, header included."""

    tag: int
    body: bytes
    octets: bytes


def packets(octets: bytes, max_packets: int = MAX_PACKETS) -> Iterator[Packet]:
    """The packets one after the other; raises BadPackets at the first odd one."""
    at = 0
    for _ in range(max_packets):
        if at == len(octets):
            return
        packet, at = _packet(octets, at)
        yield packet
    if at != len(octets):
        raise BadPackets


def _packet(octets: bytes, start: int) -> tuple[Packet, int]:
    first = octets[start]
    if not first & 0x80:
        raise BadPackets
    if first & 0x40:
        body, end = _new_body(octets, start + 1)
        return Packet(first & 0x3F, body, octets[start:end]), end
    body, end = _old_body(octets, start + 1, first & 3)
    return Packet(first >> 2 & 0x0F, body, octets[start:end]), end


def _old_body(octets: bytes, at: int, length_type: int) -> tuple[bytes, int]:
    # Length type 3 means "to the end"; gpg writes it for compressed data.
    if length_type == 3:
        return octets[at:], len(octets)
    width = 1 << length_type
    return take(octets, at + width, int.from_bytes(take(octets, at, width)[0]))


def _new_body(octets: bytes, at: int) -> tuple[bytes, int]:
    chunks: list[bytes] = []
    while True:
        length, at, is_partial = _new_length(octets, at)
        chunk, at = take(octets, at, length)
        chunks.append(chunk)
        if not is_partial:
            return b"".join(chunks), at


def _new_length(octets: bytes, at: int) -> tuple[int, int, bool]:
    """RFC 9580 section 4.2.1: the length, where the body starts, and whether another length follows it."""
    first = take(octets, at, 1)[0][0]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        return ((first - 192) << 8) + take(octets, at + 1, 1)[0][0] + 192, at + 2, False
    if first < 255:
        return 1 << (first & 0x1F), at + 1, True
    return int.from_bytes(take(octets, at + 1, 4)[0]), at + 5, False


def take(octets: bytes, at: int, count: int) -> tuple[bytes, int]:
    """That many octets, and where they end; raises BadPackets if there are fewer."""
    taken = octets[at : at + count]
    if len(taken) != count:
        raise BadPackets
    return taken, at + count
