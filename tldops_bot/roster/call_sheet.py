"""The sheet of whom to phone, as lines for a mail and as CSV: numbers, times, and what calls found."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from tldops_bot.domain.alert_reach import REACHED
from tldops_bot.domain.call_sheet import SheetContact, SheetLine, local_times
from tldops_bot.domain.plain_text import one_line
from tldops_bot.domain.tld import dotted
from tldops_bot.roster.columns import WIDTH, columns, wrap
from tldops_bot.roster.csv_file import defused

COLUMNS = (
    *("tld", "country", "region", "state", "why", "name", "organisation", "phone_1", "phone_2"),
    *("local_time", "known", "caller", "calls_so_far", "result"),
)


def text_lines(sheet: Sequence[SheetLine], now: datetime) -> list[str]:
    """Each TLD with its people, numbers first: what a caller needs and nothing else."""
    return [line for one in sheet for line in _tld_lines(one, now)]


def csv_sheet(sheet: Sequence[SheetLine], now: datetime) -> bytes:
    """One line per person, with an empty last column for what the call found."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in sheet:
        writer.writerows([defused(cell) for cell in _cells(one, each, now)] for each in one.contacts)
    return text.getvalue().encode("utf-8-sig")


def why_words(one: SheetLine) -> str:
    """Why a TLD is on the sheet."""
    if one.state == REACHED:
        return "silent: their mail server took it, nobody said so"
    return f"{one.state}: {one.why}" if one.why else one.state


def call_words(one: SheetLine) -> list[str]:
    """What earlier calls found, one line each."""
    return [
        f"{call.at:%H:%M} UTC {call.by}: {'reached' if call.reached else 'not reached'}"
        + (f", {call.words}" if call.words else "")
        for call in one.calls
    ]


def _tld_lines(one: SheetLine, now: datetime) -> Iterator[str]:
    heading = dotted(one.tld) + (f"  {one_line(one.country)}" if one.country else "")
    yield heading + " " + "-" * max(3, WIDTH - columns(heading) - 1)
    yield from _indented(why_words(one), "  ")
    for words in call_words(one):
        yield from _indented(one_line(words), "  ! called ")
    for each in one.contacts:
        yield from _indented(_person(each), "  ")
        for label, number in each.phones:
            yield f"    {label:<8}{number}"
        if each.note:
            yield from _indented(one_line(each.note), "    ! ")
        if clock := local_times(each.zones, now):
            yield f"    {'There':<8}{clock}"
    if one.caller:
        yield from _indented(one_line(one.caller), "  Caller: ")
    yield ""


def _person(each: SheetContact) -> str:
    return one_line(each.name) + (f" ({one_line(each.organisation)})" if each.organisation else "")


def _indented(text: str, indent: str) -> Iterator[str]:
    blank = " " * len(indent)
    for number, line in enumerate(wrap(text.split(), WIDTH - len(indent))):
        yield (blank if number else indent) + line


def _cells(one: SheetLine, each: SheetContact, now: datetime) -> list[str]:
    numbers = [number for _, number in each.phones] + ["", ""]
    return [
        *(one.tld, one.country, one.region, one.state, one.why, each.name, each.organisation),
        *(numbers[0], numbers[1], local_times(each.zones, now), each.note),
        *(one.caller, " / ".join(call_words(one)), ""),
    ]
