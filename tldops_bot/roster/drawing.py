"""What a drawing is made of: boxes, lines, words and shapes, in millimetres from the upper left corner."""

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, filled, edged or both; a colour is `#rrggbb`, or "" for none."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    edge: str = ""
    edge_width: float = 0.2


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    colour: str
    width: float = 0.2
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """ASCII text in a plain sans-serif typeface; `y` is its baseline, `size` the height of a line."""

    x: float
    y: float
    size: float
    text: str
    colour: str = "#000000"
    is_bold: bool = False
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled shape of several closed outlines (non-zero rule), such as a word in another script."""

    outlines: tuple[tuple[Point, ...], ...]
    colour: str


Mark = Box | Line | Words | Shape


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet with what is drawn on it, bottom first. `title` is read out to those who can't see it."""

    width: float
    height: float
    title: str
    marks: tuple[Mark, ...]
