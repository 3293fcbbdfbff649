"""A measured figure beside its floor and its goal, and the table of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

Say = Callable[[str], None]  # what is going on, for whoever waits


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: ready words, since each figure has a unit of its own."""

    what: str
    ours: str
    floor: str
    ratio: str
    goal: str
    is_met: bool | None = None  # None: shown for comparison only


def middle(values: Sequence[float]) -> float:
    """The median: one round disturbed by other work on the machine does not count."""
    return median(values)


def seconds(value: float) -> str:
    """A time with three digits that matter."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"


def below(what: str, values: Sequence[float], limit: float, in_words: Callable[[float], str]) -> Figure:
    """A value that has no floor, and must stay below a limit."""
    value = middle(values)
    return Figure(what, in_words(value), "", "", f"< {in_words(limit)}", value < limit)


def times(what: str, ours: Sequence[float], floors: Sequence[float], most: float | None = None) -> Figure:
    """Times, one pair a round; the ratio is the median of the rounds' ratios and may be `most` at most."""
    ratio = middle([mine / floor for mine, floor in zip(ours, floors, strict=True)])
    goal, is_met = (f"≤ {most}", ratio <= most) if most is not None else ("", None)
    return Figure(what, seconds(middle(ours)), seconds(middle(floors)), f"{ratio:.2f}", goal, is_met)


def print_table(figures: Sequence[Figure]) -> None:
    """All figures, as a table of ratios; wide enough where it goes to a file."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    made = Table(title="tldops-bot, in ratios to the floor of the same run", title_justify="left", box=SIMPLE)
    for name in ("what", "ours", "floor", "ratio", "goal", ""):
        made.add_column(name, justify="left" if name in ("what", "") else "right", no_wrap=True)
    for one in figures:
        mark = "" if one.is_met is None else "[green]met" if one.is_met else "[red]missed"
        made.add_row(one.what, one.ours, one.floor, one.ratio, one.goal, mark)
    console.print(made)
