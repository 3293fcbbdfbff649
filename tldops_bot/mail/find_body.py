"""Which part of a mail is its message: exactly one signed or encrypted thing, else the first text.

The rest is named, not read. Forwarded mails (message/rfc822) stay closed, and HTML is never read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from tldops_bot.mail.attached_keys import bounded, keys_in, keys_in_parts, may_hold_key, without_keys
from tldops_bot.mail.bodies import (
    SMIME,
    Body,
    Found,
    InlineEncrypted,
    PgpMimeEncrypted,
    PgpMimeSigned,
    PlainText,
    Unreadable,
)
from tldops_bot.mail.charsets import MAX_TEXT_BYTES, decode_charset, decode_transfer, unflow
from tldops_bot.mail.inline_blocks import inline_body
from tldops_bot.mail.mime_slices import Part, Unsliceable, slice_entity, with_crlf

SIGNATURE_TYPE = "application/pgp-signature"
ENCRYPTED_TYPE = "application/pgp-encrypted"
_SIGNATURE_START = b"-----BEGIN PGP SIGNATURE-----"
# The parts of these are the mail itself; multipart/signed only if by S/MIME, which we don't verify.
_TRANSPARENT = frozenset({"multipart/mixed", "multipart/signed"})
# RFC 8551 section 3.2, and its names before registration.
_SMIME = re.compile(r"application/(x-)?pkcs7-(mime|signature)")


@dataclass(frozen=True, slots=True)
class _Candidate:
    part: Part
    found: Found
    covered: tuple[Part, ...]


def find_body(octets: bytes) -> Found:
    """The one message of a whole mail, or of a decrypted MIME entity."""
    try:
        root = slice_entity(octets)
    except Unsliceable as problem:
        return Found(Unreadable(problem.reason))
    candidates = list(_candidates(root))
    if len(candidates) > 1:
        return Found(Unreadable("several_signatures"))
    candidate = candidates[0] if candidates else _loosely_signed(root)
    return _only(root, candidate) if candidate else _plain(root)


def _loosely_signed(root: Part) -> _Candidate | None:
    """Exchange turns multipart/signed into multipart/mixed: a text, followed by the signature as a file.

    It is verified over exactly the octets that are there; if that fails, the mail is what it was: unsigned.
    """
    if (
        root.media_type != "multipart/mixed"
        or [one.media_type for one in leaves(root)].count(SIGNATURE_TYPE) != 1
    ):
        return None
    for content, signature_part in pairwise(root.children):
        is_text = any(is_readable_text(one) for one in content.walk())
        signature = text_octets(signature_part)
        if signature_part.media_type == SIGNATURE_TYPE and is_text and signature is not None:
            octets = with_crlf(content.octets)
            body = PgpMimeSigned(octets, signature, otherwise=_plain_body(root))
            return _Candidate(root, Found(body), (*content.walk(), signature_part))
    return None


def find_inside(outer: Body, literal: bytes) -> Found:
    """The message in decrypted octets that are not covered by a signature of the same OpenPGP message.

    Only a signed one is of use: unsigned text, and encryption within encryption, are refused.
    """
    if isinstance(outer, InlineEncrypted):
        found = inline_body(literal, outer.charset) or Found(PlainText(""))
    else:
        found = find_body(literal)
    if isinstance(found.body, PlainText | PgpMimeEncrypted | InlineEncrypted):
        return Found(Unreadable("no_signature_inside"))
    if isinstance(found.body, PgpMimeSigned):
        return replace(found, body=replace(found.body, otherwise=None))
    return found


def text_octets(part: Part) -> bytes | None:
    """A text part without its transfer encoding; None if that is unknown or broken."""
    return decode_transfer(part.body, part.headers.first("content-transfer-encoding"))


def name_of(part: Part) -> str:
    """What to call a part when talking to people."""
    return f'{part.media_type} "{part.file_name}"' if part.file_name else part.media_type


def leaves(part: Part) -> Iterator[Part]:
    return (one for one in part.walk() if not one.media_type.startswith("multipart/"))


def is_pgp_signed(part: Part) -> bool:
    """PGP/MIME, going by its protocol or its second part; S/MIME counts as an ordinary multipart."""
    if part.media_type != "multipart/signed":
        return False
    protocol = part.content_type.parameter("protocol").lower()
    return protocol == SIGNATURE_TYPE or any(child.media_type == SIGNATURE_TYPE for child in part.children)


def _candidates(part: Part, is_misplaced: bool = False, is_unseen: bool = False) -> Iterator[_Candidate]:
    """`is_misplaced`: not what the mail shows as its text; `is_unseen`: shown only if HTML asks for it."""
    if is_pgp_signed(part):
        yield _Candidate(part, _placed(_signed(part), is_misplaced or part.is_attachment), tuple(part.walk()))
    elif part.media_type == "multipart/encrypted":
        yield _Candidate(part, _placed(_encrypted(part.children), is_misplaced), tuple(part.walk()))
    elif part.children:
        if pair := _loose_encrypted_pair(part):
            yield _Candidate(part, _placed(_encrypted(pair), is_misplaced), pair)
        below = is_misplaced or part.media_type not in _TRANSPARENT
        for at, child in enumerate(part.children):
            yield from _candidates(
                child, below, is_unseen or (at > 0 and part.media_type == "multipart/related")
            )
    elif is_readable_text(part):
        parameters = part.content_type.parameter
        is_flowed = parameters("format").lower() == "flowed"
        found = inline_body(text_octets(part) or b"", parameters("charset"), is_flowed)
        if found:
            placed = replace(found, body=_placed(found.body, is_unseen).body)
            yield _Candidate(part, placed, (part,))


def is_readable_text(part: Part) -> bool:
    return part.media_type == "text/plain" and not part.is_attachment


def _placed(body: Body, is_misplaced: bool) -> Found:
    """As an alternative to, or related to, something unsigned, it is not what the reader was shown."""
    return Found(Unreadable("signature_misplaced") if is_misplaced else body)


def _signed(part: Part) -> Body:
    protocol = part.content_type.parameter("protocol").lower()
    types = [child.media_type for child in part.children]
    if protocol != SIGNATURE_TYPE or types[1:] != [SIGNATURE_TYPE] or not part.is_closed:
        return Unreadable("malformed_mail", _damage(part, types))
    content, signature_part = part.children
    if any(_is_encrypted(one) for one in content.walk()):
        return Unreadable("signature_around_encryption")
    if any(is_pgp_signed(one) for one in content.walk()):
        return Unreadable("several_signatures")
    signature = text_octets(signature_part)
    if signature is None:
        return Unreadable("malformed_block")
    return PgpMimeSigned(with_crlf(content.octets), signature, part)


def _damage(part: Part, types: list[str]) -> str:
    """What a relay did to a multipart/signed: one of diagnosis.DETAILS, or ""."""
    if not part.is_closed:
        return "cut_off"
    if len(types) == 1:
        return "signature_removed"
    if types[1:2] == [SIGNATURE_TYPE] and len(types) > 2:
        return "part_added"
    is_signature = len(types) == 2 and (text_octets(part.children[1]) or b"").lstrip().startswith(
        _SIGNATURE_START
    )
    return "signature_retyped" if is_signature and types[1] != SIGNATURE_TYPE else ""


def _is_encrypted(part: Part) -> bool:
    if part.media_type in {"multipart/encrypted", ENCRYPTED_TYPE}:
        return True
    is_text = part.media_type == "text/plain"
    return is_text and (text_octets(part) or b"").lstrip().startswith(b"-----BEGIN PGP MESSAGE-----")


def _encrypted(children: tuple[Part, ...]) -> Body:
    if [child.media_type for child in children] != [ENCRYPTED_TYPE, "application/octet-stream"]:
        return Unreadable("malformed_mail")
    ciphertext = text_octets(children[1])
    return Unreadable("malformed_block") if ciphertext is None else PgpMimeEncrypted(ciphertext)


def _loose_encrypted_pair(part: Part) -> tuple[Part, ...]:
    """Exchange turns multipart/encrypted into multipart/mixed; its two parts stay together."""
    for at, child in enumerate(part.children[:-1]):
        if child.media_type == ENCRYPTED_TYPE:
            return part.children[at : at + 2]
    return ()


def _only(root: Part, candidate: _Candidate) -> Found:
    """The one message, and the names of what stands beside it."""
    covered = {id(part) for part in candidate.covered}
    beside = [part for part in leaves(root) if id(part) not in covered]
    inside = [part for part in candidate.covered if isinstance(candidate.found.body, PgpMimeSigned)]
    keys = bounded([*candidate.found.keys, *keys_in_parts(inside), *keys_in_parts(beside)])
    ignored = (*candidate.found.ignored, *(name_of(part) for part in beside if _says_something(part)))
    return Found(candidate.found.body, keys, ignored)


def _plain(root: Part) -> Found:
    text_part = _plain_text(root)
    keys = bounded(keys_in_parts(root.walk()))
    beside = tuple(name_of(part) for part in leaves(root) if part is not text_part and _says_something(part))
    return Found(_plain_body(root), keys, beside)


def _plain_text(root: Part) -> Part | None:
    return next((part for part in root.walk() if is_readable_text(part)), None)


def _plain_body(root: Part) -> PlainText | Unreadable:
    text_part = _plain_text(root)
    detail = SMIME if any(_SMIME.fullmatch(part.media_type) for part in root.walk()) else ""
    if text_part is None:
        return Unreadable("no_plain_text", detail)
    text = text_of_part(text_part, errors="replace")
    # Nobody writes a NUL, and PostgreSQL can't store one in a text.
    return text if isinstance(text, Unreadable) else PlainText(text.replace("\0", "\ufffd"), detail)


def _says_something(part: Part) -> bool:
    """Whether it is neither blank nor merely a key, which is not ignored."""
    octets = text_octets(part) or part.body
    has_key = may_hold_key(part) and next(keys_in(octets), None) is not None
    return bool(octets.strip()) and not (
        has_key and (octets[:1] >= b"\x80" or not without_keys(octets).strip())
    )


def text_of_part(part: Part, errors: str = "strict") -> str | Unreadable:
    """The text of a text/plain part, with LF line ends, unflowed, without key blocks."""
    octets = text_octets(part)
    if octets is not None and len(octets) > MAX_TEXT_BYTES:
        return Unreadable("too_large")
    parameters = part.content_type.parameter
    text = None if octets is None else decode_charset(without_keys(octets), parameters("charset"), errors)
    if text is None:
        return Unreadable("undecodable_text")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if parameters("format").lower() != "flowed":
        return text
    return unflow(text, delete_space=parameters("delsp").lower() == "yes")
