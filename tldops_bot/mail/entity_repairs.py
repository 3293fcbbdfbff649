"""Changes that relays make to a signed MIME part, undone: transfer encoding, charset, header fields, lines.

What is changed back is the first text of the part; everything round it stays octet for octet as it came.
"""

import base64
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from tldops_bot.mail.charsets import decode_charset, decode_transfer
from tldops_bot.mail.mime_slices import Part, Unsliceable, slice_entity, with_crlf
from tldops_bot.mail.text_repairs import CHARSETS, line_variants

Variants = Iterator[tuple[str, bytes]]

_ENCODING = re.compile(rb"^(content-transfer-encoding:[ \t]*)[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_ENCODING_LINE = re.compile(rb"^content-transfer-encoding:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)
_CHARSET = re.compile(rb"(charset=\"?)[A-Za-z0-9._-]+", re.IGNORECASE)
_FOLD = re.compile(rb"\r\n[ \t]+")
_PARAMETER = re.compile(rb";[ \t]*(?:\r\n[ \t]+)?")
_QUOTED = re.compile(rb'="([A-Za-z0-9._/+-]+)"')
_UNQUOTED = re.compile(rb"=([A-Za-z0-9._/+-]+)")
_FIELD_LINE = re.compile(rb"^[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", re.MULTILINE)
_WORDS = {"raw": (b"8bit", b"7bit", b"8BIT", b"7BIT", b"7Bit", b"binary"), "qp": (b"quoted-printable",)}


@dataclass(frozen=True, slots=True)
class _Text:
    """The text part within an entity: what precedes its header fields, these, its body, what follows."""

    before: bytes
    fields: bytes
    body: bytes
    after: bytes

    def with_(self, fields: bytes, body: bytes) -> bytes:
        return b"".join((self.before, fields, b"\r\n", body, self.after))


def entity_variants(octets: bytes) -> Variants:
    """All known variants, likely ones first; `octets` have CRLF line ends."""
    found = _find_text(octets)
    if found is None:
        return
    text, part = found
    kinds = (_lines(text), _headers(text), _encodings(text, part), _charsets(text, part))
    for name, variant in chain.from_iterable(kinds):
        if variant != octets:
            yield name, variant


def _find_text(octets: bytes) -> tuple[_Text, Part] | None:
    try:
        root = slice_entity(octets)
    except Unsliceable:
        return None
    part = next((one for one in root.walk() if one.media_type == "text/plain"), None)
    if part is None:
        return None
    at = octets.index(part.octets)
    before, after = octets[:at], octets[at + len(part.octets) :]
    head = part.octets[: len(part.octets) - len(part.body)]
    return _Text(before, head.removesuffix(b"\r\n"), part.body, after), part


def _lines(text: _Text) -> Variants:
    for name, body in line_variants(text.body):
        yield name, text.with_(text.fields, body)
    if text.after:  # blank lines after the last of several parts
        whole = text.with_(text.fields, text.body).rstrip(b"\r\n")
        for number in range(3):
            yield "blank_lines", whole + b"\r\n" * number


def _encodings(text: _Text, part: Part) -> Variants:
    """The same text in other transfer encodings, the header field written in the usual ways."""
    plain = decode_transfer(part.body, part.headers.first("content-transfer-encoding"))
    if plain is None:
        return
    for fields, body in _written(text.fields, with_crlf(plain)):
        yield "reencoded", text.with_(fields, body)
        for other in _refolded(fields):
            yield "reencoded", text.with_(other, body)


def _charsets(text: _Text, part: Part) -> Variants:
    encoding = part.headers.first("content-transfer-encoding")
    plain = decode_transfer(part.body, encoding)
    letters = None if plain is None else decode_charset(plain, part.content_type.parameter("charset"))
    if letters is None or letters.isascii():
        return
    for charset in CHARSETS:
        try:
            octets = letters.encode(charset)
        except UnicodeEncodeError:
            continue
        for word in (charset, charset.upper()):
            named = _CHARSET.sub(rb"\g<1>" + word.encode(), text.fields)
            for fields, body in _written(named, with_crlf(octets)):
                yield "charset", text.with_(fields, body)


def _headers(text: _Text) -> Variants:
    """Variants of the headers of the text itself, and of the multipart around it."""
    for fields in _refolded(text.fields):
        yield "headers", text.with_(fields, text.body)
    for fields in _refolded(text.before):
        yield "headers", b"".join((fields, text.fields, b"\r\n", text.body, text.after))


def _written(fields: bytes, plain: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Header fields and body for each transfer encoding that a client may have used."""
    bodies = {
        b"quoted-printable": quopri.encodestring(plain.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"),
        b"base64": base64.encodebytes(plain).replace(b"\n", b"\r\n"),
    }
    bodies |= dict.fromkeys(_WORDS["raw"], plain)
    for word, body in bodies.items():
        named = _ENCODING.sub(rb"\g<1>" + word, fields)
        if not _ENCODING.search(fields):
            named = fields + b"Content-Transfer-Encoding: " + word + b"\r\n"
        yield named, body
        if body.endswith(b"\r\n"):
            yield named, body[:-2]
    yield _ENCODING_LINE.sub(b"", fields), plain


def _refolded(fields: bytes) -> Iterator[bytes]:
    """The same header fields folded, quoted and ordered in other ways, or without one of them."""
    unfolded = _FOLD.sub(b" ", fields)
    folded = (
        unfolded,
        *(_PARAMETER.sub(b";" + edge, unfolded) for edge in (b"\r\n ", b"\r\n\t", b" ", b"")),
    )
    for one in folded:
        yield one
        yield _QUOTED.sub(rb"=\1", one)
        yield _UNQUOTED.sub(rb'="\1"', one)
    lines = _FIELD_LINE.findall(fields)
    for at in range(min(len(lines), 8)):
        yield b"".join(lines[:at] + lines[at + 1 :])
    yield b"".join(reversed(lines))
