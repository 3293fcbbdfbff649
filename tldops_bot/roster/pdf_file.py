"""The roster as PDF, for paper: an index, the picture of coverage, and every TLD's contacts with a thumb index."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tldops_bot.config.tile_map import load_tile_map
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.cover import cover
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.organisation import kind_of
from tldops_bot.domain.roster import CCTLD, Roster, is_idn, place
from tldops_bot.domain.tld import REGIONS, Tld
from tldops_bot.roster import picture
from tldops_bot.roster.drawing import Box, Line
from tldops_bot.roster.pdf_blocks import HEADING, WIDTH, Block, block, put_block, put_heading
from tldops_bot.roster.pdf_form import BLACK, GREY, PAGE_HEIGHT, PAGE_WIDTH, WHITE, put_label
from tldops_bot.roster.pdf_pages import UNSHOWN, Pages
from tldops_bot.roster.text import ORGANISATIONS
from tldops_bot.roster.typefaces import Typefaces

_LEFT, _RIGHT = 10.0, 196.0  # right of it is the thumb index
_TOP, _BOTTOM = 20.0, 267.0
_COLUMNS = (_LEFT, _RIGHT - WIDTH)
_MOST_IN_INDEX = 360
_OTHERS = "ORG"
_LETTERS = (*"abcdefghijklmnopqrstuvwxyz", "IDN", _OTHERS)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A block in its place; `heading` if the TLD's bar is above it, and whether that TLD began earlier."""

    x: float
    y: float
    block: Block
    heading: bool
    is_continued: bool


@dataclass(slots=True)
class _Paper:
    """What all pages share."""

    pages: Pages
    roster: Roster
    list_name: str
    total: int = 0
    links: dict[int, int] = field(default_factory=dict)

    def link(self, page: int) -> int:
        if page not in self.links:
            self.links[page] = int(self.pages.pdf.add_link(page=page))
        return self.links[page]


def pdf_file(
    roster: Roster, list_name: str, tlds: TldTable, typefaces: Typefaces, history: Sequence[Figures] = ()
) -> bytes:
    """The file; the same octets for the same roster on the same machine."""
    pages = Pages(f"{list_name} roster {roster.serial}", roster.made_at, typefaces)
    sheets = _laid_out(pages, roster)
    front = 3
    page_of: dict[Tld, int] = {}
    for number, sheet in enumerate(sheets, start=front + 1):
        for each in sheet:
            page_of.setdefault(each.block.each.tld, number)
    paper = _Paper(pages, roster, list_name, front + len(sheets))
    _cover_page(paper, page_of, tlds)
    _region_page(paper, page_of, tlds)
    _picture_page(paper, tlds, typefaces, history)
    for sheet in sheets:
        _sheet(paper, sheet)
    return pages.octets()


def _laid_out(pages: Pages, roster: Roster) -> list[list[_Placed]]:
    """Where each contact goes: down one column, then the next, then the next page."""
    sheets: list[list[_Placed]] = [[]]
    column, y = 0, _TOP
    for each in roster.tlds:
        for number, contact in enumerate(each.contacts):
            made = block(pages, each, contact, _BOTTOM - _TOP - HEADING)
            needs = made.height + (HEADING if number == 0 else 0)
            if y + needs > _BOTTOM:
                column, y = (column + 1) % len(_COLUMNS), _TOP
                if column == 0:
                    sheets.append([])
            heading = number == 0 or y == _TOP
            sheets[-1].append(_Placed(_COLUMNS[column], y, made, heading, number > 0))
            y += made.height + (HEADING if heading else 0)
    return sheets if sheets[0] else []


def _sheet(paper: _Paper, sheet: Sequence[_Placed]) -> None:
    tlds = [each.block.each.tld for each in sheet]
    _begin_page(paper, _headline(tlds[0], tlds[-1]))
    _thumbs(paper.pages, {_letter(tld) for tld in tlds})
    for each in sheet:
        y = each.y
        if each.heading:
            put_heading(paper.pages, each.x, y, each.block.each, each.is_continued)
            if not each.is_continued:
                paper.pages.pdf.start_section(each.block.each.tld.a_label)
            y += HEADING
        put_block(paper.pages, each.x, y, each.block)


