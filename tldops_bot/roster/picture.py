"""The picture of coverage: the world's ccTLDs as tiles, a legend, and a line over time.

Colours can be told apart by the colour-blind (Okabe and Ito, jfly.uni-koeln.de/color) and, by their lightness
and a sign in the tile, on grey paper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tldops_bot.config.tile_map import TileMap
from tldops_bot.domain.cover import Cover
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.roster import Coverage
from tldops_bot.domain.tld import Tld
from tldops_bot.roster.drawing import Box, Drawing, Line, Mark, Point, Shape, Words
from tldops_bot.roster.typefaces import Typefaces

WIDTH, HEIGHT = 279.4, 210.0  # as high as A4 and as wide as Letter: prints on both
MARGIN = 10.0
_MAP_TOP = 26.0
_GAP = 0.35
_MOST_CONDENSED = 1.7  # long words are made narrow rather than small
_BLACK, _GREY, _FAINT = "#000000", "#595959", "#c8c8c8"
_BLUE, _RED = "#0072b2", "#d55e00"


@dataclass(frozen=True, slots=True)
class _Look:
    fill: str
    ink: str
    words: str


_LOOKS = {
    Cover.CONFIRMED: _Look("#00527f", "#ffffff", "with a key, confirmed in 200 days"),
    Cover.HELD: _Look("#56b4e9", "#000000", "not confirmed lately"),
    Cover.STALE: _Look("#e69f00", "#000000", "STALE: asked in vain"),
    Cover.KEYLESS: _Look("#f6ee9d", "#000000", "no contact has a key"),
    Cover.NONE: _Look("#ffffff", "#595959", "nobody"),
}
_PUBLIC = replace(_LOOKS[Cover.CONFIRMED], words="has a contact with a key")


@dataclass(frozen=True, slots=True)
class Coverings:
    """What the picture shows: the state of each ccTLD, the totals, and the past if there is one."""

    list_name: str
    made_on: str
    tiles: Mapping[Tld, Cover]
    coverage: Coverage
    shows_freshness: bool
    history: Sequence[Figures] = ()


def picture(what: Coverings, places: TileMap, typefaces: Typefaces) -> Drawing:
    """A heading with the figures, the map, and its legend; from the second day on, a line over time."""
    side = min((WIDTH - 2 * MARGIN) / places.columns, (_chart_top(what) - 20 - _MAP_TOP) / places.rows)
    left = (WIDTH - side * places.columns) / 2
    marks: list[Mark] = [*_heading(what)]
    for tld, (column, row) in places.places.items():
        x, y = left + column * side, _MAP_TOP + row * side
        state = what.tiles.get(tld, Cover.NONE)
        marks += _ground(state, _look(state, what), x, y, side - _GAP)
        marks += _name(tld, _look(state, what).ink, x, y, side - _GAP, typefaces)
    bottom = _MAP_TOP + places.rows * side
    marks += _legend(what, left, bottom + 4, side - _GAP)
    if _has_chart(what):
        marks += _chart(what.history, _chart_top(what))
    return Drawing(WIDTH, HEIGHT, f"{what.list_name}: coverage of ccTLDs, {what.made_on}", tuple(marks))


def _has_chart(what: Coverings) -> bool:
    return len(what.history) > 1


def _chart_top(what: Coverings) -> float:
    return HEIGHT - 48 if _has_chart(what) else HEIGHT - 6


def _heading(what: Coverings) -> Iterator[Mark]:
    figures = what.coverage
    yield Words(MARGIN, 14, 6.5, f"{what.list_name}: who can be reached", is_bold=True)
    yield Words(WIDTH - MARGIN, 20.5, 3.6, what.made_on, _GREY, anchor="end")
    shares = (
        ("ccTLDs with a contact", figures.cctlds),
        ("ASCII", figures.ascii_cctlds),
        ("IDN", figures.idn_cctlds),
        ("confirmed in 200 days", figures.confirmed),
    )
    line = "   ".join(f"{name} {one.covered} of {one.total} ({one.percent} %)" for name, one in shares)
    yield Words(MARGIN, 20.5, 3.6, line, _GREY)


def _look(state: Cover, what: Coverings) -> _Look:
    return _PUBLIC if state is Cover.HELD and not what.shows_freshness else _LOOKS[state]


def _ground(state: Cover, look: _Look, x: float, y: float, side: float) -> Iterator[Mark]:
    """The tile without its name: its colour, and the sign that replaces it where there is none."""
    if state is Cover.NONE:
        yield Box(x + 0.1, y + 0.1, side - 0.2, side - 0.2, look.fill, _FAINT)
        return
    yield Box(x, y, side, side, look.fill)
    if state is Cover.STALE:
        yield Line(((x, y + side), (x, y), (x + side, y)), _BLACK, 0.5)
        yield Shape((((x, y), (x + side * 0.3, y), (x, y + side * 0.3)),), _BLACK)
    elif state is Cover.KEYLESS:
        yield Box(x + 0.15, y + 0.15, side - 0.3, side - 0.3, edge=_BLACK, edge_width=0.4)
    elif state is Cover.HELD and look is not _PUBLIC:
        yield Line(((x + 0.8, y + side - 0.6), (x + side - 0.8, y + side - 0.6)), "#00527f", 0.4)


def _name(tld: Tld, ink: str, x: float, y: float, side: float, typefaces: Typefaces) -> Iterator[Mark]:
    """The name in its own script, as large as fits; the A-label if no font has it."""
    if tld.a_label == tld.u_label:
        yield Words(x + side / 2, y + side * 0.66, side * 0.52, tld.a_label, ink, True, "middle")
        return
    word = typefaces.outlined(tld.u_label)
    if word is None:
        rest = tld.a_label.removeprefix("xn--")
        parts = ["xn--", *(rest[at : at + 6] for at in range(0, len(rest), 6))]
        size = min(side * 0.27, side * 0.95 / len(parts))
        for number, part in enumerate(parts):
            below = (number - len(parts) / 2 + 0.8) * size
            yield Words(x + side / 2, y + side / 2 + below, size, part, ink, anchor="middle")
        return
    heights = [py for outline in word.outlines for _, py in outline]
    low, high = min(heights), max(heights)
    wide = min(side * 0.5, (side - 0.6) / word.width, side * 0.7 / (high - low))
    tall = min(side * 0.5, wide * _MOST_CONDENSED, side * 0.7 / (high - low))
    x0 = x + (side - word.width * wide) / 2
    y0 = y + side / 2 + (low + high) / 2 * tall
    outlines = tuple(tuple((x0 + px * wide, y0 - py * tall) for px, py in one) for one in word.outlines)
    yield Shape(outlines, ink)


def _legend(what: Coverings, x: float, y: float, side: float) -> Iterator[Mark]:
    counts = {state: sum(one is state for one in what.tiles.values()) for state in Cover}
    for state in Cover:
        if state is Cover.CONFIRMED and not what.shows_freshness:
            continue
        look = _look(state, what)
        text = f"{look.words} ({counts[state]})"
        yield from _ground(state, look, x, y, side)
        yield Words(x + side + 1.5, y + side * 0.68, 3.1, text)
        x += side + 4 + len(text) * 1.62


def _chart(history: Sequence[Figures], top: float) -> Iterator[Mark]:
    """The share of ccTLDs over time: with a contact, and confirmed; each line labelled at its end."""
    left, right, bottom = MARGIN + 10, WIDTH - MARGIN - 32, HEIGHT - 17
    days = max((history[-1].day - history[0].day).days, 1)

    def at(one: Figures, percent: float) -> Point:
        part = (one.day - history[0].day).days / days
        return left + part * (right - left), bottom - percent / 100 * (bottom - top)

    for percent in (0, 25, 50, 75, 100):
        y = bottom - percent / 100 * (bottom - top)
        yield Line(((left, y), (right, y)), _FAINT, 0.15)
        yield Words(left - 1.5, y + 1, 3, f"{percent} %", _GREY, anchor="end")
    for one in _ticks(history):
        x, _ = at(one, 0)
        yield Line(((x, bottom), (x, bottom + 1.2)), _GREY)
        yield Words(x, bottom + 4.6, 3, f"{one.day:%Y-%m-%d}", _GREY, anchor="middle")
    last = history[-1]
    held = tuple(at(one, _exact(one.covered, one)) for one in history)
    sure = tuple(at(one, _exact(one.confirmed, one)) for one in history)
    yield Line(held, _BLUE, 0.7)
    yield Line(sure, _RED, 0.7, is_dashed=True)
    apart = max(0.0, 3.6 - (sure[-1][1] - held[-1][1])) / 2
    yield Words(right + 1.5, held[-1][1] + 1 - apart, 3.2, f"contact {last.coverage.percent} %", _BLUE, True)
    yield Words(
        right + 1.5, sure[-1][1] + 1 + apart, 3.2, f"confirmed {last.confirmation.percent} %", _RED, True
    )


def _exact(covered: int, one: Figures) -> float:
    return 100 * covered / max(one.cctlds, 1)


def _ticks(history: Sequence[Figures]) -> Iterator[Figures]:
    """At most eight days, far enough apart to be read."""
    apart = (history[-1].day - history[0].day) / 7
    last = None
    for one in history:
        if last is None or one.day - last >= max(apart, timedelta(days=1)):
            last = one.day
            yield one
