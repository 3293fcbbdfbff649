"""A drawing as PNG, at 200 dots per inch."""

import io
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from tldops_bot.roster.drawing import Box, Drawing, Line, Mark, Point, Shape, Words
from tldops_bot.roster.typefaces import Typefaces

DOTS_PER_INCH = 200
_FINER = 3  # how much larger it is drawn before it is reduced
_SCALE = DOTS_PER_INCH / 25.4 * _FINER
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_DASH, _PAUSE = 2.0, 1.0


def png(drawing: Drawing, typefaces: Typefaces) -> bytes:
    """The file; drawn larger and then reduced, so that edges are smooth."""
    size = (round(drawing.width * _SCALE), round(drawing.height * _SCALE))
    image = Image.new("RGB", size, "#ffffff")
    painter = _Painter(ImageDraw.Draw(image), typefaces)
    for mark in drawing.marks:
        painter.paint(mark)
    small = image.resize((size[0] // _FINER, size[1] // _FINER), Image.Resampling.LANCZOS)
    octets = io.BytesIO()
    small.save(octets, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), optimize=True)
    return octets.getvalue()


class _Painter:
    def __init__(self, canvas: ImageDraw.ImageDraw, typefaces: Typefaces) -> None:
        self._canvas = canvas
        self._typefaces = typefaces
        self._fonts: dict[tuple[float, bool], ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def paint(self, mark: Mark) -> None:
        match mark:
            case Box():
                corners = _scaled(((mark.x, mark.y), (mark.x + mark.width, mark.y + mark.height)))
                self._canvas.rectangle(corners, mark.fill or None, mark.edge or None, _width(mark.edge_width))
            case Line():
                for piece in _dashes(mark.points) if mark.is_dashed else (mark.points,):
                    self._canvas.line(_scaled(piece), mark.colour, _width(mark.width), "curve")
            case Shape():
                self._shape(mark)
            case Words():
                (place,) = _scaled(((mark.x, mark.y),))
                font = self._font(mark.size, mark.is_bold)
                self._canvas.text(place, mark.text, mark.colour, font, _ANCHORS[mark.anchor])

    def _shape(self, mark: Shape) -> None:
        """Outlines that turn the opposite way to the largest are holes in it."""
        outlines = sorted(map(_scaled, mark.outlines), key=lambda one: -abs(_area(one)))
        is_clockwise = _area(outlines[0]) > 0
        xs, ys = zip(*outlines[0], strict=True)
        for outline in outlines[1:]:
            more_x, more_y = zip(*outline, strict=True)
            xs, ys = (*xs, *more_x), (*ys, *more_y)
        left, top = int(min(xs)), int(min(ys))
        mask = Image.new("1", (int(max(xs)) - left + 2, int(max(ys)) - top + 2))
        stencil = ImageDraw.Draw(mask)
        for outline in outlines:
            moved = [(x - left, y - top) for x, y in outline]
            stencil.polygon(moved, fill=int((_area(outline) > 0) == is_clockwise))
        self._canvas.bitmap((left, top), mask, fill=mark.colour)

    def _font(self, size: float, is_bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        if (size, is_bold) not in self._fonts:
            face = self._typefaces.bold if is_bold else self._typefaces.plain
            dots = size * _SCALE
            found = ImageFont.truetype(face.file, dots) if face else ImageFont.load_default(dots)
            self._fonts[size, is_bold] = found
        return self._fonts[size, is_bold]


def _scaled(points: tuple[Point, ...]) -> list[Point]:
    return [(x * _SCALE, y * _SCALE) for x, y in points]


def _width(millimetres: float) -> int:
    return max(1, round(millimetres * _SCALE))


def _area(points: list[Point]) -> float:
    """Twice the area within an outline; its sign says which way the outline turns."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True))


def _dashes(points: tuple[Point, ...]) -> list[tuple[Point, ...]]:
    """The line in pieces; dashes continue around corners."""
    pieces: list[tuple[Point, ...]] = []
    piece: tuple[Point, ...] = (points[0],)
    is_drawn, left = True, _DASH
    for start, end in pairwise(points):
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        done = 0.0
        while length - done > left:
            done += left
            at = (
                start[0] + done / length * (end[0] - start[0]),
                start[1] + done / length * (end[1] - start[1]),
            )
            if is_drawn:
                pieces.append((*piece, at))
            piece, is_drawn = (at,), not is_drawn
            left = _DASH if is_drawn else _PAUSE
        left -= length - done
        piece = (*piece, end)
    return [*pieces, piece] if is_drawn else pieces
