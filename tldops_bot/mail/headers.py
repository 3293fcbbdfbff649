"""Header fields of raw mail, cut out, unfolded and decoded; never raises (RFC 5322, 2047, 2231)."""

import binascii
import quopri
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from tldops_bot.domain.address import parse_address
from tldops_bot.mail.charsets import decode_charset

MAX_HEADER_BYTES = 256 * 1024
MAX_VALUE_CHARS = 16_384
MAX_ADDRESSES = 100
MAX_REFERENCES = 20

_END = re.compile(rb"\A\r?\n|\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,80})[ \t]*:(.*)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_LINE = re.compile(rb"\r?\n")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t]+(?==\?)")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")
_QUOTED_PAIR = re.compile(r"\\(.)")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,40})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)')
# Plain words only, so that it can't be mistaken for a parameter, or a parameter for it.
_COMMENT = r"(\([A-Za-z0-9 .,:/_-]{0,100}\))"
_PARAMETER_AND_COMMENT = re.compile(rf"{_PARAMETER.pattern}(?:\s+{_COMMENT})?")
_MEDIA_TYPE = re.compile(rf"\s*([!-.0-~]{{1,60}})/([!-.0-:<-~]{{1,60}})\s*(?:{_COMMENT}\s*)?(?=;|\Z)")
# KMail's comma between parameters: readers disagree about it for a boundary, not for a charset.
_COMMA = re.compile(r'(?<!\\)(?<="),(?=\s*[^\s=;",]{1,40}\s*=)')
# These decide where parts are and how they are read, so none may be written in two ways (RFC 2231).
_DECISIVE = ("boundary", "protocol", "charset")
# C0, C1, line separators, and the marks that turn the direction of text round.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one entity in order, unfolded, undecoded; what is not UTF-8 is replaced."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple([value for known, value in self.fields if known == wanted])

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in lower case; `is_sound` is False when two readers could understand it differently."""

    media_type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_sound: bool = True

    def parameter(self, name: str) -> str:
        return self.parameters.get(name, "")


def split_entity(octets: bytes) -> tuple[Headers, bytes]:
    """The header fields and raw body of an entity; what is beyond MAX_HEADER_BYTES is ignored."""
    end = _END.search(octets, 0, MAX_HEADER_BYTES)
    block = octets[: end.start() if end else MAX_HEADER_BYTES]
    body = octets[end.end() :] if end else b""
    return _parse_headers(block), body


def _parse_headers(block: bytes) -> Headers:
    found = (_FIELD.fullmatch(line) for line in _LINE.split(_FOLD.sub(b"", block)))
    return Headers(tuple((field[1].decode().lower(), _to_text(field[2])) for field in found if field))


def _to_text(value: bytes) -> str:
    return value[:MAX_VALUE_CHARS].decode(errors="replace").strip(" \t\r\n")


def printable(text: str, max_chars: int = 500) -> str:
    """On one line, without control characters, fit for a reply or a list of names."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:max_chars]


