import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.rosters import ANN, BE, BOB, NL, RF, hostile, roster
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.roster import Share, TldContacts
from tldops_bot.domain.roster_changes import Changes
from tldops_bot.roster import text
from tldops_bot.roster.columns import WIDTH, columns, wrap


def test_one_tld_reads_like_this() -> None:
    stale = replace(BOB, mail_fails=True)
    assert text.contact_lines(roster(ANN, stale))[:23] == [
        ".nl  Netherlands -----------------------------------------------------------",
        "Ann Example",
        "  Phone      +44 20 7946 0001",
        "  Mobile     +44 7700 900001",
        "  Email      ann@nic.example",
        "  Emergency  ann@elsewhere.example",
        "  Fax        +44 20 7946 0999",
        "  Works for  Example Registry",
        "  Post       1 Example Street, Exampletown",
        "  Time zone  Europe/Amsterdam",
        "  Key        0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567",
        "  Confirmed  2026-01",
        "",
        "Боб Пример",
        "  ! STALE: last confirmed 2025-05",
        "  ! MAIL FAILS: use the phone",
        "  ! NO KEY: mail to them can't be encrypted",
        "  Mobile     +44 7700 900002",
        "  Email      bob@nic.example",
        "",
        ".рф (xn--p1ai)  Russian Federation -----------------------------------------",
        "Боб Пример",
        "  ! STALE: last confirmed 2025-05",
    ]


def test_a_contact_never_confirmed_is_said_to_be_so() -> None:
    assert text.marks(replace(ANN, is_stale=True, confirmed_at=None)) == ["STALE: never confirmed"]


def test_a_contact_without_fault_has_no_marks() -> None:
    assert text.marks(ANN) == []


def test_the_heading_of_every_tld_in_the_root_fits() -> None:
    for facts in load_tld_table():
        heading = next(text.tld_lines(TldContacts(facts.tld, facts.country_name, facts.region, ())))
        assert heading.startswith(f".{facts.tld.shown}")
        assert columns(heading) <= WIDTH, heading


@example("\xa0.")
@given(st.text(max_size=300))
def test_no_words_of_a_person_make_a_line_too_wide_or_forge_a_heading(words: str) -> None:
    lines = list(text.person_lines(hostile(words)))
    assert all(columns(line) <= WIDTH for line in lines)
    assert not [
        line for line in lines for char in line if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")
    ]
    assert not [line for line in lines if line.startswith(".")]


@pytest.mark.parametrize(
    "forged",
    [
        "Ann\n.nl  Netherlands ----\nEve",
        "Ann\r  Phone +44",
        "Ann\u2028.nl",
        "Ann\x85.nl",
        "Ann\x0b.nl",
        "Ann\x1b[2J",
    ],
)
def test_a_name_cannot_begin_a_line_of_its_own(forged: str) -> None:
    lines = list(text.person_lines(replace(BOB, name=forged, is_stale=False)))
    assert lines[0].startswith("Ann")
    assert lines[1].startswith("  ! NO KEY")


def test_a_name_cannot_pass_for_the_heading_of_a_tld() -> None:
    assert next(text.person_lines(replace(ANN, name=" ..nl  Netherlands ---"))) == "nl Netherlands ---"
    assert next(text.person_lines(replace(ANN, name=". . ."))) == "?"


def test_direction_and_hidden_characters_are_taken_out() -> None:
    lines = list(text.person_lines(replace(ANN, name="Ann\u202e elpmaxE\u200b", phone="+44\u2066 20")))
    assert lines[0] == "Ann elpmaxE"
    assert lines[1] == "  Phone      +44 20"


def test_a_long_value_goes_on_under_itself() -> None:
    lines = list(text.person_lines(replace(ANN, organisation="Registry " * 12)))
    at = next(number for number, line in enumerate(lines) if "Works for" in line)
    assert lines[at + 1].startswith(" " * 13 + "Registry")


def test_asian_characters_take_two_columns_and_marks_none() -> None:
    assert columns("例 花子") == 7
    assert columns("e\u0301") == 1
    assert wrap(["例" * 5], 4) == ["例例", "例例", "例"]
    assert wrap(["a", "", "bc", "d"], 4) == ["a bc", "d"]


def test_missing_tlds_keep_both_their_names_together() -> None:
    lines = text.missing_lines([NL] * 19 + [RF, BE])
    assert not [line for line in lines if line.strip().startswith("(")]
    assert " ".join(line.strip() for line in lines) == "nl, " * 19 + "рф (xn--p1ai), be"
    assert text.missing_lines([]) == []


def test_figures_stand_under_each_other() -> None:
    assert text.share_line("Europe", Share(40, 70)) == "  Europe                        40 of  70   57 %"
    lines = text.region_lines(roster(ANN).coverage)
    assert len(lines) == 5
    assert len({line.index(" of ") for line in lines}) == 1


def test_changes_name_the_tld_first_and_nobody_who_left() -> None:
    lines = text.change_lines(
        Changes(
            joined=((NL, (ANN, BOB)),),
            left_tlds=((BE, 0), (NL, 1), (RF, 2)),
            changed=(BOB,),
            stale=(ANN,),
            new_keys=(ANN,),
            lost_keys=(BOB,),
        )
    )
    assert lines.joined == ("  .nl: Ann Example, Боб Пример",)
    assert lines.left == (
        "  .be: has no contact now",
        "  .nl: 1 contact remains",
        "  .рф (xn--p1ai): 2 contacts remain",
    )
    assert lines.changed == lines.lost_keys == ("  .nl, .рф (xn--p1ai): Боб Пример",)
    assert lines.stale == lines.new_keys == ("  .nl: Ann Example",)


def test_confirmation_dates_are_months_the_day_is_for_the_tld_and_the_committee() -> None:
    late = replace(ANN, is_stale=True, confirmed_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    assert text.marks(late) == ["STALE: last confirmed 2025-12"]
