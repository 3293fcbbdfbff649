"""Whom to phone when mail has not reached them: TLD by TLD, with their local time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from tldops_bot.domain.alert_reach import Call

NIGHT_ENDS, NIGHT_BEGINS = 7, 22


@dataclass(frozen=True, slots=True)
class SheetContact:
    """One person to call. `zones`: the time zones (IANA names, or "UTC+05:30") the person may be in, if known."""

    name: str
    organisation: str
    phones: tuple[tuple[str, str], ...]  # ("Mobile", "+44…"), first the one most likely to wake somebody
    zones: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A TLD that nobody has reached, why, whom to call there, and what earlier calls found."""

    tld: str
    country: str
    region: str
    state: str
    why: str
    contacts: tuple[SheetContact, ...]
    calls: tuple[Call, ...] = ()
    caller: str = ""


@dataclass(frozen=True, slots=True)
class SheetHead:
    """What heads a sheet: which alert it is about, for whose eyes, and who is to call."""

    alert_id: str
    title: str
    tlp: str
    is_exercise: bool = False
    caller: str = ""

    @property
    def label(self) -> str:
        """The alert's TLP label, but never less than that of the phone numbers."""
        return "AMBER" if self.tlp in ("CLEAR", "GREEN") else self.tlp


def local_times(zones: Sequence[str], now: datetime) -> str:
    """The local time: "14:05", "23:05 night", "09:05 to 11:05", or "" if unknown."""
    clocks = sorted({now.astimezone(_zone(zone)).replace(tzinfo=None) for zone in zones})
    if not clocks:
        return ""
    first, last = clocks[0], clocks[-1]
    words = f"{first:%H:%M}" if first == last else f"{first:%H:%M} to {last:%H:%M}"
    is_night = all(not NIGHT_ENDS <= clock.hour < NIGHT_BEGINS for clock in clocks)
    return f"{words} night" if is_night else words


def _zone(name: str) -> tzinfo:
    """The time zone of a place, or at a distance from UTC as in "UTC+05:30"."""
    if name[:4] in ("UTC+", "UTC-"):
        hours, minutes = name[4:].split(":")
        distance = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-distance if name[3] == "-" else distance)
    return ZoneInfo(name)


def of_caller(lines: Sequence[SheetLine], caller: str) -> list[SheetLine]:
    """One caller's part of the sheet."""
    return [one for one in lines if one.caller == caller]
