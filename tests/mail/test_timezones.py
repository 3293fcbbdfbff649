"""A time zone is kept as a name of the database or as a distance from UTC, however it was written."""

import pytest

from tldops_bot.mail.timezones import parse_timezone


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("europe/amsterdam", "Europe/Amsterdam"),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
        ("Asia/Kathmandu", "Asia/Kathmandu"),
        ("UTC+2", "UTC+02:00"),
        ("utc +2", "UTC+02:00"),
        ("UTC+02", "UTC+02:00"),
        ("GMT-03:30", "UTC-03:30"),
        ("gmt-0330", "UTC-03:30"),
        ("+5:45", "UTC+05:45"),
        ("UTC\N{MINUS SIGN}4", "UTC-04:00"),
        ("UTC+14", "UTC+14:00"),
    ],
)
def test_time_zone_is_kept_in_one_way_of_writing(written: str, kept: str) -> None:
    assert parse_timezone(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Mars/Olympus",
        "../../etc/passwd",
        "Europe",
        "posix/Europe/Paris",
        "localtime",
        "UTC+15",
        "UTC+14:01",
        "UTC+2:75",
        "UTC+",
        "2",
        "UTC+٢٢:00x",
        "local time",
    ],
)
def test_what_is_no_time_zone_is_none(written: str) -> None:
    assert parse_timezone(written) == ""
