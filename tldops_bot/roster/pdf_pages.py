"""Pages of PDF (ISO 32000) by fpdf2: text in any script that this machine has fonts for, and drawings.

The same input gives the same octets: no time but the one passed in, and no randomness.
"""

import re
import unicodedata
import weakref
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import groupby

from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.enums import PathPaintRule, RenderStyle

from tldops_bot.domain.tld import Tld
from tldops_bot.roster.drawing import Anchor, Box, Drawing, Line, Mark, Shape, Words
from tldops_bot.roster.typefaces import Typeface, Typefaces

UNSHOWN = "(?)"  # shown for letters that no font on this machine has
_POINTS = 72 / 25.4  # points in a millimetre
_STANDARD, _STANDARD_LETTERS = "helvetica", "cp1252"  # every PDF reader has it
_GAP = "\ufffe"  # no character (Unicode 23.7), so in no font
_MOST_MARKS = 4
_GAPS = re.compile(f"{_GAP}+")
# Blocks whose letters neither join nor stack nor run to the left: European scripts, signs, and East Asia's.
_ALONE = (
    *((0x0020, 0x02FF), (0x0370, 0x0482), (0x048A, 0x058F), (0x10A0, 0x10FF), (0x1200, 0x139F)),
    *((0x1E00, 0x1FFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x2BFF), (0x3000, 0x3029)),
    *((0x3030, 0x3098), (0x309B, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF00, 0xFFEF)),
    *((0x20000, 0x323AF),),
)


