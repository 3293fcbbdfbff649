"""What a bounce says of a mailbox, and when a mailbox counts as dead."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.durations import DAY
from tldops_bot.domain.mailbox import is_dead, is_probe_due, is_suspect, speaks_of_mailbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "code", "speaks"),
    [
        ("5.1.1", 250, True),
        ("5.2.2", 0, True),
        ("5.4.4", 0, True),
        ("5.5.0", 550, True),
        ("5.7.1", 550, False),
        ("5.6.7", 553, False),
        ("5.2.3", 552, False),
        ("5.3.4", 552, False),
        ("4.2.2", 0, False),
        ("bad-address", 0, False),
        ("", 550, True),
        ("", 551, True),
        ("", 552, False),
        ("", 554, False),
        ("", 0, False),
    ],
)
def test_only_what_speaks_of_the_mailbox_counts(status: str, code: int, speaks: bool) -> None:
    assert speaks_of_mailbox(status, code) is speaks


@pytest.mark.parametrize(
    ("days", "suspect"), [((), False), ((0,), False), ((0, 2.9), False), ((0, 3), True), ((5, 1, 0), True)]
)
def test_two_messages_over_three_days_make_a_suspect(days: tuple[float, ...], suspect: bool) -> None:
    assert is_suspect([NOW + day * DAY for day in days]) is suspect


def test_a_probe_has_as_long_as_a_mail_server_may_try() -> None:
    assert not is_dead(NOW, NOW + 5 * DAY - timedelta(seconds=1))
    assert is_dead(NOW, NOW + 5 * DAY)


def test_a_dead_mailbox_is_asked_weekly_and_later_monthly() -> None:
    assert not is_probe_due(NOW, 1, NOW + 6 * DAY)
    assert is_probe_due(NOW, 5, NOW + 7 * DAY)
    assert not is_probe_due(NOW, 6, NOW + 29 * DAY)
    assert is_probe_due(NOW, 6, NOW + 30 * DAY)
