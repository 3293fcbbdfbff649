"""Pages of PDF (ISO 32000) by fpdf2: text in any script of this machine's fonts, and drawings on them.

The same input gives the same octets: no moment but the one handed in, no chance.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from fpdf import FPDF
from fpdf.enums import PathPaintRule, RenderStyle

from tldops_bot.roster.drawing import Anchor, Box, Drawing, Line, Mark, Shape, Words
from tldops_bot.roster.typefaces import Typeface, Typefaces

MEDIA_TYPE = "application/pdf"
UNSHOWN = "(?)"  # stands for letters that no font of this machine has
_POINTS = 72 / 25.4  # in a millimetre
_FROM_HEBREW_ON = 0x0590  # from here letters may join, stack or run to the left; before, each stands for itself


class Pages:
    """A document that grows page by page; lengths are millimetres from the upper left corner."""

    def __init__(self, title: str, made_at: datetime, typefaces: Typefaces) -> None:
        self.pdf = FPDF(unit="mm")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_creation_date(made_at)
        self.pdf.set_title(title)
        self.pdf.set_lang("en")
        self._typefaces = typefaces
        self._plain = typefaces.plain
        self._fallbacks: dict[str, Typeface] = {}
        self._widths: dict[tuple[str, bool], float] = {}
        self._style: tuple[float, bool] | None = None
        if self._plain and typefaces.bold:
            self.pdf.add_font("plain", "", self._plain.file)
            self.pdf.add_font("plain", "B", typefaces.bold.file)

    def add_page(self, width: float, height: float) -> None:
        """A new page, on which everything is drawn from now on."""
        self.pdf.add_page(format=(min(width, height), max(width, height)), orientation="L" if width > height else "P")
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
        self._set_style(size, is_bold)
        if self._is_simple(shown):
            self.pdf.text(x, y, shown)
        else:
            self._shaped(x, y, size, shown)

    def width(self, text: str, size: float, is_bold: bool = False) -> float:
        """How wide the text will be; a little too much where letters join."""
        return size * sum(self._advance(char, is_bold) for char in text)

    def fold(self, text: str, width: float, size: float, is_bold: bool = False) -> list[str]:
        """The text in lines of at most this width, broken between words, and within one that is too wide."""
        lines: list[str] = []
        line = ""
        for piece in self._pieces(self.shown(text), width, size, is_bold):
            longer = f"{line} {piece}" if line else piece
            if line and self.width(longer, size, is_bold) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
        return [*lines, line] if line else lines

    def shown(self, text: str) -> str:
        """The text with a sign in place of what can't be shown."""
        found, is_gap = [], False
        for char in text:
            if self._face(char) is not None or self._is_standard(char):
                found.append(char)
                is_gap = False
            elif not is_gap:
                found.append(UNSHOWN)
                is_gap = True
        return "".join(found)

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
        with self.pdf.new_path() as path:
            path.style.fill_color = shape.colour
            path.style.stroke_color = None
            path.style.paint_rule = PathPaintRule.FILL_NONZERO
            for outline in shape.outlines:
                path.move_to(*outline[0])
                for x, y in outline[1:]:
                    path.line_to(x, y)
                path.close()

    def _set_style(self, size: float, is_bold: bool) -> None:
        if self._style != (size, is_bold):
            family = "plain" if self._plain else "helvetica"
            self.pdf.set_font(family, "B" if is_bold else "", size * _POINTS)
            self._style = size, is_bold

    def _is_simple(self, text: str) -> bool:
        """Whether the plain font alone can write it, one letter after the other."""
        if self._plain is None or text.isascii():
            return True
        return all(ord(char) < _FROM_HEBREW_ON or 0x2000 <= ord(char) < 0x2200 for char in text) and (
            self._plain.has(text)
        )

    def _shaped(self, x: float, y: float, size: float, text: str) -> None:
        """Text that needs other fonts, and the rules of its script."""
        for char in text:
            self._make_known(self._face(char))
        self.pdf.set_fallback_fonts(list(self._fallbacks), exact_match=False)
        self.pdf.set_text_shaping(True)
        self.pdf.c_margin = 0
        self.pdf.set_xy(x, y - 0.8 * size)
        self.pdf.cell(w=0, h=size, text=text, align="L")
        self.pdf.set_text_shaping(False)

    def _make_known(self, face: Typeface | None) -> None:
        if face is None or face is self._plain or face.file.stem in self._fallbacks:
            return
        self.pdf.add_font(face.file.stem, "", face.file)
        self._fallbacks[face.file.stem] = face

    def _face(self, char: str) -> Typeface | None:
        if self._plain is None:
            return None
        return self._plain if self._plain.has(char) else self._typefaces.for_text(char)

    def _is_standard(self, char: str) -> bool:
        """Whether one of the fonts that every PDF reader has can show it."""
        if self._plain is not None:
            return False
        try:
            return bool(char.encode("cp1252"))
        except UnicodeEncodeError:
            return False

    def _advance(self, char: str, is_bold: bool) -> float:
        key = char, is_bold
        if key not in self._widths:
            face = self._face(char)
            if face is None:
                self._widths[key] = self._standard_width(char, is_bold)
            else:
                self._widths[key] = (face.bold if is_bold and face is self._plain else face).advance(char)
        return self._widths[key]

    def _standard_width(self, char: str, is_bold: bool) -> float:
        self._ruler.set_font("helvetica", "B" if is_bold else "", 100)
        return self._ruler.get_string_width(char) / 100 * _POINTS

    @cached_property
    def _ruler(self) -> FPDF:
        return FPDF(unit="mm")

    def _pieces(self, text: str, width: float, size: float, is_bold: bool) -> Iterator[str]:
        for word in text.split():
            piece = ""
            for char in word:
                if piece and self.width(piece + char, size, is_bold) > width:
                    yield piece
                    piece = ""
                piece += char
            yield piece


def pdf(drawing: Drawing, made_at: datetime, typefaces: Typefaces) -> bytes:
    """One drawing as a file of one page."""
    pages = Pages(drawing.title, made_at, typefaces)
    pages.add_page(drawing.width, drawing.height)
    pages.draw(drawing)
    return pages.octets()
