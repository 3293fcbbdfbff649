"""OpenPGP public keys sent with a mail: attached (RFC 3156 section 7), as .asc files, or in its text."""

from collections.abc import Iterable, Iterator

from tldops_bot.mail.certifications import without_certifications
from tldops_bot.mail.charsets import decode_transfer
from tldops_bot.mail.mime_slices import Part
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, BadArmor, decode, find_blocks

MAX_KEYS = 5
MAX_KEY_BYTES = 128 * 1024
MAX_ARMOR_BYTES = 3_000_000  # with other people's certifications, which are left out
KEY_SUFFIXES = (".asc", ".gpg", ".pgp", ".key", ".pub", ".txt")
# The first octet of a public key packet, in the old and in the new format.
_PUBLIC_KEY_STARTS = frozenset({0x98, 0x99, 0x9A, 0xC6})


def bounded(keys: Iterable[bytes]) -> tuple[bytes, ...]:
    """Each key once, up to as many as are looked at."""
    kept: list[bytes] = []
    for key in dict.fromkeys(keys):
        if len(kept) == MAX_KEYS or sum(map(len, kept)) + len(key) > MAX_KEY_BYTES:
            break
        kept.append(key)
    return tuple(kept)


def keys_in_parts(parts: Iterable[Part]) -> Iterator[bytes]:
    """The keys in all these parts, binary, in the order of the mail."""
    for part in parts:
        if may_hold_key(part):
            encoding = part.headers.first("content-transfer-encoding")
            yield from keys_in(decode_transfer(part.body, encoding) or b"")


def may_hold_key(part: Part) -> bool:
    is_typed_so = part.media_type in {"application/pgp-keys", "text/plain"}
    return is_typed_so or part.file_name.lower().endswith(KEY_SUFFIXES)


def keys_in(octets: bytes) -> Iterator[bytes]:
    """The keys in these octets: a binary one as it is, else all armored blocks."""
    if octets[:1] and octets[0] in _PUBLIC_KEY_STARTS:
        yield without_certifications(octets)
        return
    for block in find_blocks(octets):
        if block.kind == PUBLIC_KEY and block.end - block.start <= MAX_ARMOR_BYTES:
            try:
                yield without_certifications(decode(octets[block.start : block.end]))
            except BadArmor:
                continue


def without_keys(octets: bytes) -> bytes:
    """The text with its key blocks cut out: nobody means them as commands."""
    kept, at = [], 0
    for block in find_blocks(octets):
        if block.kind == PUBLIC_KEY:
            kept.append(octets[at : block.start])
            at = block.end
    return b"".join([*kept, octets[at:]])
