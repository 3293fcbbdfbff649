"""A caller sees what time it is over there."""

from datetime import UTC, datetime

import pytest

from tldops_bot.domain.call_sheet import SheetLine, local_times, of_caller

AT = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ((), ""),
        (("Europe/Amsterdam",), "13:30"),
        (("Europe/Amsterdam", "Europe/Berlin"), "13:30"),
        (("Pacific/Auckland",), "01:30 night"),
        (("UTC+05:30",), "18:00"),
        (("UTC-03:30",), "09:00"),
        (("America/Los_Angeles", "America/New_York"), "04:30 to 07:30"),
        (("Asia/Vladivostok", "Asia/Magadan"), "22:30 to 23:30 night"),
    ],
)
def test_time_over_there(zones: tuple[str, ...], words: str) -> None:
    assert local_times(zones, AT) == words


def test_each_caller_has_a_part() -> None:
    lines = [
        SheetLine(tld, "", "", "failed", "", (), caller=caller) for tld, caller in (("nl", "Bob"), ("be", ""))
    ]
    assert [one.tld for one in of_caller(lines, "Bob")] == ["nl"]
