"""Draws the life of an entry from the table in tldops_bot/domain/entry_life.py, and writes its tables.

python -m docs.draw_life       # writes docs/life-of-an-entry.svg, and the tables in docs/life-of-an-entry.md
"""

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from tldops_bot.domain.entry_life import MOVES, Move, Of, states

HERE = Path(__file__).resolve().parent
PICTURE, PAPER = HERE / "life-of-an-entry.svg", HERE / "life-of-an-entry.md"
BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"

WIDTH, HEIGHT, MARGIN = 1020, 600, 20
BOX = (150, 52)
INK, PAPER_COLOUR, CLOCK_COLOUR = "#1a1a1a", "#ffffff", "#a04000"
TITLES = {
    Of.JOINING: "A request to become a contact",
    Of.ENTRY: "An entry",
    Of.MARK: "Marks of a person, which the roster shows",
    Of.QUESTION: "A question to the committee about an entry",
    Of.NEW_KEY: "A request for a new key",
}

# What the picture shows: states of requests, entries and persons in one. Each has its place (its middle) and colour.
NODES: dict[str, tuple[int, int, str, str]] = {
    "proving": (130, 90, "requested", "#fdf3d8"),
    "vouching": (400, 90, "proven", "#fdf3d8"),
    "committee": (670, 90, "committee", "#fbe0cc"),
    "ended": (920, 90, "ended", "#e4e4e4"),
    "listed": (400, 320, "listed", "#d9ead8"),
    "member": (130, 320, "member", "#bfe0c0"),
    "stale": (130, 530, "stale", "#fbe0cc"),
    "suspended": (670, 320, "suspended", "#fbe0cc"),
    "left": (670, 530, "left", "#e4e4e4"),
}
# Which line of the table an arrow is, by the nodes it joins, and what is written at it: where, in how many lines.
Arrow = tuple[
    str, str, tuple[tuple[Of, str, str], ...], str, tuple[tuple[int, int], ...], tuple[int, int], str
]
ARROWS: tuple[Arrow, ...] = (
    ("", "proving", ((Of.JOINING, "", "proving"),), "SUBSCRIBE", ((130, 20), (130, 64)), (138, 40), "start"),
    (
        "proving",
        "vouching",
        ((Of.JOINING, "proving", "vouching"),),
        "CONFIRM",
        ((205, 90), (325, 90)),
        (265, 82),
        "middle",
    ),
    (
        "vouching",
        "committee",
        ((Of.JOINING, "vouching", "committee"),),
        "grey case, DECLINE,\n14 days of silence",
        ((475, 90), (595, 90)),
        (535, 62),
        "middle",
    ),
    (
        "committee",
        "ended",
        (
            (Of.JOINING, "committee", "rejected"),
            (Of.JOINING, "committee", "expired"),
            (Of.JOINING, "committee", "withdrawn"),
        ),
        "REJECT",
        ((745, 90), (845, 90)),
        (795, 82),
        "middle",
    ),
    (
        "vouching",
        "ended",
        (
            (Of.JOINING, "vouching", "rejected"),
            (Of.JOINING, "vouching", "expired"),
            (Of.JOINING, "vouching", "withdrawn"),
        ),
        "TLD gone, REJECT, FORGET",
        ((400, 116), (400, 160), (900, 160), (900, 116)),
        (535, 152),
        "middle",
    ),
    (
        "proving",
        "ended",
        (
            (Of.JOINING, "proving", "withdrawn"),
            (Of.JOINING, "proving", "expired"),
            (Of.JOINING, "proving", "rejected"),
        ),
        "DECLINE, 14 days of silence, REJECT",
        ((130, 116), (130, 200), (940, 200), (940, 116)),
        (255, 192),
        "middle",
    ),
    (
        "vouching",
        "listed",
        ((Of.JOINING, "vouching", "done"), (Of.ENTRY, "", "listed")),
        "CONFIRM by an\nIANA contact",
        ((380, 116), (380, 294)),
        (372, 240),
        "end",
    ),
    (
        "committee",
        "listed",
        ((Of.JOINING, "committee", "done"),),
        "APPROVE, or a late CONFIRM",
        ((670, 116), (670, 240), (440, 240), (440, 294)),
        (555, 232),
        "middle",
    ),
    (
        "listed",
        "member",
        ((Of.MARK, "", "member"),),
        "has a key",
        ((325, 310), (205, 310)),
        (265, 302),
        "middle",
    ),
    (
        "member",
        "listed",
        ((Of.MARK, "member", ""),),
        "KEY LOST",
        ((205, 332), (325, 332)),
        (265, 352),
        "middle",
    ),
    (
        "member",
        "stale",
        ((Of.MARK, "", "stale"),),
        "180 days and\n28 days of silence",
        ((110, 346), (110, 504)),
        (102, 430),
        "end",
    ),
    (
        "stale",
        "member",
        ((Of.MARK, "stale", ""),),
        "CONFIRM,\nUPDATE",
        ((150, 504), (150, 346)),
        (158, 430),
        "start",
    ),
    (
        "listed",
        "suspended",
        ((Of.ENTRY, "listed", "suspended"), (Of.QUESTION, "", "committee")),
        "OBJECT, REMOVE,\nSUSPEND",
        ((475, 310), (595, 310)),
        (535, 282),
        "middle",
    ),
    (
        "suspended",
        "listed",
        ((Of.ENTRY, "suspended", "listed"), (Of.QUESTION, "committee", "done")),
        "RESTORE,\nAPPROVE",
        ((595, 332), (475, 332)),
        (535, 352),
        "middle",
    ),
    (
        "suspended",
        "left",
        (
            (Of.ENTRY, "suspended", "left"),
            (Of.QUESTION, "committee", "rejected"),
            (Of.QUESTION, "committee", "withdrawn"),
        ),
        "REJECT; 7 days after\nREMOVE; UNSUBSCRIBE",
        ((670, 346), (670, 504)),
        (678, 420),
        "start",
    ),
    (
        "listed",
        "left",
        ((Of.ENTRY, "listed", "left"),),
        "UNSUBSCRIBE, FORGET",
        ((400, 346), (400, 530), (595, 530)),
        (490, 522),
        "middle",
    ),
)


