"""Which of this machine's fonts can show which text; what none can is not shown at all: no empty boxes.

Fonts come from the operating system (Debian: fonts-noto-core, fonts-noto-cjk, fonts-dejavu-core), not with
the program: together they are 200 MB. Without them there is Latin script, and A-labels for IDN TLDs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import uharfbuzz as hb

from tldops_bot.roster.drawing import Point

# In order: the first one with all letters of a word is used.
SCRIPTS = (
    *("Arabic", "Devanagari", "Bengali", "Tamil", "Telugu", "Kannada", "Malayalam", "Oriya", "Gujarati"),
    *("Gurmukhi", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Georgian", "Armenian", "Hebrew", "Ethiopic"),
)
FILES = (
    "NotoSans-Regular.ttf",
    *(f"NotoSans{script}-Regular.ttf" for script in SCRIPTS),
    "NotoSansCJK-Regular.ttc",
    "DejaVuSans.ttf",
)
_STEPS = 5  # straight pieces for each curve: enough for print at the sizes used
_MISSING = 0  # the glyph that stands for "no such letter": the empty box


@dataclass(frozen=True, slots=True)
class Outlined:
    """A word as closed outlines, in units of the font's size; the baseline is at 0, y grows upwards."""

    outlines: tuple[tuple[Point, ...], ...]
    width: float


class Typeface:
    """One font file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @cached_property
    def _face(self) -> hb.Face:
        return hb.Face(hb.Blob.from_file_path(str(self.file)))

    @cached_property
    def _font(self) -> hb.Font:
        return hb.Font(self._face)

    @cached_property
    def letters(self) -> frozenset[int]:
        """The code points it has."""
        return frozenset(self._face.unicodes)

    def has(self, text: str) -> bool:
        """Whether it has every letter of the text."""
        return all(ord(char) in self.letters for char in text)

    @cached_property
    def bold(self) -> "Typeface":
        """Its bold companion, or the font itself."""
        name = self.file.name.replace("-Regular", "-Bold").replace("DejaVuSans.", "DejaVuSans-Bold.")
        file = self.file.with_name(name)
        return Typeface(file) if file.is_file() else self

    def advance(self, char: str) -> float:
        """How wide a letter is on its own, in units of the font's size."""
        glyph = self._font.get_nominal_glyph(ord(char)) or _MISSING
        return float(self._font.get_glyph_h_advance(glyph) / self._face.upem)

    def outlined(self, text: str) -> Outlined | None:
        """The text as its script is written, joined and ordered; None if a glyph is missing."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        hb.shape(self._font, buffer)
        if any(info.codepoint == _MISSING for info in buffer.glyph_infos):
            return None
        pen, x = _Pen(), 0.0
        functions = pen.functions()
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            pen.origin = (x + position.x_offset, float(position.y_offset))
            self._font.draw_glyph(info.codepoint, functions)
            x += position.x_advance
        em = self._face.upem
        outlines = tuple(tuple((px / em, py / em) for px, py in one) for one in pen.outlines)
        return Outlined(outlines, x / em)


class Typefaces:
    """The fonts that were found."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.all: Sequence[Typeface] = tuple(Typeface(file) for file in files)

    def for_text(self, text: str) -> Typeface | None:
        """The first font that has every letter."""
        return next((face for face in self.all if face.has(text)), None)

    def outlined(self, text: str) -> Outlined | None:
        """The text as bold outlines; None where no font can show it."""
        face = self.for_text(text)
        if face is None:
            return None
        return face.bold.outlined(text) or face.outlined(text)

    @property
    def plain(self) -> Typeface | None:
        """The font for Latin text."""
        return self.for_text("Az09")

    @property
    def bold(self) -> Typeface | None:
        """The bold companion of the font for Latin text, or that font itself."""
        return self.plain.bold if self.plain else None


def find_typefaces(folder: Path) -> Typefaces:
    """The known fonts anywhere below a folder; none if it does not exist."""
    found = {file.name: file for file in sorted(folder.rglob("*.tt[fc]"), reverse=True)}
    return Typefaces(found[name] for name in FILES if name in found)


class _Pen:
    """Collects outlines, turning curves into straight pieces."""

    def __init__(self) -> None:
        self.outlines: list[list[Point]] = []
        self.origin = (0.0, 0.0)

    def functions(self) -> hb.DrawFuncs:
        functions = hb.DrawFuncs()
        functions.set_move_to_func(lambda x, y, _: self.outlines.append([self._at(x, y)]))
        functions.set_line_to_func(lambda x, y, _: self.outlines[-1].append(self._at(x, y)))
        functions.set_quadratic_to_func(
            lambda cx, cy, x, y, _: self._curve((self._at(cx, cy), self._at(x, y)))
        )
        functions.set_cubic_to_func(
            lambda ax, ay, bx, by, x, y, _: self._curve((self._at(ax, ay), self._at(bx, by), self._at(x, y)))
        )
        return functions

    def _at(self, x: float, y: float) -> Point:
        return x + self.origin[0], y + self.origin[1]

    def _curve(self, points: tuple[Point, ...]) -> None:
        start = self.outlines[-1][-1]
        self.outlines[-1] += [_on_curve((start, *points), step / _STEPS) for step in range(1, _STEPS + 1)]


def _on_curve(points: tuple[Point, ...], t: float) -> Point:
    """De Casteljau: the point at `t` of a Bézier curve of any degree."""
    if len(points) == 1:
        return points[0]
    pairs = pairwise(points)
    return _on_curve(tuple((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairs), t)
