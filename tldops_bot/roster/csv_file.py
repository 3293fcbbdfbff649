"""The roster as CSV (RFC 4180) for spreadsheets, one line per contact and TLD; nothing in it can run.

A spreadsheet runs cells that start with = + - @, even from a file; such cells get an apostrophe in front,
which means "this is text". It also makes phone numbers text, so that no digit is lost.
"""

import csv
import io
from datetime import datetime

from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import Roster, RosterContact, TldContacts

MEDIA_TYPE = "text/csv"
COLUMNS = (
    *("tld", "a_label", "country", "region", "name", "organisation", "phone", "mobile", "email"),
    *("emergency_email", "fax", "postal", "timezone", "fingerprint", "has_key", "is_stale", "mail_fails"),
    *("since", "confirmed", "uid"),
)
# Full-width forms are taken for the plain ones where input is East Asian.
_STARTS_A_FORMULA = "=+-@＝＋－＠"


def csv_file(roster: Roster) -> bytes:
    """The file, in UTF-8 with a byte order mark: without it spreadsheets guess, and names are spoilt."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in roster.tlds:
        writer.writerows(_cells(each, contact) for contact in each.contacts)
    return text.getvalue().encode("utf-8-sig")


def defused(text: str) -> str:
    """A cell that stays text.

    Where the list separator is a semicolon or a tab, a spreadsheet would split a cell there even within
    quotes, and take what follows for a formula; so neither is left.
    """
    line = one_line(text).replace(";", ",").strip()
    return "'" + line if line.startswith(tuple(_STARTS_A_FORMULA)) else line


def undefused(cell: str) -> str:
    """What `defused` was given, without the apostrophe that a spreadsheet would not have shown."""
    text = cell.strip()
    return text[1:] if text.startswith(tuple("'" + one for one in _STARTS_A_FORMULA)) else text


def _cells(each: TldContacts, contact: RosterContact) -> list[str]:
    cells = (
        *(each.tld.u_label, each.tld.a_label, each.country, each.region, contact.name),
        *(contact.organisation, contact.phone, contact.mobile, contact.email, contact.emergency_email),
        *(contact.fax, ", ".join(filter(None, split_lines(contact.postal))), contact.timezone),
        *(contact.fingerprint, _yes(contact.has_key), _yes(contact.is_stale), _yes(contact.mail_fails)),
        *(_day(contact.since_at), _month(contact.confirmed_at), contact.uid),
    )
    return [defused(cell) for cell in cells]


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _month(moment: datetime | None) -> str:
    return f"{moment:%Y-%m}" if moment else ""
