"""When people are asked, how many on one day, and what silence leads to."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.durations import DAY
from tldops_bot.domain.freshness import (
    ASKS_BEFORE_STALE,
    CLEARED_IN_DAYS,
    COMMITTEE_AFTER,
    COMMITTEE_AGAIN_AFTER,
    FRESH_FOR,
    Round,
    confirmations,
    earliest_ask,
    first_ask_at,
    is_committee_due,
    is_digest_due,
    most_a_day,
    since_words,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVERY = 180 * DAY


def test_who_came_on_one_day_is_asked_on_many() -> None:
    days = Counter((first_ask_at(number, NOW, EVERY) - NOW) // DAY for number in range(1, 901))
    assert min(days) >= 150
    assert max(days) < 180
    assert max(days.values()) <= 2 * 900 / 30


def test_the_moment_of_a_person_is_always_the_same_and_never_later_than_the_period() -> None:
    for number in (0, 1, 17, 10_000):
        asked_at = first_ask_at(number, NOW, EVERY)
        assert asked_at == first_ask_at(number, NOW, EVERY)
        assert EVERY * 5 / 6 <= asked_at - NOW <= EVERY


def test_nobody_is_due_who_confirmed_after_the_earliest_moment() -> None:
    for number in range(1000):
        known_since = earliest_ask(NOW, EVERY) + timedelta(seconds=1)
        assert first_ask_at(number, known_since, EVERY) > NOW


@pytest.mark.parametrize(("people", "most"), [(0, 25), (700, 25), (900, 31), (10_000, 334)])
def test_a_long_stop_is_made_up_for_in_thirty_days(people: int, most: int) -> None:
    assert most_a_day(people) == most
    assert most * CLEARED_IN_DAYS >= people


def test_a_round_is_open_from_the_question_to_the_confirmation() -> None:
    assert not Round(None, None, 0).is_open
    assert Round(None, NOW, 1).is_open
    assert Round(NOW - DAY, NOW, 1).is_open
    assert not Round(NOW + DAY, NOW, 1).is_open


def test_each_step_counts_from_the_mail_before() -> None:
    assert not Round(None, None, 0).is_due_again(NOW)
    for asked in range(1, ASKS_BEFORE_STALE + 1):
        assert not Round(None, NOW - 7 * DAY + timedelta(seconds=1), asked).is_due_again(NOW)
        assert Round(None, NOW - 7 * DAY, asked).is_due_again(NOW)
    after = ASKS_BEFORE_STALE + 1
    assert not Round(None, NOW - 29 * DAY, after).is_due_again(NOW)
    assert Round(None, NOW - 30 * DAY, after).is_due_again(NOW)


def test_the_mark_comes_after_the_question_and_three_reminders() -> None:
    assert [Round(None, NOW, asked).is_patience_over for asked in (1, 3, 4, 9)] == [False, False, True, True]


def test_the_committee_hears_after_two_weeks_and_then_every_three_months() -> None:
    stale_at = NOW
    assert not is_committee_due(stale_at, None, None, NOW + COMMITTEE_AFTER - DAY)
    assert is_committee_due(stale_at, None, None, NOW + COMMITTEE_AFTER)
    told_at = NOW + COMMITTEE_AFTER
    assert not is_committee_due(stale_at, told_at, None, told_at + COMMITTEE_AGAIN_AFTER - DAY)
    assert is_committee_due(stale_at, told_at, None, told_at + COMMITTEE_AGAIN_AFTER)


def test_what_was_told_of_an_earlier_silence_does_not_count() -> None:
    assert not is_committee_due(NOW, NOW - DAY, None, NOW + DAY)
    assert is_committee_due(NOW, NOW - DAY, None, NOW + COMMITTEE_AFTER)


def test_a_no_reaches_the_committee_at_once_and_only_once() -> None:
    assert is_committee_due(NOW, None, NOW + DAY, NOW + DAY)
    assert not is_committee_due(NOW, NOW + 2 * DAY, NOW + DAY, NOW + 3 * DAY)
    assert is_committee_due(NOW, NOW + 2 * DAY, NOW + 3 * DAY, NOW + 3 * DAY)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "in the last 30 days"),
        (29, "in the last 30 days"),
        (30, "1 month ago"),
        (200, "6 months ago"),
    ],
)
def test_others_see_months_and_no_days(days: int, words: str) -> None:
    assert since_words(NOW - days * DAY, NOW) == words
    assert since_words(None, NOW) == "never"


def test_figures_count_who_never_confirmed_as_not_confirmed() -> None:
    found = confirmations([NOW - 10 * DAY, NOW - FRESH_FOR, NOW - FRESH_FOR - DAY, None], NOW)
    assert (found.confirmed, found.total, found.median_days) == (2, 4, 200)
    assert confirmations([None], NOW).median_days is None
    assert confirmations([], NOW).total == 0


def test_committee_hears_of_silent_people_once_a_week_and_of_who_has_gone_once_a_day() -> None:
    assert is_digest_due(None, False, NOW)
    assert not is_digest_due(NOW, False, NOW + 6 * DAY)
    assert is_digest_due(NOW, False, NOW + 7 * DAY)
    assert not is_digest_due(NOW, True, NOW + DAY / 2)
    assert is_digest_due(NOW, True, NOW + DAY)
