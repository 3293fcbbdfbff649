"""The shipped map of the world in tiles: the column and row of each ccTLD."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tldops_bot.config.shipped import data_file
from tldops_bot.config.tld_table import TldFacts, TldTable
from tldops_bot.domain.tld import Tld

_EMPTY = "."
_IDN = "*"


@dataclass(frozen=True, slots=True)
class TileMap:
    """Where each tile is, counted from the upper left corner."""

    places: Mapping[Tld, tuple[int, int]]
    columns: int
    rows: int


def load_tile_map(tlds: TldTable) -> TileMap:
    """The places of all ccTLDs in the table. Any younger than the map are in a row below it."""
    drawn = list(_drawn(data_file("tile_map.txt").read_text(encoding="utf-8")))
    columns = 1 + max(column for column, _, _ in drawn)
    rows = 1 + max(row for _, row, _ in drawn)
    places: dict[Tld, tuple[int, int]] = {}
    waiting = _waiting(tlds)
    for column, row, word in drawn:
        if waiting.get(word):
            places[waiting[word].pop(0)] = (column, row)
    left = [tld for each in waiting.values() for tld in each]
    for number, tld in enumerate(left):
        places[tld] = (number % columns, rows + 1 + number // columns)
    return TileMap(places, columns, 1 + max(row for _, row in places.values()))


def _drawn(text: str) -> Iterator[tuple[int, int, str]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for row, line in enumerate(lines):
        for column, word in enumerate(line.split()):
            if word != _EMPTY:
                yield column, row, word


def _waiting(tlds: TldTable) -> dict[str, list[Tld]]:
    """The ccTLDs, by the word that stands for them in the drawing."""
    found: dict[str, list[Tld]] = {}
    for facts in tlds.of_kind("cctld"):
        found.setdefault(_word(facts), []).append(facts.tld)
    return found


def _word(facts: TldFacts) -> str:
    is_idn = facts.tld.a_label != facts.tld.u_label
    return facts.country.lower() + _IDN if is_idn else facts.tld.a_label