def decode_words(value: str) -> str:
    """Encoded words (RFC 2047) as text; a word in an unknown charset stays as it is."""
    return printable(_ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1", value)))


def _decode_word(word: re.Match[str]) -> str:
    charset, encoding, text = word.groups()
    try:
        if encoding in "bB":
            octets = binascii.a2b_base64(text.encode() + b"==")
        else:
            octets = quopri.decodestring(text.replace("_", "=20").encode())
    except binascii.Error:
        return word[0]
    return decode_charset(octets, charset, errors="replace") or word[0]


# --- structured values


def parse_content_type(headers: Headers) -> ContentType:
    """What the single Content-Type field says; without one, text/plain in US-ASCII."""
    values = headers.all("content-type")
    if not values:
        return ContentType()
    found = _MEDIA_TYPE.match(values[0])
    if not found or len(values) > 1:
        return ContentType("", is_sound=False)
    media_type, text = f"{found[1]}/{found[2]}".lower(), values[0][found.end() :]
    parameters, is_sound = _parameters(_COMMA.sub(";", text) if media_type[:5] == "text/" else text)
    # A reader that doesn't know comments would find different boundaries.
    has_comment = bool(found[3]) or any(one[3] for one in _PARAMETER_AND_COMMENT.finditer(text))
    is_sound = _join_pieces(parameters) and is_sound and not (has_comment and media_type[:5] != "text/")
    return ContentType(media_type, MappingProxyType(parameters), is_sound)


def _parameters(text: str) -> tuple[dict[str, str], bool]:
    found = [(name.lower(), _unquote(value)) for name, value in _PARAMETER.findall(text)]
    plain = dict(reversed(found))  # the first of a name wins, and a second one is unsound
    rest = _PARAMETER_AND_COMMENT.sub("", text).strip(" \t;")
    return plain, len(plain) == len(found) and not rest


def _join_pieces(parameters: dict[str, str]) -> bool:
    """Joins `boundary*0=a; boundary*1=b`; False if a value is written in any other way, or in two."""
    for name in _DECISIVE:
        written = {key for key in parameters if key.startswith(f"{name}*")}
        pieces = [f"{name}*{number}" for number in range(len(written))]
        if written and (name in parameters or set(pieces) != written):
            return False
        if written:
            parameters[name] = "".join(parameters[piece] for piece in pieces)
    return True


def _unquote(value: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", value[1:-1]) if value.startswith('"') else value


def file_name(headers: Headers) -> str:
    """The name of an attached file, for people to read; "" when it has none."""
    described = (*headers.all("content-disposition"), *headers.all("content-type"))
    if not any("name" in value.lower() for value in described):  # as in most parts
        return ""
    disposition, _ = _parameters(";" + headers.first("content-disposition"))
    of_type = parse_content_type(headers).parameters
    for parameters in (disposition, of_type):
        for name in ("filename", "name"):
            if value := parameters.get(name) or _extended(parameters, name):
                return decode_words(value)[:80]
    return ""


def _extended(parameters: Mapping[str, str], name: str) -> str:
    """RFC 2231: `filename*=utf-8''na%C3%AFve.txt`, also in numbered pieces."""
    pieces = [parameters.get(f"{name}*{suffix}", "") for suffix in ("", "0*", "0", "1*", "1", "2*", "2")]
    charset, _, rest = "".join(pieces).partition("'")
    octets = unquote_to_bytes(rest.partition("'")[2] or charset)
    return decode_charset(octets, charset if rest else "utf-8", errors="replace") or ""


def message_ids(value: str) -> tuple[str, ...]:
    """The last message IDs of a value, at most MAX_REFERENCES."""
    return tuple(_MESSAGE_ID.findall(value)[-MAX_REFERENCES:])


# --- addresses


def author_of(headers: Headers) -> str | None:
    """The address in From; None unless there is one such field with one address in it, beyond doubt."""
    values = headers.all("from")
    mailboxes = split_mailboxes(values[0]) if len(values) == 1 else []
    return mailbox_address(mailboxes[0]) if len(mailboxes) == 1 else None


def addresses_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """Every valid address in the address lists of these fields, in order; doubtful ones are left out."""
    mailboxes = [mailbox for value in values for mailbox in split_mailboxes(value)]
    found = (mailbox_address(mailbox) for mailbox in mailboxes[:MAX_ADDRESSES])
    return tuple(dict.fromkeys(address for address in found if address))


_NAMED = re.compile(r"([^<>@,:;]*)<([^<>]*)>")
_MAILBOX_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[<>(),:;@]|[^"\\<>(),:;@]+|.', re.DOTALL)


def split_mailboxes(value: str) -> list[str]:
    """Cut at the commas that are neither quoted nor in a comment; quoted strings and comments are emptied."""
    mailboxes, depth = [""], 0
    for piece in _MAILBOX_PIECE.findall(value):
        if piece in "()":
            depth = max(0, depth + (1 if piece == "(" else -1))
        elif depth:
            continue
        elif piece == ",":
            mailboxes.append("")
        else:
            mailboxes[-1] += '""' if len(piece) > 1 and piece.startswith('"') else piece
    return [mailbox.strip() for mailbox in mailboxes if mailbox.strip()]


def mailbox_address(mailbox: str) -> str | None:
    """`addr`, `<addr>` or `words <addr>`; None if an @ or anything else is where it could mislead."""
    found = _NAMED.fullmatch(mailbox)
    return parse_address((found[2] if found else mailbox).strip())