def _headline(first: Tld, last: Tld) -> str:
    """`.aa – .be`; the organisations, which come last, under one word."""
    if kind_of(last.a_label):
        return ORGANISATIONS if kind_of(first.a_label) else f".{first.a_label} – organisations"
    return f".{first.a_label}" + (f" – .{last.a_label}" if last != first else "")


def _begin_page(paper: _Paper, heading: str, is_wide: bool = False) -> None:
    width, height = (PAGE_HEIGHT, PAGE_WIDTH) if is_wide else (PAGE_WIDTH, PAGE_HEIGHT)
    right = width - 10 if is_wide else _RIGHT
    pages = paper.pages
    pages.add_page(width, height)
    pages.text(_LEFT, 14, 5.5, heading, is_bold=True)
    put_label(pages, "AMBER", right, 9)
    number = pages.pdf.page_no()
    foot = f"{paper.list_name} roster {paper.roster.serial}. Destroy the former one."
    pages.text(_LEFT, height - 6, 2.9, foot, GREY)
    pages.text(right, height - 6, 2.9, f"page {number} of {paper.total}", GREY, anchor="end")


def _letter(tld: Tld) -> str:
    if kind_of(tld.a_label):
        return _OTHERS
    return "IDN" if is_idn(tld) else tld.a_label[0]


def _thumbs(pages: Pages, here: Iterable[str]) -> None:
    """Letters down the outer edge: this page's are black, and visible on the closed stack of paper."""
    step = (PAGE_HEIGHT - 24) / len(_LETTERS)
    for number, letter in enumerate(_LETTERS):
        y = 12 + number * step
        is_here = letter in here
        if is_here:
            pages.mark(Box(PAGE_WIDTH - 10, y, 10, step - 0.4, BLACK))
        size = 2.6 if letter == "IDN" else 4.2
        colour = WHITE if is_here else "#8c8c8c"
        pages.text(PAGE_WIDTH - 6.2, y + step * 0.65, size, letter, colour, is_here, "middle")


def _cover_page(paper: _Paper, page_of: Mapping[Tld, int], tlds: TldTable) -> None:
    _begin_page(paper, "")
    pages, roster = paper.pages, paper.roster
    pages.text(_LEFT, 26, 11, f"{paper.list_name} roster", is_bold=True)
    pages.text(_LEFT, 34, 4.6, f"{roster.serial}, made {roster.made_at:%Y-%m-%d %H:%M} UTC")
    y = 43.0
    for line in _cover_words(roster, pages):
        for folded in pages.fold(line, _RIGHT - _LEFT, 3.5):
            pages.text(_LEFT, y, 3.5, folded)
            y += 4.7
        y += 1
    _index(paper, page_of, tlds, y + 6)


def _cover_words(roster: Roster, pages: Pages) -> Iterator[str]:
    figures = roster.coverage
    yield (
        "For members of this list, and for those in their organisations who need it to act (TLP:AMBER). "
        "Keep it where you find it when the network is down. Destroy the former one."
    )
    yield (
        "To find a TLD: the page stands below, and its letter black on the outer edge; names in other scripts are "
        "under IDN. By country and region: page 2. Who has contacts and who has none: page 3."
    )
    yield (
        "STALE: not confirmed in time; ask by phone who it is now. MAIL FAILS: mail to them came back. "
        "NO KEY: no mail to them can be encrypted."
    )
    yield (
        f"{figures.cctlds.covered} of {figures.cctlds.total} ccTLDs have a contact. {figures.contacts} contacts, of them "
        f"{figures.with_key} with an OpenPGP key and {figures.stale} STALE."
    )
    names = (contact.name for contact in roster.contacts)
    if any(UNSHOWN in pages.shown(name) for name in names):
        yield f"{UNSHOWN} stands for letters that could not be printed; roster.vcf and the mail have the whole name."


