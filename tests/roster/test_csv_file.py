import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rosters import ANN, BOB, hostile, roster
from tldops_bot.domain.roster import Roster
from tldops_bot.roster.csv_file import COLUMNS, csv_file, defused


def rows(made: Roster) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_file(made).decode("utf-8-sig"), newline=""), strict=True))


def test_each_contact_has_a_line_for_each_tld() -> None:
    found = rows(roster(ANN, BOB))
    assert [(row["a_label"], row["tld"], row["name"]) for row in found] == [
        ("nl", "nl", "Ann Example"),
        ("nl", "nl", "Боб Пример"),
        ("xn--p1ai", "рф", "Боб Пример"),
    ]
    ann, bob = found[:2]
    assert (ann["country"], ann["region"]) == ("Netherlands", "EU")
    assert ann["postal"] == "1 Example Street, Exampletown"
    assert ann["fingerprint"] == ANN.fingerprint
    assert (ann["has_key"], ann["is_stale"], bob["has_key"], bob["is_stale"]) == ("yes", "no", "no", "yes")
    assert (ann["since"], ann["confirmed"]) == ("2025-02-01", "2026-01")
    assert tuple(ann) == COLUMNS


def test_a_spreadsheet_is_told_that_it_is_utf_8() -> None:
    assert csv_file(roster(ANN)).startswith(b"\xef\xbb\xbf")


def test_phone_numbers_keep_their_plus_as_text() -> None:
    assert rows(roster(ANN))[0]["phone"] == "'+44 20 7946 0001"


def test_never_confirmed_is_an_empty_cell() -> None:
    assert rows(roster(replace(ANN, confirmed_at=None)))[0]["confirmed"] == ""


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("https://example.com";"x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "＝1",
        "＋1",
        "\x00=1",
        "\u202e=1",
    ],
)
def test_no_cell_can_start_a_formula(cell: str) -> None:
    assert defused(cell).startswith("'")


def test_a_reader_that_splits_at_semicolons_or_tabs_finds_no_formula_either() -> None:
    octets = csv_file(roster(replace(ANN, name='x";=1+1;"', organisation="x\t=1+1")))
    text = octets.decode("utf-8-sig")
    assert ";" not in text
    assert "\t" not in text


@given(st.text(max_size=100))
def test_any_words_stay_in_their_cell(words: str) -> None:
    made = roster(hostile(words), replace(BOB, is_stale=True))
    found = rows(made)
    assert [row["uid"] for row in found] == [ANN.uid, BOB.uid, BOB.uid]
    assert csv_file(made).count(b"\r\n") == 4
    assert not [cell for row in found for cell in row.values() if cell[:1] in tuple("=+-@\t\r") and cell]
