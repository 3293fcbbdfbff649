"""Time zones as people write them: a name from the time zone database (RFC 6557), or an offset from UTC."""

import re
from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

_DISTANCE = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_WIDEST = timedelta(hours=14)


def parse_timezone(text: str) -> str:
    """`Europe/Amsterdam` however it is capitalised, or `UTC+02:00` for `utc+2`; "" for what is neither."""
    written = " ".join(text.split()).replace("\N{MINUS SIGN}", "-")
    if name := _names().get(written.replace(" ", "_").lower()):
        return name
    if found := _DISTANCE.fullmatch(written):
        sign, hours, minutes = found[1], int(found[2]), int(found[3] or 0)
        if timedelta(hours=hours, minutes=minutes) <= _WIDEST:
            return f"UTC{sign}{hours:02}:{minutes:02}"
    return ""


@cache
def _names() -> dict[str, str]:
    """The names of places (and UTC) by their lower-case form; not the database's own odds and ends."""
    odd = ("posix/", "right/", "Factory", "localtime", "posixrules")
    return {name.lower(): name for name in sorted(available_timezones()) if not name.startswith(odd)}
