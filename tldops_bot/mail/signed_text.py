"""What a person said under a signature: the text, the protected headers, keys, and names of attachments.

Feed it only verified octets. Protected headers: RFC 9788 (`hp=`) and its forerunner (`protected-
headers="v1"`).
"""

import hashlib
import re
from dataclasses import dataclass

from tldops_bot.mail.attached_keys import bounded, keys_in, keys_in_parts, without_keys
from tldops_bot.mail.bodies import Unreadable
from tldops_bot.mail.charsets import MAX_TEXT_BYTES, decode_charset
from tldops_bot.mail.find_body import is_readable_text, leaves, name_of, text_of_part
from tldops_bot.mail.headers import addresses_of, split_entity
from tldops_bot.mail.mime_slices import Part, Unsliceable, slice_entity

CONTAINERS = frozenset({"multipart/mixed", "multipart/alternative", "multipart/related"})
_FIELD_FIRST = re.compile(rb"[!-9;-~]+[ \t]*:")
_UNCOVERED = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class SignedText:
    """The text with LF line ends; addresses as far as valid; attachments by name."""

    text: str
    protected_to: tuple[str, ...] = ()
    protected_cc: tuple[str, ...] = ()
    keys: tuple[bytes, ...] = ()
    attachments: tuple[str, ...] = ()


def covered_by(verified: bytes, charset: str = "utf-8") -> SignedText | Unreadable:
    """The text of what a signature covers, an entity or not; `charset` is for what does not name its own."""
    return text_of(verified) if _is_entity(verified) else inline_text(verified, charset)


def digest_of(verified: bytes) -> str:
    """The name of what was signed, in whatever wrapping: some cover neither blanks nor CRs at line ends."""
    return hashlib.sha256(verified.translate(None, _UNCOVERED)).hexdigest()


def _is_entity(octets: bytes) -> bool:
    """It begins with header fields, and some of them describe content."""
    if not _FIELD_FIRST.match(octets):
        return False
    return any(name.startswith("content-") for name, _ in split_entity(octets)[0].fields)


def text_of(signed_octets: bytes) -> SignedText | Unreadable:
    """The text of a verified MIME entity: text/plain, or the first one in its containers."""
    try:
        root = slice_entity(signed_octets)
    except Unsliceable as problem:
        return Unreadable(problem.reason)
    if any(part.media_type == "multipart/signed" for part in root.walk()):
        return Unreadable("several_signatures")
    text_part = root if is_readable_text(root) else _first_text(root)
    if text_part is None:
        return Unreadable("no_plain_text")
    text = text_of_part(text_part)
    if isinstance(text, Unreadable):
        return text
    if "\0" in text:
        return Unreadable("undecodable_text")
    if text_part.content_type.parameter("hp-legacy-display") == "1":
        text = text.partition("\n\n")[2]
    beside = [name_of(part) for part in leaves(root) if part is not text_part and _is_attached(part)]
    keys = bounded(keys_in_parts(root.walk()))
    return SignedText(text, *_protected(root), keys=keys, attachments=tuple(beside))


def inline_text(verified: bytes, charset: str) -> SignedText | Unreadable:
    """The text of a verified inline block, as gpg gave it back.

    Blanks at line ends are not signed (RFC 9580 section 7.1), so they go, and nothing is unflowed.
    """
    if len(verified) > MAX_TEXT_BYTES:
        return Unreadable("too_large")
    octets = without_keys(verified)
    text = decode_charset(octets, charset)
    if text is None:
        text = decode_charset(octets, "utf-8")
    if text is None or "\0" in text:
        return Unreadable("undecodable_text")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return SignedText("\n".join(line.rstrip(" \t") for line in lines), keys=bounded(keys_in(verified)))


def _first_text(part: Part) -> Part | None:
    """Within containers a text marked `protected-headers` is the old display copy; at the root it is the message."""
    if is_readable_text(part) and not part.content_type.parameter("protected-headers"):
        return part
    if part.media_type not in CONTAINERS:
        return None
    return next((text for child in part.children if (text := _first_text(child))), None)


def _is_attached(part: Part) -> bool:
    """Not the same text again as HTML, and not the old display copy of the headers."""
    is_display = part.media_type == "text/rfc822-headers" or part.content_type.parameter("protected-headers")
    return not is_display and (part.is_attachment or part.media_type != "text/html")


def _protected(root: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Marked as RFC 9788 has it or not: they stand under the signature, and that is what protects them."""
    return addresses_of(root.headers.all("to")), addresses_of(root.headers.all("cc"))
