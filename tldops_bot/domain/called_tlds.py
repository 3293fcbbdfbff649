"""Which TLDs a line like "REACHED A-2026-0007 nl be they know" names, and where its words begin."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from tldops_bot.domain.organisation import parse_seat

# TLDs that are also words: after a TLD and before other words, they are read as words.
_ALSO_WORDS_TEXT = """
ad ai al am as at be by de do et eu gt hm id ie il im in is it la li lt ma me mo mr ms mu
my na no nu pa pm re sa se si so st su tf tm to tv us va ws
"""
_ALSO_WORDS = frozenset(_ALSO_WORDS_TEXT.split())
# The colon inside cert:example-cert does not end the list.
_ENDS_THE_TLDS = re.compile(r"\s*(?:(?<!\bcert)(?<!\bregional):|\s[-–—]\s)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Called:
    """TLDs by A-label in the order they were named, and what was said about them."""

    tlds: tuple[str, ...]
    words: str = ""


def read_called(text: str, known: Collection[str]) -> Called:
    """The leading TLDs, as far as they are `known`; whatever follows a colon or dash is certainly words."""
    head, *rest = _ENDS_THE_TLDS.split(text.strip(), maxsplit=1)
    pieces = head.replace(",", " , ").replace(";", " , ").split()
    found: list[tuple[str, bool]] = []  # A-label, and whether it may be a word
    at = 0  # where the words begin
    while at < len(pieces) and ((label := _label(pieces[at], known)) or pieces[at] == ","):
        if label:
            found.append((label, pieces[at].lower() in _ALSO_WORDS))
        else:
            found = [(label, False) for label, _ in found]
        at += 1
    words = [*pieces[at:], *rest]
    while words and not rest and len(found) > 1 and found[-1][1]:
        words.insert(0, found.pop()[0])
    return Called(
        tuple(dict.fromkeys(label for label, _ in found)), " ".join(words).replace(" ,", ",").strip()
    )


def _label(piece: str, known: Collection[str]) -> str:
    """The A-label of a known TLD; "" for anything else."""
    tld = parse_seat(piece)
    return tld.a_label if tld is not None and tld.a_label in known else ""
