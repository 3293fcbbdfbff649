"""When a crontab line is due. Fields, and the rule for the two day fields, are Vixie cron's, crontab(5)."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _WEEKDAYS),
)
_LONGEST = {month: 29 if month == 2 else calendar.monthrange(2025, month)[1] for month in range(1, 13)}
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Crontab:
    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool  # both day fields are restricted: one of them is enough

    def falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday


def validate_crontab(text: str) -> None:
    """Raises ValueError, saying which field and why, if it is not a crontab line or never due."""
    _parse(text)


def last_due(crontab: str, timezone: tzinfo, now: datetime) -> datetime:
    """The newest moment, in UTC, at or before `now` at which the crontab was due."""
    return _search(_parse(crontab), timezone, now, backwards=True)


def next_due(crontab: str, timezone: tzinfo, now: datetime) -> datetime:
    """The first moment, in UTC, after `now` at which the crontab is due."""
    return _search(_parse(crontab), timezone, now, backwards=False)


def _search(crontab: _Crontab, timezone: tzinfo, now: datetime, *, backwards: bool) -> datetime:
    step = -_DAY if backwards else _DAY
    day = now.astimezone(timezone).date() - step  # a skipped time can be due on the day after its own
    times = tuple(reversed(crontab.times)) if backwards else crontab.times
    while True:  # _parse refuses what is never due
        if crontab.falls_on(day):
            for clock in times:
                moment = _in_utc(datetime.combine(day, clock), timezone)
                if (moment <= now) if backwards else (moment > now):
                    return moment
        day += step


def _in_utc(local: datetime, timezone: tzinfo) -> datetime:
    """The moment of a local time; for one that is skipped, the moment at which the clocks jump over it."""
    while True:
        moment = local.replace(tzinfo=timezone).astimezone(UTC)
        if moment.astimezone(timezone).replace(tzinfo=None) == local:
            return moment
        local += _MINUTE


def _parse(text: str) -> _Crontab:
    words = text.split()
    if len(words) != len(_FIELDS):
        raise ValueError(f'five fields as in a crontab, such as "0 6 1,15 * *"; this has {len(words)}')
    minutes, hours, days, months, weekdays = (
        _field(word, *field) for word, field in zip(words, _FIELDS, strict=True)
    )
    parsed = _Crontab(
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not words[2].startswith("*") and not words[4].startswith("*"),
    )
    if not parsed.either_day and all(min(days) > _LONGEST[month] for month in months):
        raise ValueError(f"day {words[2]} never comes in month {words[3]}")
    return parsed


def _field(word: str, name: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for item in word.lower().split(","):
        bounds, slash, step_text = item.partition("/")
        if slash and not _is_number(step_text, 1, high):
            raise ValueError(f'{name}: the step in "{item}" is no number from 1 to {high}')
        first, dash, last = bounds.partition("-")
        if bounds == "*":
            start, end = low, min(high, 6) if names is _WEEKDAYS else high
        else:
            start = _value(first, name, low, high, names)
            end = _value(last, name, low, high, names) if dash else (high if slash else start)
        if start > end:
            raise ValueError(f'{name}: "{bounds}" runs backwards')
        found.update(range(start, end + 1, int(step_text) if slash else 1))
    return frozenset(found)


def _value(word: str, name: str, low: int, high: int, names: dict[str, int]) -> int:
    if word in names:
        return names[word]
    if not _is_number(word, low, high):
        raise ValueError(
            f'{name}: "{word}" is no number from {low} to {high}' + (" and no name" if names else "")
        )
    return int(word)


def _is_number(word: str, low: int, high: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 2 and low <= int(word) <= high
