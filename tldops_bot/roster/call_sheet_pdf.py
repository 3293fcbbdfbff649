"""The call sheet for paper: numbers read at arm's length, and boxes to tick while the other hand holds the phone.

The page is as wide as A4 and as high as Letter, as the roster's are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.call_sheet import SheetContact, SheetHead, SheetLine, call_words, local_times, why_words
from tldops_bot.domain.plain_text import one_line
from tldops_bot.roster.drawing import Box, Line
from tldops_bot.roster.pdf_pages import UNSHOWN, Pages
from tldops_bot.roster.typefaces import Typefaces

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 279.4
_LEFT, _RIGHT, _BOTTOM = 12.0, 198.0, 266.0
_NOTES = 132.0  # from here to the right is room to write
_BAR = 7.2
_AFTER = 4.0
_MOST_LINES = 3  # of one thing, so that nobody crowds out the rest
_MOST_CALLS = 4
_LEAST_NOTES = 25.0
_GREY, _BLACK = "#595959", "#000000"
_TLP_COLOURS = {"RED": "#ff2b2b", "AMBER": "#ffc000", "AMBER+STRICT": "#ffc000"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of what there is about a TLD; `right` stands behind it in grey."""

    text: str
    size: float
    indent: float = 0.0
    label: str = ""
    is_bold: bool = False
    is_warning: bool = False

    @property
    def height(self) -> float:
        return self.size * 1.32


@dataclass(frozen=True, slots=True)
class _Block:
    """A TLD, folded to its column."""

    line: SheetLine
    rows: Sequence[_Row]

    @property
    def height(self) -> float:
        return _BAR + 1.5 + max(sum(row.height for row in self.rows), _LEAST_NOTES) + _AFTER


def pdf_sheet(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, typefaces: Typefaces) -> bytes:
    """The file; the same octets for the same sheet on the same machine."""
    pages = Pages(f"{head.alert_id}: whom to call", now, typefaces)
    top = _head(Pages("", now, typefaces), head, len(sheet), now)  # once beside the paper, to know how high it is
    blocks = [_block(pages, one, now, _BOTTOM - top) for one in sheet]
    papers = _laid_out(blocks, top)
    for number, placed in enumerate(papers, start=1):
        pages.add_page(PAGE_WIDTH, PAGE_HEIGHT)
        _head(pages, head, len(sheet), now)
        _foot(pages, head, placed, number, len(papers))
        for y, block in placed:
            _put(pages, y, block)
    return pages.octets()
