"""When a delivery that was put off is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.retries import next_attempt

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _delays(urgent: bool, jitter: float = 0.0) -> list[float]:
    return [(next_attempt(n, NOW, urgent, jitter) - NOW).total_seconds() for n in range(1, 15)]


def test_an_alert_is_tried_again_within_seconds_and_at_least_hourly() -> None:
    assert _delays(urgent=True)[:4] == [5, 15, 30, 60]
    assert max(_delays(urgent=True)) == 3600


def test_other_mail_waits_from_a_minute_to_four_hours() -> None:
    assert _delays(urgent=False)[0] == 60
    assert _delays(urgent=False)[-1] == 4 * 3600


@pytest.mark.parametrize("urgent", [True, False])
def test_delays_never_get_shorter(urgent: bool) -> None:
    assert _delays(urgent) == sorted(_delays(urgent))


def test_jitter_only_lengthens_and_by_a_fifth_at_most() -> None:
    assert next_attempt(1, NOW, False, 1.0) == NOW + timedelta(seconds=72)
    assert NOW + timedelta(seconds=60) < next_attempt(1, NOW, False, 0.5) < NOW + timedelta(seconds=72)


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.0), (-1, 0.0), (1, -0.1), (1, 1.1)])
def test_a_count_or_jitter_out_of_range_is_refused(attempts: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempts"):
        next_attempt(attempts, NOW, False, jitter)
