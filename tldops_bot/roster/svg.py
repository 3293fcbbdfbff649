"""A drawing as SVG 1.1, without scripts, fonts or anything fetched from elsewhere."""

from xml.sax.saxutils import escape, quoteattr

from tldops_bot.roster.drawing import Box, Drawing, Line, Mark, Point, Shape, Words

_FAMILY = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def svg(drawing: Drawing) -> bytes:
    """The file, in millimetres; the browser chooses the fonts."""
    size = f'width="{_number(drawing.width)}mm" height="{_number(drawing.height)}mm"'
    box = f'viewBox="0 0 {_number(drawing.width)} {_number(drawing.height)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} font-family="{_FAMILY}" role="img">',
        f"<title>{escape(drawing.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *map(_element, drawing.marks),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _element(mark: Mark) -> str:
    match mark:
        case Box():
            place = f'x="{_number(mark.x)}" y="{_number(mark.y)}"'
            size = f'width="{_number(mark.width)}" height="{_number(mark.height)}"'
            return f"<rect {place} {size} {_paint(mark.fill, mark.edge, mark.edge_width)}/>"
        case Line():
            dashes = ' stroke-dasharray="2 1"' if mark.is_dashed else ""
            return f'<path d="{_path(mark.points)}" {_paint("", mark.colour, mark.width)}{dashes}/>'
        case Shape():
            path = "".join(_path(one) + "Z" for one in mark.outlines)
            return f'<path d="{path}" fill="{mark.colour}"/>'
        case Words():
            weight = ' font-weight="bold"' if mark.is_bold else ""
            place = f'x="{_number(mark.x)}" y="{_number(mark.y)}" font-size="{_number(mark.size)}"'
            look = f"{place} fill={quoteattr(mark.colour)} text-anchor={quoteattr(mark.anchor)}{weight}"
            return f"<text {look}>{escape(mark.text)}</text>"


def _paint(fill: str, edge: str, width: float) -> str:
    stroke = f' stroke="{edge}" stroke-width="{_number(width)}"' if edge else ""
    return f'fill="{fill or "none"}"{stroke}'


def _path(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
