"""What may have broken a signature on the way: each known change is undone, to see whether it fits again."""

import re
from collections.abc import Callable, Iterator

from tldops_bot.mail.entity_repairs import entity_variants
from tldops_bot.mail.inline_blocks import clearsign_lines
from tldops_bot.mail.signature_hint import hint_of
from tldops_bot.mail.text_repairs import text_variants, without_end_blanks

Variants = Iterator[tuple[str, bytes]]

# The details that the refusals bad_signature, malformed_block, malformed_mail and unsigned can give.
CHANGES = (
    "reencoded",
    "charset",
    "headers",
    "footer",
    "banner",
    "wrapped",
    "trailing_blanks",
    "tabs",
    "no_break_spaces",
    "from_line",
    "dots",
    "byte_order_mark",
    "blank_lines",
)
DAMAGES = ("cut_off", "dash_escapes", "control_characters", "long_lines", "armor_fields")
REBUILT = ("part_added", "signature_removed", "signature_retyped", "exchange")
DETAILS = (*CHANGES, *DAMAGES, *REBUILT)

MAX_BYTES = 32 * 1024
MAX_HASHED_BYTES = 4 * 1024 * 1024
MAX_VARIANTS = 1000
MAX_VERIFIED = 8

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_MAX_LINE = 998


def what_broke_entity(signed_octets: bytes, signature: bytes, verifies: Callable[[bytes], bool]) -> str:
    """One of CHANGES, or ""; `verifies` asks gpg about the signature over other octets, at most MAX_VERIFIED times."""
    return _first_that_fits(signed_octets, entity_variants(signed_octets), signature, verifies)


def what_broke_block(block: bytes, charset: str, signature: bytes, verifies: Callable[[bytes], bool]) -> str:
    """The same for a cleartext-signed block, whose signature ignores blanks at the ends of lines."""
    lines = clearsign_lines(block)
    text = b"\r\n".join(line.removeprefix(b"- ") for line in lines)
    covered = ((name, without_end_blanks(one)) for name, one in text_variants(text, charset))
    return _first_that_fits(text, covered, signature, verifies)


def _first_that_fits(
    octets: bytes, variants: Variants, signature: bytes, verifies: Callable[[bytes], bool]
) -> str:
    hint = hint_of(signature)
    if hint is None or len(octets) > MAX_BYTES:
        return ""
    hashed, verified = 0, 0
    for number, (name, variant) in enumerate(variants):
        hashed += len(variant)
        if number == MAX_VARIANTS or hashed > MAX_HASHED_BYTES or verified == MAX_VERIFIED:
            return ""
        if hint.fits(variant):
            verified += 1
            if verifies(variant):
                return name
    return ""


def what_is_wrong_with_block(block: bytes) -> str:
    """Why a cleartext-signed block can't be shown to gpg: one of DAMAGES, or ""."""
    lines = block.replace(b"\r\n", b"\n").split(b"\n")
    if _CONTROL.search(block):
        return "control_characters"
    if any(len(line) > _MAX_LINE for line in lines):
        return "long_lines"
    text = clearsign_lines(block)
    if any(line.startswith(b"-") and not line.startswith(b"- ") for line in text):
        return "dash_escapes"
    return "armor_fields" if text else "cut_off"
