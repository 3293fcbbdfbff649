"""The picture of exercises: how soon half of the TLDs answered, nine in ten, and how many never did.

Nobody's own time is in it. Time runs upwards on a logarithmic scale, so that minutes and days both show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import log

from tldops_bot.domain.alert_reach import Response
from tldops_bot.domain.durations import say_length
from tldops_bot.roster.drawing import Box, Drawing, Line, Mark, Words

WIDTH, HEIGHT = 279.4, 150.0
MARGIN = 10.0
MOST = 16  # the newest ones; more could not be told apart
_LEFT, _RIGHT = MARGIN + 16, WIDTH - MARGIN - 30
_TOP, _BOTTOM = 32.0, 92.0
_SHARE_TOP, _SHARE_BOTTOM = 112.0, 134.0
_SCALE = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)),
    *(timedelta(hours=4), timedelta(days=1), timedelta(days=7)),
)
_NAMES = ("1 min", "5 min", "15 min", "1 h", "4 h", "1 day", "1 week")
_BLACK, _GREY, _FAINT = "#000000", "#595959", "#c8c8c8"
_BLUE, _RED = "#0072b2", "#d55e00"  # told apart by the colour-blind, and by a dashed line on grey paper


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise, and how quickly the TLDs it was for said that they knew."""

    alert_id: str
    day: date
    response: Response


def response_picture(list_name: str, made_on: str, exercises: Sequence[Exercise]) -> Drawing:
    """Draw the newest exercises, oldest first."""
    shown = exercises[-MOST:]
    marks: list[Mark] = [*_heading(list_name, made_on, shown)]
    marks += _scale()
    marks += _times(shown, [one.response.median for one in shown], _BLUE, "half", 3.2)
    marks += _times(shown, [one.response.ninety for one in shown], _RED, "nine of ten", -1.4)
    marks += _never(shown)
    return Drawing(WIDTH, HEIGHT, f"{list_name}: answers to exercises, {made_on}", tuple(marks))


def _heading(list_name: str, made_on: str, shown: Sequence[Exercise]) -> Iterator[Mark]:
    yield Words(MARGIN, 14, 6.5, f"{list_name}: how soon exercises are answered", is_bold=True)
    yield Words(WIDTH - MARGIN, 20.5, 3.6, made_on, _GREY, anchor="end")
    words = (
        "From the mail to the first contact of a TLD who said that they know; shares of all TLDs it went to."
    )
    yield Words(MARGIN, 20.5, 3.6, words if shown else "No exercise has been held.", _GREY)


def _scale() -> Iterator[Mark]:
    for length, name in zip(_SCALE, _NAMES, strict=True):
        y = _height_of(length)
        yield Line(((_LEFT, y), (_RIGHT, y)), _FAINT, 0.15)
        yield Words(_LEFT - 1.5, y + 1, 3, name, _GREY, anchor="end")


def _height_of(length: timedelta) -> float:
    first, last = _SCALE[0], _SCALE[-1]
    held = min(max(length, first), last)
    return _BOTTOM - log(held / first) / log(last / first) * (_BOTTOM - _TOP)


def _x_of(number: int, count: int) -> float:
    return _LEFT + (number + 0.5) * (_RIGHT - _LEFT) / count


def _times(
    shown: Sequence[Exercise], lengths: Sequence[timedelta | None], colour: str, name: str, below: float
) -> Iterator[Mark]:
    """A point for each exercise that so many answered, joined where both neighbours have one."""
    points = [
        (_x_of(number, len(shown)), _height_of(length)) if length is not None else None
        for number, length in enumerate(lengths)
    ]
    for before, after in pairwise(points):
        if before and after:
            yield Line((before, after), colour, 0.6, is_dashed=colour == _RED)
    last = None
    for point, length in zip(points, lengths, strict=True):
        if point and length is not None:
            x, y = point
            yield Box(x - 0.9, y - 0.9, 1.8, 1.8, colour)
            yield Words(
                x, y + (below if below < 0 else below + 1), 2.8, say_length(length), colour, anchor="middle"
            )
            last = y
    if last is not None:
        yield Words(_RIGHT + 2, last + 1, 3.2, name, colour, True)


def _never(shown: Sequence[Exercise]) -> Iterator[Mark]:
    """Bars: the share of TLDs that never answered; below them which exercise it was."""
    yield Line(((_LEFT, _SHARE_BOTTOM), (_RIGHT, _SHARE_BOTTOM)), _FAINT, 0.15)
    if shown:
        yield Words(_RIGHT + 2, _SHARE_BOTTOM, 3.2, "never answered", _BLACK, True)
    for number, one in enumerate(shown):
        x = _x_of(number, len(shown))
        share = one.response.never / max(one.response.tlds, 1)
        high = share * (_SHARE_BOTTOM - _SHARE_TOP)
        yield Box(x - 3, _SHARE_BOTTOM - high, 6, max(high, 0.1), "#8c8c8c")
        words = f"{one.response.never} of {one.response.tlds}"
        yield Words(x, _SHARE_BOTTOM - high - 1, 2.6, words, anchor="middle")
        yield Words(x, _SHARE_BOTTOM + 4, 2.6, f"{one.day:%Y-%m-%d}", _GREY, anchor="middle")
        yield Words(x, _SHARE_BOTTOM + 7.4, 2.4, one.alert_id, _GREY, anchor="middle")
