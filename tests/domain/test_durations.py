"""Lengths of time as people write them: read, said, and refused where they say nothing."""

from datetime import timedelta

import pytest

from tldops_bot.domain.durations import parse_duration, say_duration, say_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("3d", timedelta(days=3)),
        ("72h", timedelta(hours=72)),
        (" 5 M ", timedelta(minutes=5)),
        ("30s", timedelta(seconds=30)),
        ("2w", timedelta(weeks=2)),
        ("2y", timedelta(days=730)),
        ("0", timedelta(0)),
        ("0d", timedelta(0)),
    ],
)
def test_number_and_unit_are_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "3", "d", "-3d", "3.5h", "3 fortnights", "1d12h", "9999999d", "²d", "3d\n4d"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="3d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=3), "3 days"),
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=30), "30 seconds"),
        (timedelta(seconds=61), "61 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_length_is_said_exactly_and_shortly(length: timedelta, words: str) -> None:
    assert say_duration(length) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=120), "2 min"),
        (timedelta(minutes=119, seconds=59), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=5, minutes=20), "5 h 20 min"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_how_long_something_took(length: timedelta, words: str) -> None:
    assert say_length(length) == words
