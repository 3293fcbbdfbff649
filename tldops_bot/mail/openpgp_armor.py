"""ASCII armor: where its blocks stand in a text, and the octets in them (RFC 9580 sections 6 and 7).

The CRC is not looked at: RFC 9580 section 6.1 forbids refusing for it, and signatures and MDC say more.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cache

MESSAGE = "MESSAGE"
SIGNATURE = "SIGNATURE"
SIGNED_MESSAGE = "SIGNED MESSAGE"
PUBLIC_KEY = "PUBLIC KEY BLOCK"
BROKEN = "BROKEN"

_EDGE = re.compile(rb"^-----(BEGIN|END) PGP ([A-Z ]{1,40})-----[ \t]*(?:\r?\n|\r?\Z)", re.MULTILINE)
_HEADER = re.compile(rb"[A-Za-z0-9-]{1,40}:(?:[ \t].*)?")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


class BadArmor(ValueError):
    """There is no readable armor here."""


@dataclass(frozen=True, slots=True)
class Block:
    """From the first dashed line to the end of the last; `kind` is BROKEN if there is no proper end."""

    kind: str
    start: int
    end: int


def find_blocks(octets: bytes) -> list[Block]:
    """Every block that starts at the start of a line, in order; each line is looked at once."""
    found: list[Block] = []
    kind, start, expected = "", 0, ""
    for edge in _EDGE.finditer(octets):
        word, what = edge[1].decode(), edge[2].decode()
        if not kind:
            kind, start = (what, edge.start()) if word == "BEGIN" else ("", 0)
            expected = f"BEGIN {SIGNATURE}" if what == SIGNED_MESSAGE else f"END {what}"
        elif f"{word} {what}" == f"BEGIN {SIGNATURE}" == expected:
            expected = f"END {SIGNATURE}"
        elif f"{word} {what}" == expected:
            found.append(Block(kind, start, edge.end()))
            kind = ""
        else:
            kind, expected = BROKEN, ""
    return [*found, Block(BROKEN, start, len(octets))] if kind else found


def dearmor(octets: bytes, kind: str) -> bytes:
    """The octets in the one block of this kind; binary OpenPGP data is returned as it is.

    Raises BadArmor if there is no such block, more than one, or it is not base64.
    """
    if octets[:1] >= b"\x80":
        return octets
    found = find_blocks(octets)
    if [block.kind for block in found] != [kind]:
        raise BadArmor
    return decode(octets[found[0].start : found[0].end])


def decode(block: bytes) -> bytes:
    """The octets of one block: armor headers, a blank line, base64, perhaps a CRC. Raises BadArmor."""
    lines = [line.strip() for line in block.strip().split(b"\n")[1:-1]]
    start = next((at for at, line in enumerate(lines) if not _HEADER.fullmatch(line)), len(lines))
    if start and lines[start : start + 1] != [b""]:
        raise BadArmor
    text = b"".join(line for line in lines[start:] if not line.startswith(b"="))
    if not _BASE64.fullmatch(text):
        raise BadArmor
    try:
        return binascii.a2b_base64(text)
    except binascii.Error as error:
        raise BadArmor from error


def encode(octets: bytes, kind: str) -> bytes:
    """Octets in ASCII armor, with the checksum that RFC 9580 section 6.1 gives up.

    GnuPG 2.2 needs it: without one it takes the last line for data, unless that is padded.
    """
    label = f"PGP {kind}".encode() if not kind.startswith("PGP ") else kind.encode()
    lines = base64.encodebytes(octets) + b"=" + base64.b64encode(_crc24(octets).to_bytes(3)) + b"\n"
    return b"-----BEGIN " + label + b"-----\n\n" + lines + b"-----END " + label + b"-----\n"


def _crc24(octets: bytes) -> int:
    """RFC 4880 section 6.1, an octet at a time."""
    crc, table = 0xB704CE, _crc_table()
    for octet in octets:
        crc = (crc << 8 & 0xFFFFFF) ^ table[crc >> 16 ^ octet]
    return crc


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        crc = octet << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
        table.append(crc & 0xFFFFFF)
    return tuple(table)
