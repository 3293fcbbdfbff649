"""The machine: room on its disks, its clock, its time zones and its fonts."""

import shlex
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tldops_bot.adapters import linux_clock
from tldops_bot.adapters.dns_lookups import DnsLookups
from tldops_bot.app import App
from tldops_bot.domain.disk_room import judge_room
from tldops_bot.domain.finding import Finding, State, broken, ok, warning
from tldops_bot.domain.root_serial import day_of_serial
from tldops_bot.roster.typefaces import FILES, find_typefaces
from tldops_bot.store import audit

AHEAD: Final = timedelta(minutes=5)
SERIAL_TOLERANCE: Final = timedelta(days=2)
DNS_SECONDS: Final = 3.0
FAR_ZONES: Final = ("Pacific/Auckland", "America/Argentina/Buenos_Aires")
SET_CLOCK: Final = "timedatectl set-ntp true"


def disk(app: App) -> Iterator[Finding]:
    """There is room for more mail, both where it is kept and where it is taken apart."""
    for one in app.disks.look():
        says = f"{one.room.free_bytes // 1_000_000:,} MB free for the {one.keeps} ({one.folder})"
        state = judge_room(one.room)
        mend = "" if state is State.OK else f"df -h {shlex.quote(str(one.folder))}, and make room there"
        yield Finding("disk", state, says, mend)


def clock(app: App) -> Iterator[Finding]:
    """Mails are judged by when they arrived and were signed, so the clock must be right."""
    found = [*_against_root_zone(app), *_against_audit(app)]
    if linux_clock.is_kept() is False:
        found.append(warning("clock", "nothing keeps this machine's clock right", SET_CLOCK))
    yield from found or [ok("clock", f"{app.now():%Y-%m-%d %H:%M:%S} UTC")]


def _against_root_zone(app: App) -> Iterator[Finding]:
    """The root zone's serial number is a date: right to a day or two, and we ask nobody new for it."""
    lookups = DnsLookups(app.net.own_resolvers())
    answer = lookups.ask(".", "SOA", time.monotonic() + DNS_SECONDS)
    day = day_of_serial(answer.values[0]) if answer.values else None
    today = app.now().date()
    if day is not None and abs(today - day) > SERIAL_TOLERANCE:
        says = f"here it is {today}, and the root zone of the DNS is of {day}"
        yield broken("clock", says, f"{SET_CLOCK}; then look at: date -u")


def _against_audit(app: App) -> Iterator[Finding]:
    newest = app.database.read_if_there(audit.newest_at)
    if newest is not None and newest - app.now() > AHEAD:
        says = f"the audit's newest entry is of {newest:%Y-%m-%d %H:%M} UTC, which is still to come"
        yield broken("clock", says, f"{SET_CLOCK}; then look at: date -u")


def time_zones(app: App) -> Iterator[Finding]:
    """The times of day of members all over the world are known."""
    try:
        for name in (app.config.roster.timezone, *FAR_ZONES):
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        yield warning("time zones", f"{name} is not known here", "apt-get install tzdata")
    else:
        yield ok("time zones", "known")


def fonts(app: App) -> Iterator[Finding]:
    """Names can be printed in the scripts people write them in."""
    folder = app.config.roster.fonts
    found = len(find_typefaces(folder).all)
    if found:
        yield ok("fonts", f"{found} of {len(FILES)} in {folder}")
    else:
        says = f"none for other scripts than Latin in {folder}: roster.pdf leaves such names out"
        mend = "apt-get install fonts-noto-core fonts-noto-cjk, or set [roster] fonts"
        yield warning("fonts", says, mend)
