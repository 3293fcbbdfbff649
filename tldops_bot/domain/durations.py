"""Lengths of time, and how people write them: "90d" or "72h" in a configuration file, "3 days" in a mail."""

import re
from datetime import timedelta
from typing import Final

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": HOUR,
    "d": DAY,
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}


def parse_duration(text: str) -> timedelta:
    """Read "3d" as three days; "0" needs no unit. Raises ValueError for anything else."""
    cleaned = text.strip().lower()
    if cleaned == "0":
        return timedelta(0)
    match = re.fullmatch(r"(\d{1,6})\s*([smhdwy])", cleaned)
    if match is None:
        raise ValueError('a length of time is a number and one of s, m, h, d, w, y, such as "3d"')
    return int(match[1]) * _UNITS[match[2]]


def say_duration(length: timedelta) -> str:
    """The shortest exact wording for people: "3 days", "72 hours", "1 minute"."""
    seconds = int(length.total_seconds())
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0 and not (word == "day" and seconds < 2 * size):
            count = seconds // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return f"{seconds} seconds"


def say_length(length: timedelta) -> str:
    """How long something took, roughly: "48 s", "7 min", "5 h 20 min", "3 days"."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"
