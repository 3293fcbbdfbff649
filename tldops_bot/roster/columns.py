"""How wide text is in a fixed-width window, and how it is wrapped there (Unicode Standard Annex 11)."""

import unicodedata
from collections.abc import Iterable

WIDTH = 76  # a mail client that quotes it still stays within 80


def columns(text: str) -> int:
    """How many columns a terminal uses for this text: two per CJK character, none for a combining mark."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def wrap(words: Iterable[str], width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words; within a word only if that is wider itself."""
    lines: list[str] = []
    line = ""
    for piece in (piece for word in words for piece in _pieces(word, width)):
        if line and columns(line) + 1 + columns(piece) > width:
            lines.append(line)
            line = piece
        else:
            line = f"{line} {piece}" if line else piece
    return [*lines, line] if line else lines


def _pieces(word: str, width: int) -> list[str]:
    if columns(word) <= width:
        return [word] if word else []
    pieces, piece, used = [], "", 0
    for char in word:
        wide = _columns(char)
        if piece and used + wide > width:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += wide
    return [*pieces, piece]


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
