"""What everything printed has in common: the page, the Traffic Light Protocol label, and a warning.

The page is as wide as A4 and as high as Letter, so that one file prints on both without being scaled.
"""

from tldops_bot.roster.drawing import Box
from tldops_bot.roster.pdf_pages import Pages

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 279.4
GREY, BLACK, WHITE, BAR = "#595959", "#000000", "#ffffff", "#e4e4e4"
_LABEL_SIZE, _LABEL_HEIGHT = 4.2, 6.2
_AMBER = "#ffc000"
_COLOURS = {"RED": "#ff2b2b"}  # Traffic Light Protocol 2.0; any other label that gets printed is some AMBER


def put_label(pages: Pages, label: str, right: float, y: float) -> None:
    """The label in its colours, with its upper right corner there."""
    text = f"TLP:{label}"
    width = pages.width(text, _LABEL_SIZE, True) + 3
    pages.mark(Box(right - width, y, width, _LABEL_HEIGHT, BLACK))
    pages.text(right - width + 1.5, y + 4.6, _LABEL_SIZE, text, _COLOURS.get(label, _AMBER), True)


def put_warning(pages: Pages, x: float, y: float, text: str, size: float, height: float, most: float) -> None:
    """A line white on black, at most so wide, with its upper left corner there."""
    width = min(pages.width(text, size, True) + 2.5, most)
    pages.mark(Box(x, y + 0.1, width, height - 0.2, BLACK))
    pages.text(x + 1.2, y + 0.95 * size, size, text, WHITE, True)
