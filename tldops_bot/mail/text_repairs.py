"""Changes that mail programs and relays make to lines of text, undone: octets in, (name, octets) out.

Lines end in CRLF. Each variant undoes one kind of change; text changed in two ways is not recovered.
"""

import re
from collections.abc import Iterator
from itertools import chain

from tldops_bot.mail.charsets import decode_charset

Variants = Iterator[tuple[str, bytes]]

MAX_FOOTER_LINES = 40
MAX_BANNER_LINES = 12
WIDTHS = range(80, 59, -1)
CHARSETS = ("utf-8", "iso-8859-1", "iso-8859-15", "windows-1252")

_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_DOTS = re.compile(rb"^\.\.", re.MULTILINE)
_MARK = re.compile(rb"\A(?:\xef\xbb\xbf|=EF=BB=BF|\?)")
_BARE_MARK = re.compile(rb"^--(?=\r$|\Z)", re.MULTILINE)
_HARD_BLANK = re.compile(rb"=C2=A0|\xc2\xa0|=A0|\xa0")
_TABS = (rb" {2,}", rb" {8}", rb"(?<=:) +", rb"^ +", rb" {4}")


def text_variants(text: bytes, charset: str) -> Variants:
    """All known variants, likely ones first; those equal to the text itself are left out."""
    for name, variant in chain(line_variants(text), charset_variants(text, charset)):
        if variant != text:
            yield name, variant


def line_variants(text: bytes) -> Variants:
    """What can be undone without knowing the charset."""
    yield from _blanks(text)
    yield "from_line", _FROM.sub(rb"\1", text)
    yield "dots", _DOTS.sub(b".", text)
    yield "byte_order_mark", _MARK.sub(b"", text)
    yield "no_break_spaces", _HARD_BLANK.sub(b" ", text)
    for pattern in _TABS:
        yield "tabs", re.sub(pattern, b"\t", text, flags=re.MULTILINE)
    yield from _ends(text)
    for width in WIDTHS:
        for joint in (b" ", b""):
            yield "wrapped", _unwrapped(text, width, joint)
    yield from _without_footer(text)
    yield from _without_banner(text)


def _blanks(text: bytes) -> Variants:
    """Signature marks and soft line ends that lost their blank, and blanks that were added."""
    marked = _BARE_MARK.sub(b"-- ", text)
    yield "trailing_blanks", marked
    for width in (50, 60, 66):
        soft = re.compile(rb"^([^\r\n]{%d,}[^ \r\n])(?=\r\n[^\r\n])" % width, re.MULTILINE)
        yield "trailing_blanks", soft.sub(rb"\1 ", text)
        yield "trailing_blanks", soft.sub(rb"\1 ", marked)
    yield "trailing_blanks", without_end_blanks(text)


def without_end_blanks(text: bytes) -> bytes:
    return b"\r\n".join(line.rstrip(b" \t") for line in text.split(b"\r\n"))


def _ends(text: bytes) -> Variants:
    stripped = text.rstrip(b"\r\n")
    for number in range(4):
        yield "blank_lines", stripped + b"\r\n" * number
    yield "blank_lines", text.removeprefix(b"\r\n")
    yield "blank_lines", text.replace(b"\r\n\r\n", b"\r\n")


def _unwrapped(text: bytes, width: int, joint: bytes) -> bytes:
    """Lines joined again where the next word would not have fitted into `width`."""
    lines = text.split(b"\r\n")
    joined = lines[:1]
    last = lines[0]
    for line in lines[1:]:
        word = line.split(b" ", 1)[0]
        if word and last and len(last) <= width < len(last) + 1 + len(word):
            joined[-1] += joint + line
        else:
            joined.append(line)
        last = line
    return b"\r\n".join(joined)


def _without_footer(text: bytes) -> Variants:
    """Cut after each of the last lines; what stood there at the end is not known, so some ends are tried."""
    lines = text.split(b"\r\n")
    for end in range(len(lines) - 1, max(0, len(lines) - MAX_FOOTER_LINES), -1):
        kept = b"\r\n".join(lines[:end])
        if lines[end - 1]:
            for tail in (b"", b"\r\n", b"\r\n\r\n"):
                yield "footer", kept + tail


def _without_banner(text: bytes) -> Variants:
    lines = text.split(b"\r\n")
    for start in range(1, min(len(lines), MAX_BANNER_LINES)):
        if lines[start]:
            yield "banner", b"\r\n".join(lines[start:])


def charset_variants(octets: bytes, charset: str) -> Variants:
    """The same letters in other charsets; `charset` is the one the text claims to be in now."""
    letters = decode_charset(octets, charset)
    if letters is None or octets.isascii():
        return
    for target in CHARSETS:
        try:
            yield "charset", letters.encode(target)
        except UnicodeEncodeError:
            continue
