"""How values look to a tired operator: times with their age, colour for what is wrong, tidy columns."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from rich.cells import cell_len, chop_cells
from rich.table import Table
from rich.text import Text

from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.plain_text import one_line

BAD, CARE, GOOD = "bold red", "yellow", "green"
_TLDS: Final = ("tld", "tlds", "for_tlds", "suspended_tlds", "other_tlds")
_STATES: Final = {
    "state": {
        **dict.fromkeys(("stuck", "suspended", "failed", "refused", "stopped"), BAD),
        **dict.fromkeys(("held", "committee", "retracted"), CARE),
        **dict.fromkeys(("seen", "called", "reached"), GOOD),
    },
    "marks": {
        **dict.fromkeys(("suspended", "key-revoked", "key-blocked", "mail-fails"), BAD),
        **dict.fromkeys(("no-key", "stale", "key-ends"), CARE),
    },
    "verdict": {"bad": BAD, "none": CARE, "good": GOOD},
}
_OPEN: Final = {"proving", "vouching", "committee", "waiting", "stuck", "sending", "held"}
_LATE: Final = {  # how long something may wait before it is late, and far too late
    "asked_at": (timedelta(days=3), timedelta(days=10)),
    "received_at": (timedelta(minutes=10), timedelta(hours=1)),
    "made_at": (timedelta(hours=1), timedelta(hours=12)),
}
_ENDS: Final = {"key_expires_at": timedelta(days=30), "expires_at": timedelta(days=3)}
_WRONG: Final = {"stale_at", "mailbox_failed_at", "key_blocked_at", "key_is_revoked", "held_back_at"}
_UNBROKEN: Final = "\N{NO-BREAK SPACE}"
_CHUNK: Final = re.compile(r"[^ @]+@?|@")
_GAP = 2  # between columns
_NEAR: Final = timedelta(days=180)  # dates nearer than this need no year
BAR_CELLS = 20


def age(at: datetime, now: datetime) -> str:
    """How long ago, or in how long, roughly: "9 d ago", "in 40 min"."""
    length = abs(now - at)
    if length < timedelta(minutes=1):
        return "just now"
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        words = f"{minutes} min"
    else:
        words = f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"
    return f"{words} ago" if at < now else f"in {words}"


def cell(name: str, value: Any, now: datetime | None = None) -> str:
    """A value on one line, whatever somebody wrote into it; a time says how long ago that was."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, datetime):
        shown = f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        return f"{shown}  {age(value, now)}" if now else shown
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return " ".join(cell(name, one, now) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {cell(key, one)}" for key, one in value.items())
    text = str(value)
    tld = parse_seat(text) if name in _TLDS else None
    return one_line(tld.shown if tld else text)


def style(name: str, value: Any, row: Mapping[str, Any], now: datetime | None) -> str:
    """The colour of a value in its place: what is wrong, or has waited too long; "" for what is fine."""
    if name in _STATES and isinstance(value, str):
        return _STATES[name].get(value, "")
    if name in _WRONG and value:
        return BAD
    if name == "needs_somebody":
        return BAD if row["is_urgent"] else CARE
    if now is None or not isinstance(value, datetime):
        return ""
    if name in _ENDS:
        return BAD if value <= now else CARE if value <= now + _ENDS[name] else ""
    if name in _LATE and row.get("state") in _OPEN:
        late, very_late = _LATE[name]
        return BAD if now - value >= very_late else CARE if now - value >= late else ""
    return ""


def painted(text: str, name: str, value: Any, row: Mapping[str, Any], now: datetime | None) -> Text:
    """A value's text in its colour; several words in one column have their own each."""
    shown = Text(text, style(name, value, row, now))
    if name in _STATES and isinstance(value, list | tuple):
        for word in filter(None, (style(name, one, row, now) and one for one in value)):
            shown.highlight_regex(rf"(?<!\S){re.escape(word)}(?!\S)", _STATES[name][word])
    return shown


def bar(part: int, whole: int) -> str:
    """A share as a bar: anything above nothing shows, and only everything fills it."""
    if whole <= 0:
        return "░" * BAR_CELLS
    full = max(part * BAR_CELLS // whole, 1) if part > 0 else 0
    return "█" * full + "░" * (BAR_CELLS - full)


def table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str, now: datetime | None, width: int
) -> Table:
    """Rows as a table of that width: columns shrink to their longest word before any word is broken."""
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    heads = [name.replace("_", " ") for name in columns]
    texts = [[_bound(name, row[name], now, True) for name in columns] for row in rows]
    if sum(map(_natural, _upright(heads, texts))) > width - _GAP * (len(heads) - 1):
        texts = [[_bound(name, row[name], now, False) for name in columns] for row in rows]
    widths = _widths(_upright(heads, texts), width)
    for head, wide in zip(heads, widths, strict=True):
        made.add_column(_wrapped(head, wide), width=wide, no_wrap=True, overflow="ignore")
    for row, line in zip(rows, texts, strict=True):
        cells = zip(columns, line, widths, strict=True)
        made.add_row(
            *(painted(_wrapped(text, wide), name, row[name], row, now) for name, text, wide in cells)
        )
    return made


def _bound(name: str, value: Any, now: datetime | None, is_roomy: bool) -> str:
    """A table cell: a day keeps its hour and a length its unit; shortened if space is tight."""
    if not isinstance(value, datetime) or now is None:
        return cell(name, value, now)
    shown, how_long = f"{value.astimezone(UTC):%Y-%m-%d %H:%M}", age(value, now)
    if not is_roomy:
        how_long = how_long.removesuffix(" ago")
        shown = shown[5:] if abs(now - value) < _NEAR else shown
    return " ".join(part.replace(" ", _UNBROKEN) for part in (shown, how_long))


def _upright(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[head, *(line[at] for line in lines)] for at, head in enumerate(heads)]


def _natural(column: Sequence[str]) -> int:
    return max(map(cell_len, column))


def _widths(columns: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is: natural if there is room; else down to its longest word; else less."""
    natural = [_natural(one) for one in columns]
    least = [
        max((cell_len(chunk) for text in one for chunk in _CHUNK.findall(text)), default=1) for one in columns
    ]
    room = width - _GAP * (len(columns) - 1)
    found = list(least)
    while sum(found) > room and max(found) > 1:
        found[found.index(max(found))] -= 1
    left = room - sum(found)
    for at in sorted(range(len(columns)), key=lambda at: natural[at] - found[at]):  # least need first
        more = max(0, min(left, natural[at] - found[at]))
        found[at] += more
        left -= more
    return found


def _wrapped(text: str, width: int) -> str:
    """Lines of that many cells, broken at blanks, after an @, and inside words only if they are longer."""
    lines, line, end = [], "", 0
    for found in _CHUNK.finditer(text):
        between = text[end : found.start()]
        end = found.end()
        if line and cell_len(line + between + found[0]) > width:
            lines.append(line)
            line = ""
        line += (between if line else "") + found[0]
        if cell_len(line) > width:
            *full, line = chop_cells(line, width)
            lines += full
    return "\n".join([*lines, line]).replace(_UNBROKEN, " ")
