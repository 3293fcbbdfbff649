"""One line for each thing that was measured, beside what it may be at most."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: what was measured, how it is shown, and what it may be."""

    what: str
    value: float
    most: float
    unit: str

    @property
    def is_held(self) -> bool:
        return self.value <= self.most


def print_measured(found: list[Measured]) -> int:
    """Print it; 1 where anything is more than it may be."""
    table = Table("", "measured", "at most", "")
    for column in table.columns[1:3]:
        column.justify = "right"
    for one in found:
        table.add_row(
            one.what,
            _said(one.value, one.unit),
            _said(one.most, one.unit),
            "" if one.is_held else "[red]more[/]",
        )
    console = Console()
    (console if console.is_terminal else Console(width=100)).print(table)
    return 0 if all(one.is_held for one in found) else 1


def _said(value: float, unit: str) -> str:
    scale = {"MB": 1e6, "kB": 1e3}.get(unit, 1.0)
    return f"{value / scale:,.1f} {unit}" if unit else f"{value:,.0f}"
