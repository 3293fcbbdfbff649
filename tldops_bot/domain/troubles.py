"""What an operator must hear about, and when: at once, then daily at most; and once when it is over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from tldops_bot.domain.durations import DAY

A_WEEK: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong: the template that tells it, of what ("": there is only one), what is known of it."""

    kind: str
    of: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    again_after: timedelta = DAY

    @property
    def name(self) -> str:
        """The same as long as it is the same trouble."""
        return f"{self.kind} {self.of}".strip()


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told about a trouble: when last, and whether they were told that it is over."""

    name: str
    at: datetime
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What to tell now, and what will then be known to have been told."""

    troubles: tuple[Trouble, ...]
    over: tuple[str, ...]
    told: tuple[Told, ...]


def news(
    found: Sequence[Trouble], told: Collection[Told], now: datetime, unknown: Collection[str] = ()
) -> News:
    """What comes and goes within a day is told once. Names in `unknown` are never said to be over."""
    before = {one.name: one for one in told}
    due = tuple(one for one in found if _is_due(one, before.get(one.name), now))
    there = {one.name for one in found} | set(unknown)
    over = tuple(sorted(name for name, one in before.items() if not one.is_over and name not in there))
    after = {name: replace(one, is_over=one.is_over or name in over) for name, one in before.items()}
    after |= {one.name: Told(one.name, now) for one in due}
    kept = (one for one in after.values() if not one.is_over or now - one.at < DAY)
    return News(due, over, tuple(sorted(kept, key=lambda one: one.name)))


def _is_due(trouble: Trouble, told: Told | None, now: datetime) -> bool:
    if told is None:
        return True
    # In both directions: what was told by a clock that was ahead must not stay untold.
    return abs(now - told.at) >= (DAY if told.is_over else trouble.again_after)
