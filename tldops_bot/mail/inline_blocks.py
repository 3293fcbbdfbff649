"""The one inline OpenPGP block in a text, cut out verbatim, and what must not be in it (RFC 9580, 7)."""

import re

from tldops_bot.mail.attached_keys import keys_in, without_keys
from tldops_bot.mail.bodies import Body, Found, InlineEncrypted, InlineSigned, Unreadable
from tldops_bot.mail.openpgp_armor import (
    BROKEN,
    MESSAGE,
    SIGNATURE,
    SIGNED_MESSAGE,
    BadArmor,
    Block,
    decode,
    encode,
    find_blocks,
)
from tldops_bot.mail.signature_hint import hint_of

MAX_LINE_BYTES = 998
OUTSIDE = "text outside the OpenPGP block"

_HASH = re.compile(rb"Hash:[ \t]*(SHA256|SHA384|SHA512)[ \t]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_SIGNATURE_START = re.compile(rb"^-----BEGIN PGP SIGNATURE-----", re.MULTILINE)
_STUFFED = re.compile(rb"^ ", re.MULTILINE)
_WITHOUT_HASH = re.compile(rb"\A-----BEGIN PGP SIGNED MESSAGE-----[ \t]*(\r?\n)(?=\r?\n)")
_STRONG = ("sha256", "sha384", "sha512")


def message_blocks(octets: bytes) -> list[Block]:
    """The blocks that claim to be the message; keys and lone signatures don't."""
    return [block for block in find_blocks(octets) if block.kind in {SIGNED_MESSAGE, MESSAGE, BROKEN}]


def inline_body(octets: bytes, charset: str, is_flowed: bool = False) -> Found | None:
    """The message in a text, or None if there is no block in it."""
    found = message_blocks(octets)
    if not found:
        return None
    if len(found) > 1:
        return Found(Unreadable("several_signatures"))
    block = found[0]
    rest = octets[: block.start] + octets[block.end :]
    ignored = (OUTSIDE,) if without_keys(rest).strip() else ()
    body = _body(octets[block.start : block.end], block.kind, charset, is_flowed)
    return Found(body, tuple(keys_in(rest)), ignored)


def _body(octets: bytes, kind: str, charset: str, is_flowed: bool) -> Body:
    if kind == SIGNED_MESSAGE:
        return InlineSigned(octets, charset, is_flowed and unstuffed(octets) != octets)
    return InlineEncrypted(octets, charset) if kind == MESSAGE else Unreadable("malformed_block", "cut_off")


def clearsign_problem(block: bytes) -> str:
    """Why gpg must not see this cleartext-signed block, or ""; it says "good" to more than was signed.

    gpg 2.2 accepts NotDashEscaped (any text then passes for armor) and lines that end in a form feed.
    """
    found = find_blocks(block)
    if [one.kind for one in found] != [SIGNED_MESSAGE]:
        return "malformed_block"
    if (block[: found[0].start] + block[found[0].end :]).strip():
        return "text_outside_block"
    start = _SIGNATURE_START.search(block)
    lines = block[: start.start() if start else 0].replace(b"\r\n", b"\n").split(b"\n")[1:-1]
    if b"" not in lines or _CONTROL.search(block) or any(len(line) > MAX_LINE_BYTES for line in lines):
        return "malformed_block"
    headers, text = lines[: lines.index(b"")], lines[lines.index(b"") + 1 :]
    if len(headers) > 1 or any(not _HASH.fullmatch(line) for line in headers):
        return "weak_hash" if _is_weak_hash_alone(headers) else "malformed_block"
    has_loose_dash = any(line.startswith(b"-") and not line.startswith(b"- ") for line in text)
    return "malformed_block" if has_loose_dash else ""


def clearsign_lines(block: bytes) -> list[bytes]:
    """The lines of text in a cleartext-signed block, still dash-escaped; [] if there are none."""
    start = _SIGNATURE_START.search(block)
    lines = block[: start.start() if start else 0].replace(b"\r\n", b"\n").split(b"\n")[1:-1]
    return lines[lines.index(b"") + 1 :] if b"" in lines else []


def _is_weak_hash_alone(headers: list[bytes]) -> bool:
    return len(headers) == 1 and bool(re.fullmatch(rb"Hash:[ \t]*[A-Z0-9-]{1,12}[ \t]*", headers[0]))


def unstuffed(block: bytes) -> bytes:
    """Without the blank that a flowed text has in front of lines that start with one (RFC 3676 section 4.4)."""
    return _STUFFED.sub(b"", block)


def for_gnupg(block: bytes) -> bytes:
    """The same block, as RFC 9580 programs leave it out: the checksum, and the hash that the signature names.

    Without checksum GnuPG 2.2 takes the last line of the signature for one, unless that is padded; without
    `Hash:` it computes MD5. Neither is signed, and what hash it was the signature says in what it covers.
    """
    start, signature = _SIGNATURE_START.search(block), clearsign_signature(block)
    if not start or not signature:
        return block
    text, hint = block[: start.start()], hint_of(signature)
    if hint and hint.hash_name in _STRONG:
        named = b"Hash: " + hint.hash_name.upper().encode()
        text = _WITHOUT_HASH.sub(rb"-----BEGIN PGP SIGNED MESSAGE-----\1" + named + rb"\1", text)
    return text + encode(signature, SIGNATURE)


def bare_block(block: bytes) -> bytes:
    """The block as it came, unless it says more in its armor than it must, or less than GnuPG needs."""
    anew = for_gnupg(block)
    return block if b"".join(block.split()) == b"".join(anew.split()) else anew


def clearsign_signature(block: bytes) -> bytes:
    """The signature in a cleartext-signed block, binary; b"" if there is none that can be read."""
    start = _SIGNATURE_START.search(block)
    found = find_blocks(block[start.start() :]) if start else []
    if not start or [one.kind for one in found] != [SIGNATURE]:
        return b""
    try:
        return decode(block[start.start() :][found[0].start : found[0].end])
    except BadArmor:
        return b""
