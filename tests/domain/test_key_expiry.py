"""The ladder of warnings: each rung once, and the last one when the key has ended."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.key_expiry import EXPIRED, NOT_TOLD, RUNGS, reached_rung, rung

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def in_days(days: float) -> datetime:
    return NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("left", "expected"),
    [(61, NOT_TOLD), (60, 60), (31, 60), (30, 30), (14.5, 30), (14, 14), (7, 7), (1.5, 7), (1, 1), (0.1, 1)],
)
def test_each_rung_is_reached_at_its_days(left: float, expected: int) -> None:
    assert reached_rung(in_days(left), NOW) == expected


@pytest.mark.parametrize("left", [0, -1, -400])
def test_after_the_end_it_is_said_once_that_the_key_has_expired(left: float) -> None:
    assert rung(in_days(left), NOW, 1) == EXPIRED
    assert rung(in_days(left), NOW, EXPIRED) is None


def test_a_key_without_end_warns_nobody() -> None:
    assert rung(None, NOW, NOT_TOLD) is None


def test_going_down_the_ladder_tells_each_rung_once_however_often_one_looks() -> None:
    told, last = [], NOT_TOLD
    for hour in range(24 * 70):
        found = rung(in_days(65), NOW + timedelta(hours=hour), last)
        if found is not None:
            told.append(found)
            last = found
    assert told == [*RUNGS, EXPIRED]


def test_after_standing_still_only_the_last_rung_is_told() -> None:
    assert rung(in_days(5), NOW, NOT_TOLD) == 7
    assert rung(in_days(5), NOW, 60) == 7


def test_a_renewal_that_is_too_short_is_told_where_it_stands_now() -> None:
    assert rung(in_days(40), NOW, 7) == 60
    assert rung(in_days(40), NOW, EXPIRED) == 60
