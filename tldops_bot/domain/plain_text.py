"""Text that came from people, made safe to print: it can't break a line, hide, or turn round."""

import re
import textwrap
import unicodedata
from collections.abc import Iterable

WIDTH = 76

_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"
_UNREADABLE = "\ufffd"


def one_line(text: str) -> str:
    """The same words in one line: controls and line ends become blanks, invisible characters go.

    Blanks are kept as they are, so that a table stays a table.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(text, at) for at in range(len(text)))


def split_lines(text: str) -> list[str]:
    """The lines of a text, each safe; broken wherever some program would break them."""
    lines = [one_line(line.replace("\t", "    ")).rstrip() for line in _LINE_ENDS.split(text)]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def wrapped(lines: Iterable[str], prefix: str) -> list[str]:
    """Lines of at most WIDTH columns, each behind `prefix`; a longer word, such as a URL, stays whole."""
    found: list[str] = []
    for line in lines:
        pieces = textwrap.wrap(line, WIDTH - len(prefix), break_long_words=False, break_on_hyphens=False)
        found += [(prefix + piece).rstrip() for piece in pieces or [""]]
    return found


def _shown(text: str, at: int) -> str:
    char = text[at]
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":  # half a surrogate pair can't be encoded
        return _UNREADABLE
    if category != "Cf":
        return char
    # Persian and Indic scripts need joiners between their letters; anywhere else they only hide.
    return char if char in _JOINERS and _in_a_word(text, at) else ""


def _in_a_word(text: str, at: int) -> bool:
    around = text[at - 1 : at], text[at + 1 : at + 2]
    return all(char and not char.isascii() and unicodedata.category(char)[0] in "LM" for char in around)
