"""One contact as lines in a column of print: the number to call is what the eye finds first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from tldops_bot.domain.organisation import kind_of
from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import RosterContact, TldContacts
from tldops_bot.domain.tld import Tld
from tldops_bot.roster.drawing import Box
from tldops_bot.roster.pdf_form import BAR, GREY, put_warning
from tldops_bot.roster.pdf_pages import Pages
from tldops_bot.roster.text import confirmed, grouped, marks

WIDTH = 88.0
HEADING = 8.5
AFTER = 2.6  # below a contact
_LABEL = 15.0  # room for the label, left of the line
_MOST_LINES = 6  # of one thing, so that no one crowds out the rest


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line of a contact, `label` small in front of it; a warning is white on black."""

    text: str
    size: float
    label: str = ""
    is_bold: bool = False
    is_warning: bool = False

    @property
    def height(self) -> float:
        return self.size * 1.3


@dataclass(frozen=True, slots=True)
class Block:
    """One contact, folded to the column's width."""

    each: TldContacts
    lines: Sequence[PrintedLine]

    @property
    def height(self) -> float:
        return sum(line.height for line in self.lines) + AFTER


def block(pages: Pages, each: TldContacts, contact: RosterContact, most: float) -> Block:
    """A contact ready for print, no higher than `most`; beyond that, nobody can have typed it honestly."""
    lines = [folded for line in _lines(contact) for folded in _folded(pages, line)]
    heights = accumulate((line.height for line in lines), initial=AFTER)
    next(heights)
    return Block(each, [line for line, height in zip(lines, heights, strict=True) if height <= most])


def put_block(pages: Pages, x: float, y: float, block: Block) -> None:
    """Print it, with its upper left corner there."""
    for line in block.lines:
        baseline = y + line.size
        if line.is_warning:
            put_warning(pages, x, y, line.text, line.size, line.height, WIDTH)
        elif line.label or not line.is_bold:
            pages.text(x, baseline, 2.5, line.label, GREY)
            pages.text(x + _LABEL, baseline, line.size, line.text, is_bold=line.is_bold)
        else:
            pages.text(x, baseline, line.size, line.text, is_bold=True)
        y += line.height


def put_heading(pages: Pages, x: float, y: float, each: TldContacts, is_continued: bool) -> None:
    """The bar above a TLD's contacts."""
    pages.mark(Box(x, y, WIDTH, HEADING - 2.2, BAR))
    name = pages.fold(dotted_name(pages, each.tld), WIDTH - 3, 4.8, True)[0]
    pages.text(x + 1.5, y + 4.7, 4.8, name, is_bold=True)
    at = x + 1.5 + pages.width(name, 4.8, True) + 2
    rest = "continued" if is_continued else one_line(each.country)
    rest = f"{each.tld.a_label}  {rest}" if name not in (each.tld.a_label, f".{each.tld.a_label}") else rest
    room = x + WIDTH - at - 9
    shown = pages.fold(rest, room, 3.0)
    pages.text(at, y + 4.5, 3.0, shown[0] if shown else "")
    pages.text(x + WIDTH - 1.5, y + 4.5, 3.0, each.region, GREY, anchor="end")


def dotted_name(pages: Pages, tld: Tld) -> str:
    """`.nl`; an organisation without a TLD by its name, as far as it can be printed."""
    name = pages.named(tld)
    return name if kind_of(tld.a_label) else f".{name}"


def _lines(contact: RosterContact) -> Iterator[PrintedLine]:
    yield PrintedLine(" ".join(one_line(contact.name).split()) or "?", 3.9, is_bold=True)
    for mark in marks(contact):
        yield PrintedLine(mark, 2.7, is_bold=True, is_warning=True)
    for label, value, size, is_bold in (
        ("Phone", contact.phone, 4.9, True),
        ("Mobile", contact.mobile, 4.9, True),
        ("Email", contact.email, 3.3, False),
        ("Emergency", contact.emergency_email, 3.3, False),
        ("Works for", contact.organisation, 3.0, False),
        ("Fax", contact.fax, 3.0, False),
        ("Post", ", ".join(filter(None, split_lines(contact.postal))), 2.7, False),
        ("Time zone", contact.timezone, 2.7, False),
        ("Confirmed", confirmed(contact), 2.7, False),
        ("Key", grouped(contact.fingerprint), 2.55, False),
    ):
        if value:
            yield PrintedLine(one_line(value), size, label, is_bold)


def _folded(pages: Pages, line: PrintedLine) -> Iterator[PrintedLine]:
    room = WIDTH - (2 if line.is_warning else _LABEL if line.label else 0)
    lines = pages.fold(line.text, room, line.size, line.is_bold)[:_MOST_LINES]
    for number, text in enumerate(lines):
        yield replace(line, text=text, label=line.label if number == 0 else " " if line.label else "")
