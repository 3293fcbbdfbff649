"""Those listed as a table that spreadsheets open and `members import` reads: one line each, no keys, no history."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tldops_bot.domain.plain_text import split_lines
from tldops_bot.roster.csv_file import defused

FIELDS = (
    *("name", "email", "emergency_email", "phone", "mobile", "fax"),
    *("postal", "organisation", "timezone", "language"),
)


def export_csv(persons: Sequence[Mapping[str, Any]]) -> bytes:
    """The file, from `persons` as an export has them; in UTF-8 with a byte order mark, for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*FIELDS, "tlds"])
    for one in persons:
        if tlds := [entry["tld"] for entry in one["entries"] if entry["state"] == "listed"]:
            writer.writerow(
                defused(cell) for cell in (*(_one_line(one[name]) for name in FIELDS), " ".join(tlds))
            )
    return text.getvalue().encode("utf-8-sig")


def _one_line(value: str | None) -> str:
    return ", ".join(filter(None, split_lines(value or "")))
