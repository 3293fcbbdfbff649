"""Draws who sends what to whom: the way of a request, and the first minutes of an alert.

python -m docs.draw_ways       # writes docs/way-of-a-request.svg and docs/first-minute-of-an-alert.svg
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
LANE, TOP, ROW, MARGIN = 250, 92, 46, 24
INK, PAPER, LINE = "#1a1a1a", "#ffffff", "#8a8a8a"
SEALED, OPEN = "#1f5c2e", "#1a1a1a"  # encrypted to a member's key, and readable on the way


@dataclass(frozen=True, slots=True)
class Step:
    """One mail from a lane to another, or, with the same lane twice, what is done there."""

    come_from: int
    to: int
    words: str
    is_sealed: bool = False
    when: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """One picture."""

    title: str
    lanes: tuple[tuple[str, str], ...]  # name and colour
    steps: tuple[Step, ...]


REQUEST = Way(
    "The way of a request",
    (
        ("You", "#d9ead8"),
        ("The list", "#fdf3d8"),
        ("IANA's contacts of the TLD", "#dbe7f3"),
        ("Its other contacts", "#e4e4e4"),
        ("The committee", "#fbe0cc"),
    ),
    (
        Step(0, 1, "SUBSCRIBE, signed, key attached"),
        Step(1, 0, "Is this you?", is_sealed=True),
        Step(0, 1, "CONFIRM token, signed"),
        Step(1, 2, "Yes or no?"),
        Step(2, 1, "CONFIRM token"),
        Step(1, 4, "only after a no, 14 days of silence, or a grey case: To decide", is_sealed=True),
        Step(4, 1, "APPROVE or REJECT, signed"),
        Step(1, 0, "Welcome: you are a contact", is_sealed=True),
        Step(1, 3, "New contact; OBJECT within 14 days", is_sealed=True),
        Step(1, 2, "New contact; OBJECT within 14 days"),
        Step(0, 0, "48 hours later: QUERY, ROSTER and ALERT are open"),
    ),
)
ALERT = Way(
    "An alert's first minutes",
    (
        ("Who warns", "#d9ead8"),
        ("The list", "#fdf3d8"),
        ("Members", "#dbe7f3"),
        ("Contacts without a key", "#e4e4e4"),
        ("The committee", "#fbe0cc"),
    ),
    (
        Step(0, 1, "ALERT, signed", when="0 s"),
        Step(1, 2, "the alert, with the poster's own signature", is_sealed=True, when="seconds"),
        Step(1, 4, "the same", is_sealed=True),
        Step(1, 3, "An alert waits for you: no content"),
        Step(1, 0, "SUCCESS: how many, and whom to phone", is_sealed=True),
        Step(2, 1, "ACK, signed; or the word in the Subject, from a phone", when="minutes"),
        Step(1, 0, "how far it got, and a call sheet", is_sealed=True, when="5 min"),
        Step(1, 4, "the same; again after an hour and a day", is_sealed=True),
        Step(2, 3, "a phone call", when="then"),
        Step(2, 1, "REACHED or NOTREACHED"),
    ),
)
PICTURES = {"way-of-a-request.svg": REQUEST, "first-minute-of-an-alert.svg": ALERT}


def draw(way: Way) -> str:
    """The picture as SVG."""
    width = 2 * MARGIN + LANE * len(way.lanes)
    height = TOP + ROW * len(way.steps) + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13" fill="{INK}">',
        f"<title>{escape(way.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for number, (name, colour) in enumerate(way.lanes):
        at = _middle(number)
        parts += [
            f'<line x1="{at}" y1="64" x2="{at}" y2="{height - 56}" stroke="{LINE}" stroke-dasharray="3 4"/>',
            f'<rect x="{at - 95}" y="20" width="190" height="44" rx="8" fill="{colour}" stroke="{INK}"/>',
            f'<text x="{at}" y="47" text-anchor="middle">{escape(name)}</text>',
        ]
    for number, step in enumerate(way.steps):
        parts += _step(step, TOP + ROW * number + 20)
    parts += _legend(height - 26)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _middle(lane: int) -> int:
    return MARGIN + LANE * lane + LANE // 2


def _step(step: Step, y: int) -> Sequence[str]:
    start, end = _middle(step.come_from), _middle(step.to)
    colour = SEALED if step.is_sealed else OPEN
    when = (
        f'<text x="8" y="{y + 4}" font-size="12" fill="#a04000">{escape(step.when)}</text>'
        if step.when
        else ""
    )
    if start == end:
        label = f'<text x="{start - 70}" y="{y + 4}" fill="{colour}">{escape(step.words)}</text>'
        return [_behind(step.words, start - 70, y + 4), label, when]
    sign = 1 if end > start else -1
    left = min(start, end) + 8
    tip = f"{end},{y} {end - 9 * sign},{y - 5} {end - 9 * sign},{y + 5}"
    stroke = f'stroke="{colour}" stroke-width="{2 if step.is_sealed else 1.2}"'
    return [
        f'<line x1="{start}" y1="{y}" x2="{end - 8 * sign}" y2="{y}" {stroke}/>',
        f'<polygon points="{tip}" fill="{colour}"/>',
        _behind(step.words, left, y - 8),
        f'<text x="{left}" y="{y - 8}" fill="{colour}">{escape(step.words)}</text>',
        when,
    ]


def _behind(words: str, x: int, y: int) -> str:
    """White below the words, so that no line runs through them."""
    return f'<rect x="{x - 2}" y="{y - 12}" width="{int(len(words) * 6.6) + 6}" height="14" fill="{PAPER}"/>'


def _legend(y: int) -> Sequence[str]:
    left = MARGIN + 10
    return [
        f'<line x1="{left}" y1="{y}" x2="{left + 40}" y2="{y}" stroke="{SEALED}" stroke-width="2"/>',
        f'<text x="{left + 48}" y="{y + 4}" fill="{SEALED}">encrypted to whoever has a key, signed by the list</text>',
        f'<line x1="{left + 400}" y1="{y}" x2="{left + 440}" y2="{y}" stroke="{OPEN}" stroke-width="1.2"/>',
        f'<text x="{left + 448}" y="{y + 4}" fill="{OPEN}">readable on the way, unless its sender encrypts it</text>',
    ]


def main() -> None:
    for name, way in PICTURES.items():
        (HERE / name).write_text(draw(way), encoding="utf-8")


if __name__ == "__main__":
    main()