def _index(paper: _Paper, page_of: Mapping[Tld, int], tlds: TldTable, top: float) -> None:
    """Every TLD with its page, a dash if it has nobody; ccTLDs only, if not all fit. Organisations last."""
    every = sorted({*page_of, *paper.roster.missing}, key=place)
    if len(every) > _MOST_IN_INDEX:
        cctlds = {facts.tld for facts in tlds.of_kind(CCTLD)}
        every = [tld for tld in every if tld in cctlds or kind_of(tld.a_label)]
    names = [tld for tld in every if not kind_of(tld.a_label)]
    parts = [([tld for tld in names if not is_idn(tld)], 10), ([tld for tld in names if is_idn(tld)], 5)]
    parts.append(([tld for tld in every if kind_of(tld.a_label)], 3))
    rows = sum(-(-len(part) // columns) for part, columns in parts)
    step = min(5.0, (_BOTTOM - top) / (rows + 1))
    for part, columns in parts:
        deep = -(-len(part) // columns)
        width = (_RIGHT - _LEFT) / columns
        for number, tld in enumerate(part):
            x, y = _LEFT + number // deep * width, top + number % deep * step
            _entry(paper, x, y, width - 3, step * 0.8, tld, page_of.get(tld), "")
        top += (deep + 1) * step


def _entry(
    paper: _Paper, x: float, y: float, width: float, size: float, tld: Tld, page: int | None, country: str
) -> None:
    """`nl 12`, which is a link; in its own script if a font has it."""
    pages = paper.pages
    name = pages.named(tld)
    ink = BLACK if page else "#8c8c8c"
    number = str(page) if page else "–"
    at = x
    if country:
        room = width - 17
        pages.text(x, y, size, _cut(pages, country, room, size), ink)
        at = x + room + 1
    room = x + width - at - pages.width(number, size) - 1
    fits = min(size, size * room / max(pages.width(name, size, page is not None), 0.1))
    pages.text(at, y, fits, name, ink, page is not None)
    pages.text(x + width, y, size, number, ink, anchor="end")
    if page:
        pages.pdf.link(x, y - size, width, size * 1.25, paper.link(page))


def _cut(pages: Pages, text: str, room: float, size: float) -> str:
    if pages.width(text, size) <= room:
        return text
    while pages.width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _region_page(paper: _Paper, page_of: Mapping[Tld, int], tlds: TldTable) -> None:
    """ICANN's regions, in each the countries by name."""
    _begin_page(paper, "By region and country")
    rows: list[tuple[str, Tld | None, str]] = []
    for code, name in REGIONS.items():
        rows.append((f"{name} ({code})", None, ""))
        found = sorted(tlds.in_region(code), key=lambda facts: (_plain(facts.country_name), place(facts.tld)))
        rows += [("", facts.tld, facts.country_name) for facts in found]
    columns = 4
    per_column = -(-len(rows) // columns)
    step = min(4.6, (_BOTTOM - _TOP) / per_column)
    width = (_RIGHT - _LEFT) / columns
    for number, (heading, tld, country) in enumerate(rows):
        x, y = _LEFT + number // per_column * width, _TOP + 3 + number % per_column * step
        if tld is None:
            paper.pages.mark(Line(((x, y + 0.7), (x + width - 3, y + 0.7)), BLACK, 0.3))
            size = min(step * 0.86, (width - 3) / paper.pages.width(heading, 1, is_bold=True))
            paper.pages.text(x, y, size, heading, is_bold=True)
        else:
            _entry(paper, x, y, width - 3, step * 0.78, tld, page_of.get(tld), country)


def _plain(name: str) -> str:
    """A name as it is looked up: Åland under A."""
    return "".join(one for one in unicodedata.normalize("NFKD", name) if one.isascii()).casefold()


def _picture_page(paper: _Paper, tlds: TldTable, typefaces: Typefaces, history: Sequence[Figures]) -> None:
    """What everybody may see: nothing about freshness beyond the marks."""
    roster = paper.roster
    held = {each.tld: each.contacts for each in roster.tlds}
    tiles = {facts.tld: cover(held.get(facts.tld, ()), None) for facts in tlds.of_kind("cctld")}
    made_on = f"{roster.made_at:%Y-%m-%d}"
    shown = picture.Coverings(paper.list_name, made_on, tiles, roster.coverage, False, history)
    _begin_page(paper, "", is_wide=True)
    paper.pages.draw(picture.picture(shown, load_tile_map(tlds), typefaces))
