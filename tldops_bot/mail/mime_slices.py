"""The parts of a mail as slices of its raw octets, never serialised again (RFC 2046, RFC 1847)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tldops_bot.mail.headers import ContentType, Headers, file_name, parse_content_type, split_entity

MAX_DEPTH = 8  # a mail from Thunderbird with a picture and a file, sent on by a list, has six
MAX_PARTS = 20
MAX_BOUNDARY_CHARS = 70

_REST_OF_EDGE = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")


class Unsliceable(ValueError):
    """Readers may disagree about where this mail's parts are; `reason` is one of verdict.REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def with_crlf(octets: bytes) -> bytes:
    """The same lines as they are signed. No regular expression: two million line ends would cost 130 MB."""
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One entity; `octets` is all of it; `is_closed` is False when its last boundary is missing.

    A multipart has children and no `body`: it would stand in memory once more at each depth.
    """

    octets: bytes
    headers: Headers
    content_type: ContentType
    body: bytes
    children: tuple["Part", ...] = ()
    is_closed: bool = True

    @property
    def media_type(self) -> str:
        return self.content_type.media_type

    @property
    def is_attachment(self) -> bool:
        return self.headers.first("content-disposition").lower().startswith("attachment")

    @property
    def file_name(self) -> str:
        return file_name(self.headers)

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail; forwarded mails stay closed."""
        yield self
        for child in self.children:
            yield from child.walk()


def slice_entity(octets: bytes) -> Part:
    """The tree of parts; raises Unsliceable: malformed_mail or too_complex."""
    root = _slice(octets, 0)
    if sum(1 for _ in root.walk()) > MAX_PARTS:
        raise Unsliceable("too_complex")
    return root


def _slice(octets: bytes, depth: int) -> Part:
    headers, body = split_entity(octets)
    content_type = parse_content_type(headers)
    if len(headers.all("content-transfer-encoding")) > 1 or _is_ambiguous(content_type):
        raise Unsliceable("malformed_mail")
    if not content_type.media_type.startswith("multipart/"):
        return Part(octets, headers, content_type, body)
    if depth == MAX_DEPTH:
        raise Unsliceable("too_complex")
    pieces, is_closed = _between_boundaries(body, content_type.parameter("boundary"))
    body = b""
    children = tuple(_slice(piece, depth + 1) for piece in pieces)
    return Part(octets, headers, content_type, body, children, is_closed)


def _is_ambiguous(content_type: ContentType) -> bool:
    # The untidy name of an attached file misleads nobody; a doubtful boundary or charset does.
    return not content_type.is_sound and content_type.media_type.partition("/")[0] in {
        "multipart",
        "text",
        "",
    }


def _between_boundaries(body: bytes, boundary: str) -> tuple[list[bytes], bool]:
    """The octets of each part; the line break before a boundary belongs to the boundary."""
    if not boundary or len(boundary) > MAX_BOUNDARY_CHARS or not boundary.isascii():
        raise Unsliceable("malformed_mail")
    pieces: list[bytes] = []
    start = None
    for edge in _edges(body, b"--" + boundary.encode()):
        if start is not None:
            pieces.append(body[start : edge.start])
        if len(pieces) > MAX_PARTS:
            raise Unsliceable("too_complex")
        if edge.is_last:
            return pieces, True
        start = _next_line(body, edge.end)
    if start is not None:
        pieces.append(body[start:])
    return pieces, False


@dataclass(frozen=True, slots=True)
class _Edge:
    """A line that is a boundary, with the line break before it and without the one behind it."""

    start: int
    end: int
    is_last: bool


def _edges(body: bytes, mark: bytes) -> Iterator[_Edge]:
    """Not by one pattern: it would have to be compiled for each mail."""
    at = body.find(mark)
    while at >= 0:
        rest = _REST_OF_EDGE.match(body, at + len(mark))
        if rest and (at == 0 or body[at - 1 : at] == b"\n"):
            line_break = 2 if body[max(0, at - 2) : at] == b"\r\n" else 1
            yield _Edge(max(0, at - line_break), rest.end(), bool(rest[1]))
        at = body.find(mark, at + 1)


def _next_line(body: bytes, end: int) -> int:
    return body.find(b"\n", end) + 1 or len(body)
