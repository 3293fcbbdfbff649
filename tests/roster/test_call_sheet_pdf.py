"""The printed call sheet: the numbers, boxes to tick, and whatever somebody typed within its column."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.made_up import NAMES
from tests.typefaces import LATIN, make_font
from tldops_bot.domain.alert_reach import Call
from tldops_bot.domain.call_sheet import SheetContact, SheetHead, SheetLine
from tldops_bot.roster.call_sheet_files import files
from tldops_bot.roster.call_sheet_pdf import pdf_sheet
from tldops_bot.roster.pdf_pages import UNSHOWN
from tldops_bot.roster.typefaces import Typefaces

AT = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
NOTHING = Typefaces([])
HEAD = SheetHead("A-2026-0007", "Zone transfers from nowhere", "GREEN")
PHONES = (("Mobile", "+44 7700 900123"), ("Phone", "+44 20 7946 0123"))
ANN = SheetContact("Ann Example", "Example Registry", PHONES, ("Asia/Tokyo",), "woken by sms at 12:07 UTC")
NL = SheetLine("nl", "Netherlands", "EU", "reached", "", (ANN,))


def read(octets: bytes) -> list[str]:
    """The text of each page, by a parser of another project."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(octets), strict=True).pages]


def printed(*sheet: SheetLine, head: SheetHead = HEAD, typefaces: Typefaces = NOTHING) -> list[str]:
    return read(pdf_sheet(sheet, head, AT, typefaces))


def test_all_that_a_caller_needs_is_there() -> None:
    (page,) = printed(NL)
    for words in (
        *("A-2026-0007: whom to call", "Zone transfers from nowhere", ".nl", "Netherlands", "EU"),
        *("silent: their mail server took it, nobody said so", "Ann Example (Example Registry)"),
        *("+44 7700 900123", "+44 20 7946 0123", "21:30, at 12:30 UTC", "woken by sms at 12:07 UTC"),
        *("reached", "not reached", "at (UTC)", "words", "page 1 of 1", "made 2026-01-10 12:30 UTC"),
        *("REACHED A-2026-0007 nl be: their words", "1 TLD has not said"),
    ):
        assert words in " ".join(page.split()), words
    assert "EXERCISE" not in page
    assert "Caller" not in page


def test_an_exercise_says_so_above_every_page() -> None:
    pages = printed(*[replace(NL, tld=f"t{n}") for n in range(12)], head=replace(HEAD, is_exercise=True))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert "EXERCISE. Say first that this is an exercise." in page
        assert f"page {number} of {len(pages)}" in page


@pytest.mark.parametrize(
    ("tlp", "label"),
    [
        ("CLEAR", "AMBER"),
        ("GREEN", "AMBER"),
        ("AMBER", "AMBER"),
        ("AMBER+STRICT", "AMBER+STRICT"),
        ("RED", "RED"),
    ],
)
def test_the_label_is_the_alerts_but_never_less_than_that_of_the_numbers(tlp: str, label: str) -> None:
    (page,) = printed(NL, head=replace(HEAD, tlp=tlp))
    assert re.findall(r"TLP:([A-Z+]+)", page) == [label]


def test_page_fits_on_a4_and_on_letter() -> None:
    (page,) = PdfReader(io.BytesIO(pdf_sheet([NL], HEAD, AT, NOTHING))).pages
    short, long = sorted(float(one) / 72 * 25.4 for one in page.mediabox[2:])
    assert short <= 210.01
    assert long <= 279.41


def test_each_tld_stands_whole_on_one_page_with_room_to_write() -> None:
    pages = printed(*[replace(NL, tld=f"t{n}", contacts=(ANN, ANN)) for n in range(20)])
    # Once more in the foot of the page.
    assert [page.count("not reached") for page in pages[:-1]] == [
        page.count("\n.t") - 1 for page in pages[:-1]
    ]
    assert sum(page.count("+44 7700 900123") for page in pages) == 40
    assert "continued" not in "".join(pages)