class Pages:
    """A document that grows page by page; lengths are in millimetres from the upper left corner."""

    def __init__(self, title: str, made_at: datetime, typefaces: Typefaces) -> None:
        self.pdf = FPDF(unit="mm")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(made_at)
        self.pdf.set_title(title)
        self.pdf.set_lang("en")
        self.pdf.str_alias_nb_pages = ""  # nothing people typed is replaced, such as {nb}
        self.pdf.core_fonts_encoding = _STANDARD_LETTERS
        weakref.finalize(self, _close_fonts, self.pdf.fonts)  # fpdf2 leaves the font files open
        self._typefaces = typefaces
        self._plain = typefaces.plain
        self._family = "plain" if self._plain else _STANDARD
        self._faces: dict[str, Typeface | None] = {}
        self._embedded: set[tuple[str, bool]] = set()
        self._widths: dict[tuple[str, bool], float] = {}
        self._style: tuple[str, float, bool] | None = None
        if self._plain:
            self.pdf.add_font("plain", "", self._plain.file)
            self.pdf.add_font("plain", "B", self._plain.bold.file)

    def add_page(self, width: float, height: float) -> None:
        """A new page, on which everything is drawn from now on."""
        self.pdf.add_page(
            format=(min(width, height), max(width, height)), orientation="L" if width > height else "P"
        )
        self._style = None

    def octets(self) -> bytes:
        """The finished file."""
        return bytes(self.pdf.output())

    def text(
        self,
        x: float,
        y: float,
        size: float,
        text: str,
        colour: str = "#000000",
        is_bold: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        """One line; `y` is its baseline."""
        shown = self.shown(text)
        if anchor != "start":
            width = self.width(shown, size, is_bold)
            x -= width / 2 if anchor == "middle" else width
        self.pdf.set_text_color(colour)
        if self._family == _STANDARD or all(map(_stands_for_itself, shown)):
            self._by_letters(x, y, size, shown, is_bold)
        else:
            self._by_script(x, y, size, shown, is_bold)

    def width(self, text: str, size: float, is_bold: bool = False) -> float:
        """How wide the text will be; slightly too much if letters join."""
        return size * sum(self._advance(char, is_bold) for char in text)

    def fold(self, text: str, width: float, size: float, is_bold: bool = False) -> list[str]:
        """The text in lines of at most this width, broken between words, and within one that is too wide."""
        lines: list[str] = []
        line = ""
        shown = self.shown(text)
        if self.width(shown, size, is_bold) <= width:
            return [shown] if shown else []
        for piece in self._pieces(shown, width, size, is_bold):
            longer = f"{line} {piece}" if line else piece
            if line and self.width(longer, size, is_bold) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
        return [*lines, line] if line else lines

    def shown(self, text: str) -> str:
        """The text, with a sign in place of what can't be shown."""
        if text.isascii():
            return text
        kept = "".join(char if self._has(char) else _GAP for char in _unstacked(text))
        return _GAPS.sub(UNSHOWN, kept)

    def named(self, tld: Tld) -> str:
        """The TLD in its own script if a font has it, else its A-label."""
        return tld.a_label if UNSHOWN in self.shown(tld.u_label) else tld.u_label

    def draw(self, drawing: Drawing) -> None:
        """Put a drawing on the page."""
        for mark in drawing.marks:
            self.mark(mark)

    def mark(self, mark: Mark) -> None:
        """Put one mark on the page."""
        match mark:
            case Box():
                self._box(mark)
            case Line():
                self._line(mark)
            case Shape():
                self._shape(mark)
            case Words():
                self.text(mark.x, mark.y, mark.size, mark.text, mark.colour, mark.is_bold, mark.anchor)

    def _box(self, box: Box) -> None:
        if box.fill:
            self.pdf.set_fill_color(box.fill)
        if box.edge:
            self.pdf.set_draw_color(box.edge)
            self.pdf.set_line_width(box.edge_width)
        style = RenderStyle.DF if box.fill and box.edge else RenderStyle.F if box.fill else RenderStyle.D
        self.pdf.rect(box.x, box.y, box.width, box.height, style=style)

    def _line(self, line: Line) -> None:
        self.pdf.set_draw_color(line.colour)
        self.pdf.set_line_width(line.width)
        self.pdf.set_dash_pattern(dash=2, gap=1) if line.is_dashed else self.pdf.set_dash_pattern()
        self.pdf.polyline(list(line.points))
        self.pdf.set_dash_pattern()

    def _shape(self, shape: Shape) -> None:
        path = PaintedPath()
        path.style.fill_color = shape.colour
        path.style.stroke_color = None
        path.style.paint_rule = PathPaintRule.FILL_NONZERO
        for outline in shape.outlines:
            path.move_to(*outline[0])
            for x, y in outline[1:]:
                path.line_to(x, y)
            path.close()
        with self.pdf.drawing_context() as context:
            context.add_item(path, clone=False)

    def _set_style(self, size: float, is_bold: bool, family: str = "") -> None:
        style = family or self._family, size, is_bold
        if self._style != style:
            self.pdf.set_font(style[0], "B" if is_bold else "", size * _POINTS)
            self._style = style

    def _by_letters(self, x: float, y: float, size: float, text: str, is_bold: bool) -> None:
        """Each letter stands for itself: piece by piece, in the font that has it."""
        for face, letters in groupby(text, self._face):
            piece = "".join(letters)
            self._set_style(size, is_bold, self._known(face, is_bold))
            self.pdf.text(x, y, piece)
            x += self.width(piece, size, is_bold)

    def _by_script(self, x: float, y: float, size: float, text: str, is_bold: bool) -> None:
        """Letters that join, stack or run to the left: by the rules of their script."""
        families = {self._known(self._face(char), is_bold) for char in text}
        self._set_style(size, is_bold)
        self.pdf.set_fallback_fonts(sorted(families), exact_match=True)
        self.pdf.set_text_shaping(True)
        self.pdf.c_margin = 0
        self.pdf.set_xy(x, y - 0.8 * size)
        self.pdf.cell(w=0, h=size, text=text, align="L")
        self.pdf.set_text_shaping(False)

    def _known(self, face: Typeface | None, is_bold: bool) -> str:
        """The name under which the document has a font; it is taken in when it is first needed."""
        if face is None or face is self._plain:
            return self._family
        key = face.file.stem, is_bold
        if key not in self._embedded:
            self.pdf.add_font(key[0], "B" if is_bold else "", (face.bold if is_bold else face).file)
            self._embedded.add(key)
        return key[0]

    def _face(self, char: str) -> Typeface | None:
        if char not in self._faces:
            plain = self._plain
            has_it = plain is None or plain.has(char)
            self._faces[char] = plain if has_it else self._typefaces.for_text(char)
        return self._faces[char]

    def _has(self, char: str) -> bool:
        if char.isascii() or self._face(char) is not None:
            return True
        return self._plain is None and bool(char.encode(_STANDARD_LETTERS, "ignore"))

    def _advance(self, char: str, is_bold: bool) -> float:
        key = char, is_bold
        if key not in self._widths:
            face = self._face(char)
            if face is None:
                self._widths[key] = self._standard_width(char, is_bold)
            else:
                self._widths[key] = (face.bold if is_bold else face).advance(char)
        return self._widths[key]

    def _standard_width(self, char: str, is_bold: bool) -> float:
        self._ruler.set_font("helvetica", "B" if is_bold else "", 100)
        return self._ruler.get_string_width(char) / 100 * _POINTS

    @cached_property
    def _ruler(self) -> FPDF:
        ruler = FPDF(unit="mm")
        ruler.core_fonts_encoding = _STANDARD_LETTERS
        return ruler

    def _pieces(self, text: str, width: float, size: float, is_bold: bool) -> Iterator[str]:
        for word in text.split():
            piece = ""
            for char in word:
                if piece and self.width(piece + char, size, is_bold) > width:
                    yield piece
                    piece = ""
                piece += char
            yield piece


def _close_fonts(fonts: Mapping[str, object]) -> None:
    for font in fonts.values():
        opened = getattr(font, "ttfont", None)
        if opened is not None:
            opened.close()


@lru_cache(maxsize=4096)
def _stands_for_itself(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _ALONE)


def _unstacked(text: str) -> Iterator[str]:
    """The text with no more marks on a letter than any language uses: they would cover what is above."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            yield char


def pdf(drawing: Drawing, made_at: datetime, typefaces: Typefaces) -> bytes:
    """A drawing as a file of one page."""
    pages = Pages(drawing.title, made_at, typefaces)
    pages.add_page(drawing.width, drawing.height)
    pages.draw(drawing)
    return pages.octets()
