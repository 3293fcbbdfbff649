"""Per TLD the best that any contact got; the reports come in time, and once."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.alert_reach import Call, Reach, by_tld, due_report, response, shares

AT = datetime(2026, 3, 10, tzinfo=UTC)


def call(reached: bool, tld: str = "nl") -> Call:
    return Call(tld, reached, "Bob Example", AT)


@pytest.mark.parametrize(
    ("states", "calls", "state"),
    [
        (["failed", "seen"], [], "seen"),
        (["failed", "reached"], [], "reached"),
        (["waiting", "failed"], [], "waiting"),
        (["failed"], [call(True)], "called"),
        (["failed"], [call(True), call(False)], "failed"),
        (["reached"], [call(False), call(True)], "called"),
        (["seen"], [call(True)], "seen"),
        (["failed"], [call(True, "be")], "failed"),
    ],
)
def test_best_of_a_tld_counts_and_the_last_call(states: list[str], calls: list[Call], state: str) -> None:
    reach = [Reach(number, each) for number, each in enumerate(states)]
    (line,) = by_tld(reach, {number: ["nl"] for number in range(9)}, calls)
    assert line.state == state
    assert line.is_to_be_called is (state not in ("seen", "called"))


def test_why_is_said_only_where_nobody_got_it() -> None:
    reach = [Reach(1, "failed", "no usable key"), Reach(2, "failed", "bounced"), Reach(3, "reached")]
    lines = by_tld(reach, {1: ["nl", "be"], 2: ["nl"], 3: ["be"]})
    assert [(one.tld, one.why) for one in lines] == [("be", ""), ("nl", "bounced, no usable key")]


def test_who_speaks_for_no_tld_stands_in_no_line() -> None:
    assert by_tld([Reach(1, "seen")], {}) == []


def test_quickest_of_a_tld_counts() -> None:
    reach = [Reach(number, "seen", seen_after=timedelta(minutes=number)) for number in (7, 3)]
    (line,) = by_tld(reach, {7: ["nl"], 3: ["nl"]})
    assert line.seen_after == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("after", "reported", "due"),
    [
        (timedelta(minutes=4), 0, 0),
        (timedelta(minutes=5), 0, 1),
        (timedelta(minutes=6), 1, 0),
        (timedelta(hours=1), 1, 2),
        (timedelta(hours=24), 2, 3),
        (timedelta(days=3), 0, 3),
        (timedelta(days=3), 3, 0),
    ],
)
def test_each_report_is_due_once_and_after_a_pause_only_the_latest(
    after: timedelta, reported: int, due: int
) -> None:
    assert due_report(AT, reported, AT + after) == due


def test_calls_are_dealt_out_evenly_and_none_is_lost() -> None:
    lines = by_tld([Reach(1, "failed")], {1: [f"x{letter}" for letter in "abcdefg"]})
    parts = shares(3, lines)
    assert sorted(len(part) for part in parts) == [2, 2, 3]
    assert sorted(one.tld for part in parts for one in part) == [one.tld for one in lines]
    assert shares(0, lines) == []


@pytest.mark.parametrize(
    ("minutes", "median", "ninety", "never"),
    [
        ([], None, None, 0),
        ([1], 1, 1, 0),
        ([None], None, None, 1),
        ([1, None], 1, None, 1),
        ([1, None, None], None, None, 2),
        ([5, 1, 2, 3, 4, 6, 7, 8, 9, 10], 5, 9, 0),
        ([5, 1, 2, 3, 4, 6, 7, 8, 9, None], 5, 9, 1),
        ([5, 1, 2, 3, 4, 6, 7, 8, None, None], 5, None, 2),
    ],
)
def test_shares_are_of_all_tlds_not_of_the_quick_ones(
    minutes: list[int | None], median: int | None, ninety: int | None, never: int
) -> None:
    reach = [
        Reach(number, "failed")
        if after is None
        else Reach(number, "seen", seen_after=timedelta(minutes=after))
        for number, after in enumerate(minutes)
    ]
    found = response(by_tld(reach, {number: [f"x{number}"] for number in range(20)}))
    assert (found.median, found.ninety, found.never) == (
        None if median is None else timedelta(minutes=median),
        None if ninety is None else timedelta(minutes=ninety),
        never,
    )