def picture() -> str:
    """The whole picture, as SVG."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{MARGIN} 0 {WIDTH + MARGIN} {HEIGHT}"'
            f' width="{WIDTH + MARGIN}" height="{HEIGHT}"'
            ' font-family="DejaVu Sans, Verdana, sans-serif" font-size="14" role="img">',
            "<title>The life of an entry</title>",
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
            f' orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{INK}"/></marker></defs>',
            f'<rect x="-{MARGIN}" width="{WIDTH + MARGIN}" height="{HEIGHT}" fill="{PAPER_COLOUR}"/>',
            *(_arrow(one) for one in ARROWS),
            *(_node(*one) for one in NODES.values()),
            _legend(),
            "</svg>\n",
        ]
    )


def _node(x: int, y: int, text: str, colour: str) -> str:
    wide, high = BOX
    return (
        f'<rect x="{x - wide // 2}" y="{y - high // 2}" width="{wide}" height="{high}" rx="10" fill="{colour}"'
        f' stroke="{INK}" stroke-width="1.5"/>'
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-weight="bold">{escape(text)}</text>'
    )


def _arrow(arrow: Arrow) -> str:
    _, _, steps, text, points, (x, y), anchor = arrow
    has_clock = any(
        line.within for step in steps for line in MOVES if (line.of, line.before, line.after) == step
    )
    path = "M" + " L".join(f"{px} {py}" for px, py in points)
    lines = "".join(
        f'<tspan x="{x}" dy="{0 if number == 0 else 16}">{escape(line)}</tspan>'
        for number, line in enumerate(text.split("\n"))
    )
    colour = CLOCK_COLOUR if has_clock else INK
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5" marker-end="url(#tip)"/>'
        f'<text x="{x}" y="{y}" font-size="12" text-anchor="{anchor}" fill="{colour}">{lines}</text>'
    )


def _legend() -> str:
    return (
        f'<text x="{WIDTH - 20}" y="{HEIGHT - 34}" font-size="12" text-anchor="end" fill="{CLOCK_COLOUR}">'
        "brown: the clock can bring it about too</text>"
        f'<text x="{WIDTH - 20}" y="{HEIGHT - 16}" font-size="12" text-anchor="end">'
        "listed without a key can be stale too; FORGET leads from every state to left</text>"
    )


def tables() -> str:
    """One table for each kind of state, in Markdown."""
    return "\n\n".join(_table(of) for of in TITLES)


def _table(of: Of) -> str:
    head = f"### {TITLES[of]}\n\nStates: {', '.join(states(of))}.\n\n| from | to | who | by | told with | after |\n"
    rows = "\n".join(_row(one) for one in MOVES if one.of is of)
    return f"{head}|---|---|---|---|---|---|\n{rows}"


def _row(move: Move) -> str:
    tells = ", ".join(f"`{one}`" for one in move.tells)
    after = f"{move.within or 'at once'}: job `{move.job}`" if move.job else ""
    cells = (move.before or "–", move.after or "–", move.by, move.how, tells, after)
    return f"| {' | '.join(cells)} |"


def paper(text: str) -> str:
    """The paper with its tables as they are now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


def shown_steps() -> Iterator[tuple[Of, str, str]]:
    """The steps that the picture has an arrow for."""
    for arrow in ARROWS:
        yield from arrow[2]


def main() -> None:
    """Write both files."""
    PICTURE.write_text(picture(), encoding="utf-8")
    PAPER.write_text(paper(PAPER.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
