"""The shipped table of delegated TLDs: kind, country and, by ICANN's division, region of each."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tldops_bot.config.shipped import data_file
from tldops_bot.domain.tld import REGIONS, Tld, parse_tld

KINDS = ("cctld", "gtld", "infrastructure")
COLUMNS = ("a_label", "u_label", "kind", "country", "country_name", "region", "region_basis")


class TldTableUnreadable(Exception):
    """The table has a row that can't be right; the text says which line, and why."""


@dataclass(frozen=True, slots=True)
class TldFacts:
    """One delegated TLD. Country (ISO 3166 code and name) and region are empty for a gTLD."""

    tld: Tld
    kind: str
    country: str
    country_name: str
    region: str
    region_basis: str


@dataclass(frozen=True, slots=True)
class TldTable:
    """All delegated TLDs by A-label, in that order."""

    by_a_label: Mapping[str, TldFacts]

    def __contains__(self, tld: Tld) -> bool:
        return tld.a_label in self.by_a_label

    def __iter__(self) -> Iterator[TldFacts]:
        return iter(self.by_a_label.values())

    def __len__(self) -> int:
        return len(self.by_a_label)

    def get(self, tld: Tld) -> TldFacts | None:
        """What is known about a TLD; None if it is not in the root."""
        return self.by_a_label.get(tld.a_label)

    def of_kind(self, *kinds: str) -> tuple[TldFacts, ...]:
        """The TLDs of these kinds: `cctld`, `gtld`, `infrastructure`."""
        return tuple(facts for facts in self if facts.kind in kinds)

    def in_region(self, region: str) -> tuple[TldFacts, ...]:
        """The ccTLDs of one of ICANN's regions, by its code."""
        return tuple(facts for facts in self if facts.region == region)


@cache
def load_tld_table(path: Path | None = None) -> TldTable:
    """Read the table, the shipped one unless told otherwise; once.

    Raises TldTableUnreadable if it isn't a table of this shape, and OSError if it can't be opened.
    """
    with (path or data_file("tlds.csv")).open(encoding="utf-8", newline="") as file:
        try:
            rows = list(csv.DictReader(file, strict=True))
        except (csv.Error, UnicodeDecodeError) as broken:
            raise TldTableUnreadable(f"not a table: {broken}") from broken
    facts = [_facts(row, line) for line, row in enumerate(rows, start=2)]
    by_a_label = {each.tld.a_label: each for each in facts}
    if len(by_a_label) < len(facts) or not facts:
        raise TldTableUnreadable("a TLD stands in it twice" if facts else "it is empty")
    return TldTable(by_a_label)


def _facts(row: Mapping[str, str], line: int) -> TldFacts:
    if tuple(row) != COLUMNS or None in row.values():
        raise TldTableUnreadable(f"line {line}: the columns are {','.join(COLUMNS)}")
    tld = parse_tld(row["a_label"])
    if tld is None or (tld.a_label, tld.u_label) != (row["a_label"], row["u_label"]):
        raise TldTableUnreadable(f"line {line}: A-label and U-label do not belong together")
    if row["kind"] not in KINDS or (row["region"] in REGIONS) != (row["kind"] == "cctld"):
        raise TldTableUnreadable(f"line {line}: unknown kind, or region and kind do not fit")
    rest = ("kind", "country", "country_name", "region", "region_basis")
    return TldFacts(tld, *(row[column] for column in rest))
