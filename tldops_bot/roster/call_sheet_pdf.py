"""The call sheet on paper: numbers legible at arm's length, and boxes to tick with the other hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tldops_bot.domain.call_sheet import SheetContact, SheetHead, SheetLine, local_times
from tldops_bot.domain.plain_text import one_line
from tldops_bot.domain.tld import dotted
from tldops_bot.roster.call_sheet import call_words, why_words
from tldops_bot.roster.drawing import Box, Line
from tldops_bot.roster.pdf_form import BAR, BLACK, GREY, PAGE_HEIGHT, PAGE_WIDTH, put_label, put_warning
from tldops_bot.roster.pdf_pages import UNSHOWN, Pages
from tldops_bot.roster.typefaces import Typefaces

_LEFT, _RIGHT, _TOP, _BOTTOM = 12.0, 198.0, 17.0, 266.0
_NOTES = 134.0  # from here to the right edge there is room to write
_LABEL = 12.0
_WIDTH, _HALF = 118.0, 59.0  # left of the notes
_NUMBER = 5.4
_BAR, _NOTES_HEIGHT, _AFTER = 8.4, 24.0, 3.0
_MOST_LINES = 3  # of one thing, so that no one crowds out the rest
_MOST_CALLS = 4


@dataclass(frozen=True, slots=True)
class _Row:
    """One line in a column; a warning is white on black."""

    text: str
    size: float
    label: str = ""
    is_bold: bool = False
    is_warning: bool = False
    beside: tuple[str, str] | None = None  # label and text in the second half of the line

    @property
    def height(self) -> float:
        return self.size * 1.32


@dataclass(frozen=True, slots=True)
class _Block:
    """A TLD, or as much of it as a page holds."""

    line: SheetLine
    rows: tuple[_Row, ...]
    is_continued: bool = False

    @property
    def height(self) -> float:
        return _BAR + max(_height(self.rows), _NOTES_HEIGHT) + _AFTER


@dataclass(frozen=True, slots=True)
class _Paper:
    """What all pages share."""

    pages: Pages
    head: SheetHead
    rows: tuple[_Row, ...]
    made_at: str
    most: float  # room for TLDs on one page


def pdf_sheet(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, typefaces: Typefaces) -> bytes:
    """The file; the same octets for the same sheet on the same machine."""
    pages = Pages(f"{head.alert_id}: whom to call", now, typefaces)
    rows = _folded(pages, _head_rows(sheet, head, now, pages), _RIGHT - _LEFT)
    paper = _Paper(pages, head, rows, f"{now:%Y-%m-%d %H:%M} UTC", _BOTTOM - _TOP - _height(rows) - 2)
    blocks = (part for one in sheet for part in _blocks(paper, one, now))
    laid_out = list(_laid_out(blocks, paper.most))
    for number, some in enumerate(laid_out, start=1):
        y = _begin_page(paper, some, f"page {number} of {len(laid_out)}")
        for block in some:
            _put_block(paper, y, block)
            y += block.height
    return pages.octets()


# --- what is said


def _head_rows(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, pages: Pages) -> Iterator[_Row]:
    if head.is_exercise:
        yield _Row("EXERCISE. Say first that this is an exercise.", 4.2, is_bold=True, is_warning=True)
    yield _Row(head.title, 4.0, "About", is_bold=True)
    if head.caller:
        yield _Row(head.caller, 4.0, "Caller", is_bold=True)
    tlds = "1 TLD has" if len(sheet) == 1 else f"{len(sheet)} TLDs have"
    yield _Row(
        f"At {now:%H:%M} UTC {tlds} not said that they know of it. Local times are of that moment.", 3.2
    )
    yield _Row(
        f"Send what you found, signed, to the list, a line each: REACHED {head.alert_id} nl be: their words. "
        f"NOTREACHED {head.alert_id} nl: nobody answers.",
        3.2,
    )
    names = (each.name for one in sheet for each in one.contacts)
    if any(UNSHOWN in pages.shown(one_line(name)) for name in names):
        yield _Row(
            f"{UNSHOWN} stands for letters that could not be printed; the mail has the whole name.", 3.2
        )


def _rows(pages: Pages, one: SheetLine, is_for_caller: bool, now: datetime) -> Iterator[_Row]:
    yield _Row(why_words(one), 3.3)
    for words in call_words(one)[-_MOST_CALLS:]:
        yield _Row(f"called {words}", 3.3, is_bold=True)
    if one.caller and not is_for_caller:
        yield _Row(f"Caller: {one.caller}", 3.3)
    for each in one.contacts:
        yield from _contact_rows(pages, each, now)
    if not one.contacts:
        yield _Row("Nobody is listed any more.", 3.6)


def _contact_rows(pages: Pages, each: SheetContact, now: datetime) -> Iterator[_Row]:
    yield _Row(f"{each.name} ({each.organisation})" if each.organisation else each.name, 3.8, is_bold=True)
    if len(each.phones) == 2 and all(_fits_half(pages, number) for _, number in each.phones):
        (label, number), other = each.phones
        yield _Row(number, _NUMBER, label, is_bold=True, beside=other)
    else:
        for label, number in each.phones:
            yield _Row(number, _NUMBER, label, is_bold=True)
    if not each.phones:
        yield _Row("No number is known.", 3.4)
    if clock := local_times(each.zones, now):
        yield _Row(f"{clock}, at {now:%H:%M} UTC", 3.6, "There")
    if each.note:
        yield _Row(each.note, 3.6, "Known")


def _fits_half(pages: Pages, number: str) -> bool:
    return pages.width(pages.shown(one_line(number)), _NUMBER, True) <= _HALF - _LABEL - 1


# --- layout


def _folded(pages: Pages, rows: Iterable[_Row], width: float) -> tuple[_Row, ...]:
    return tuple(folded for row in rows for folded in _lines_of(pages, row, width))


def _lines_of(pages: Pages, row: _Row, width: float) -> Iterator[_Row]:
    text = " ".join(one_line(row.text).split()) or "?"
    lines = pages.fold(text, width - (_LABEL if row.label else 2), row.size, row.is_bold)[:_MOST_LINES]
    for number, line in enumerate(lines):
        yield replace(row, text=line, label=row.label if number == 0 else " " if row.label else "")


def _height(rows: Iterable[_Row]) -> float:
    return sum(row.height for row in rows)


def _blocks(paper: _Paper, one: SheetLine, now: datetime) -> Iterator[_Block]:
    """A TLD, in several pieces only if no page can hold it."""
    most = paper.most - _BAR - _AFTER
    rows = _rows(paper.pages, one, bool(paper.head.caller), now)
    held: list[_Row] = []
    is_continued = False
    for row in _folded(paper.pages, rows, _WIDTH):
        if held and _height(held) + row.height > most:
            yield _Block(one, tuple(held), is_continued)
            held, is_continued = [], True
        held.append(row)
    yield _Block(one, tuple(held), is_continued)


def _laid_out(blocks: Iterable[_Block], most: float) -> Iterator[list[_Block]]:
    page: list[_Block] = []
    for block in blocks:
        if page and sum(one.height for one in page) + block.height > most:
            yield page
            page = []
        page.append(block)
    if page:
        yield page


# --- ink


def _begin_page(paper: _Paper, some: Sequence[_Block], number: str) -> float:
    """A page with its head and foot; where its first TLD begins."""
    pages, head = paper.pages, paper.head
    pages.add_page(PAGE_WIDTH, PAGE_HEIGHT)
    pages.text(_LEFT, 14, 5.8, f"{head.alert_id}: whom to call", is_bold=True)
    put_label(pages, head.label, _RIGHT, 8.6)
    y = _TOP
    for row in paper.rows:
        _put_row(pages, y, row, _RIGHT - _LEFT)
        y += row.height
    named = dotted(some[0].line.tld) + (
        f" – {dotted(some[-1].line.tld)}" if some[-1].line.tld != some[0].line.tld else ""
    )
    foot = pages.fold(f"{named}   made {paper.made_at}. Destroy it after use.", _RIGHT - _LEFT - 30, 2.9)
    pages.text(_LEFT, PAGE_HEIGHT - 6, 2.9, foot[0], GREY)
    pages.text(_RIGHT, PAGE_HEIGHT - 6, 2.9, number, GREY, anchor="end")
    return y + 2


def _put_block(paper: _Paper, y: float, block: _Block) -> None:
    pages, line = paper.pages, block.line
    pages.mark(Box(_LEFT, y, _RIGHT - _LEFT, _BAR - 2.2, BAR))
    pages.text(_LEFT + 1.5, y + 5.2, 5.4, dotted(line.tld), is_bold=True)
    at = _LEFT + 1.5 + pages.width(pages.shown(dotted(line.tld)), 5.4, True) + 3
    rest = "continued" if block.is_continued else one_line(line.country)
    for shown in pages.fold(rest, _RIGHT - 12 - at, 3.6)[:1]:
        pages.text(at, y + 4.9, 3.6, shown)
    pages.text(_RIGHT - 1.5, y + 4.9, 3.4, line.region, GREY, anchor="end")
    y += _BAR
    if not block.is_continued:
        _put_notes(pages, y)
    for row in block.rows:
        _put_row(pages, y, row, _WIDTH)
        y += row.height


def _put_row(pages: Pages, y: float, row: _Row, width: float) -> None:
    baseline = y + row.size
    if row.is_warning:
        put_warning(pages, _LEFT, y, row.text, row.size, row.height, width)
        return
    if row.label:
        pages.text(_LEFT, baseline, 2.9, row.label, GREY)
    x = _LEFT + (_LABEL if row.label else 0)
    pages.text(x, baseline, row.size, row.text, is_bold=row.is_bold)
    if row.beside:
        label, text = row.beside
        pages.text(_LEFT + _HALF, baseline, 2.9, label, GREY)
        pages.text(_LEFT + _HALF + _LABEL, baseline, row.size, one_line(text), is_bold=row.is_bold)


def _put_notes(pages: Pages, y: float) -> None:
    """Boxes to tick, and lines to write on."""
    for x, words in ((_NOTES, "reached"), (_NOTES + 25, "not reached")):
        pages.mark(Box(x, y + 0.6, 4.4, 4.4, edge=BLACK, edge_width=0.35))
        pages.text(x + 6, y + 4.2, 3.6, words)
    for number, words in enumerate(("at (UTC)", "words", "")):
        below = y + 10.5 + number * 6.6
        pages.text(_NOTES, below - 0.6, 2.6, words, GREY)
        pages.mark(Line(((_NOTES + (12 if words else 0), below), (_RIGHT, below)), "#8c8c8c"))