def test_callers_are_named_on_the_whole_sheet_and_once_above_their_own_part() -> None:
    one = replace(NL, caller="Carol Sample")
    assert "Caller: Carol Sample" in printed(one)[0]
    own = printed(one, head=replace(HEAD, caller="Carol Sample"))[0]
    assert own.count("Carol Sample") == 1


def test_earlier_calls_are_told_the_newest_of_many() -> None:
    calls = tuple(Call("nl", False, "Bob Sample", AT, f"try {n}") for n in range(9))
    (page,) = printed(replace(NL, calls=calls))
    assert re.findall(r"try \d", page) == ["try 5", "try 6", "try 7", "try 8"]


def test_who_has_no_number_or_is_gone_is_said() -> None:
    nobody = replace(ANN, phones=(), zones=(), organisation="")
    (page,) = printed(replace(NL, contacts=(nobody,)), replace(NL, tld="be", contacts=()))
    assert "No number is known." in page
    assert "Nobody is listed any more." in page
    assert "UTC" in page
    assert "There" not in page


def test_long_numbers_stand_below_each_other() -> None:
    long = (("Mobile", "+44 7700 900123 or through the exchange"), ("Phone", "+44 20 7946 0123"))
    (page,) = printed(replace(NL, contacts=(replace(ANN, phones=long),)))
    assert "+44 7700 900123 or" in page
    assert "+44 20 7946 0123" in page


def test_what_no_font_can_show_is_replaced_and_explained(tmp_path: Path) -> None:
    bob = replace(NL, contacts=(replace(ANN, name="Боб Пример"),))
    assert f"{UNSHOWN} stands for letters that could not be printed" in printed(bob)[0]
    font = make_font(tmp_path, "NotoSans-Regular.ttf", [*LATIN, *range(0x400, 0x460)])
    page = printed(bob, typefaces=Typefaces([font]))[0]
    assert "Боб Пример" in page
    assert UNSHOWN not in page


@pytest.mark.parametrize(
    "text",
    ["x" * 3000, "y\n" * 3000, "(a) Tj ET \\) endobj", "\x00\x1b[31m", "\u202eevil\u2069", "{nb}", " ", ""],
    ids=range(8),
)
def test_whatever_somebody_typed_crowds_nobody_out(text: str) -> None:
    calls = (Call("nl", False, text, AT, text),)
    hostile = SheetContact(text, text, (("Mobile", text),), ("Europe/Amsterdam",))
    one = SheetLine("nl", text, text, "failed", text, (hostile,) * 30 + (ANN,), calls, text)
    pages = printed(one, replace(NL, tld="zz"), head=replace(HEAD, title=text, caller=text))
    assert "+44 20 7946 0123" in "".join(pages)
    assert ".zz" in pages[-1]
    assert all("A-2026-0007: whom to call" in page for page in pages)
    if len(text) > 100:
        assert "continued" in pages[1]
        assert pages[1].count("not reached") == 0


def test_the_same_sheet_is_the_same_octets() -> None:
    assert pdf_sheet([NL], HEAD, AT, NOTHING) == pdf_sheet([NL], HEAD, AT, NOTHING)


def test_it_comes_as_files(tmp_path: Path) -> None:
    """With the machine's fonts only where a letter needs them: they take time."""
    make_font(tmp_path, "NotoSans-Regular.ttf", [*LATIN, *range(0x400, 0x460)])
    found = files([NL], HEAD, AT, tmp_path)
    assert [(one.name, one.media_type) for one in found] == [
        ("call-sheet.pdf", "application/pdf"),
        ("call-sheet.csv", "text/csv"),
    ]
    assert b"NotoSans" not in found[0].octets
    names = replace(NL, contacts=tuple(replace(ANN, name=name) for name in (*NAMES, "Боб")))
    printed_names = files([names], HEAD, AT, tmp_path)[0].octets
    assert b"NotoSans" in printed_names
    assert "Боб" in "".join(read(printed_names))
