"""Fonts made at test time: what they can show is known exactly, whatever is installed on the machine."""

from collections.abc import Iterable
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2013, 0x2026]


def make_font(folder: Path, name: str, letters: Iterable[int]) -> Path:
    """A font file whose letters are all the same square, half an em wide."""
    glyphs = {code: f"u{code:04X}" for code in letters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *glyphs.values()])
    builder.setupCharacterMap(glyphs)
    square = _square()
    builder.setupGlyf(dict.fromkeys([".notdef", *glyphs.values()], square))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *glyphs.values()], (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": Path(name).stem, "styleName": "Regular", "psName": Path(name).stem})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.setupHead(unitsPerEm=1000, created=0, modified=0)
    folder.mkdir(parents=True, exist_ok=True)
    builder.save(folder / name)
    return folder / name


def _square() -> object:
    """With a hole in it, and one curve."""
    pen = TTGlyphPen(None)
    for corners in (
        ((50, 0), (50, 700), (450, 700), (450, 0)),
        ((150, 100), (350, 100), (350, 600), (150, 600)),
    ):
        pen.moveTo(corners[0])
        pen.lineTo(corners[1])
        pen.qCurveTo((corners[1][0] + 10, corners[1][1]), corners[2])
        pen.lineTo(corners[3])
        pen.closePath()
    return pen.glyph()
