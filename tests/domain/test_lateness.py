"""A job is late when its interval has passed twice, and some grace."""

from datetime import UTC, datetime, timedelta

from tldops_bot.domain.lateness import GRACE, is_late, lateness

NOW = datetime(2026, 3, 10, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_lateness_begins_when_the_interval_has_passed() -> None:
    assert lateness(HOUR, NOW - HOUR, NOW) == timedelta()
    assert lateness(HOUR, NOW, NOW) == timedelta()
    assert lateness(HOUR, NOW - 3 * HOUR, NOW) == 2 * HOUR


def test_somebody_should_look_after_two_intervals_and_some_grace() -> None:
    assert not is_late(HOUR, NOW - 2 * HOUR - GRACE, NOW)
    assert is_late(HOUR, NOW - 2 * HOUR - GRACE - SECOND, NOW)
