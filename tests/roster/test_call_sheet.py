"""The call sheet: numbers a tired caller finds at a glance; nothing in the table can run."""

import csv
import io
from datetime import UTC, datetime

from tldops_bot.domain.alert_reach import Call
from tldops_bot.domain.call_sheet import SheetContact, SheetLine
from tldops_bot.roster.call_sheet import COLUMNS, csv_sheet, text_lines
from tldops_bot.roster.columns import columns

AT = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
ANN = SheetContact(
    "Ann Example",
    "Example Registry",
    (("Mobile", "+447700900123"), ("Phone", "+442079460123")),
    ("Europe/Amsterdam",),
    "woken by sms at 12:07 UTC, has not answered",
)
BOB = SheetContact("=HYPERLINK(1)\nX", "", ())
CALLED = Call("nl", False, "Carol Example", AT, "nobody answers")
SHEET = [
    SheetLine(
        "nl", "Netherlands", "EU", "reached", "", (ANN, BOB), (CALLED, Call("nl", True, "Ed Example", AT))
    ),
    SheetLine("рф (xn--p1ai)", "", "", "failed", "no usable key", (ANN,), caller="Dora Example " * 9),
    SheetLine("be", "Belgium", "EU", "waiting", "", ()),
]


def test_lines_read_well_in_80_columns() -> None:
    lines = text_lines(SHEET, AT)
    assert max(columns(line) for line in lines) <= 76
    assert lines[0].startswith(".nl  Netherlands ---")
    assert lines[1:7] == [
        "  silent: their mail server took it, nobody said so",
        "  ! called 12:30 UTC Carol Example: not reached, nobody answers",
        "  ! called 12:30 UTC Ed Example: reached",
        "  Ann Example (Example Registry)",
        "    Mobile  +447700900123",
        "    Phone   +442079460123",
    ]
    assert "    There   13:30" in lines
    assert any(line.startswith("  Caller: Dora Example") for line in lines)
    assert "  failed: no usable key" in lines
    assert "  waiting" in lines


def test_no_sheet_no_lines() -> None:
    assert text_lines([], AT) == []


def test_table_has_a_line_for_each_person_and_room_for_the_result() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_sheet(SHEET, AT).decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["tld"], row["name"]) for row in rows] == [
        ("nl", "Ann Example"),
        ("nl", "'=HYPERLINK(1) X"),
        ("рф (xn--p1ai)", "Ann Example"),
    ]
    assert rows[0]["phone_1"] == "'+447700900123"
    assert rows[0]["local_time"] == "13:30"
    assert rows[1]["phone_1"] == ""
    assert [row["known"] for row in rows][:2] == ["woken by sms at 12:07 UTC, has not answered", ""]
    assert rows[0]["calls_so_far"].startswith("12:30 UTC Carol Example: not reached")
    assert {row["result"] for row in rows} == {""}
