"""Where a telephone rings can be told from its number, sometimes."""

import pytest

from tldops_bot.mail.phones import zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+442079460123", ("Europe/London",)),
        ("+81312345678", ("Asia/Tokyo",)),
        ("+447700900123", ()),
        ("call me", ()),
        ("", ()),
    ],
)
def test_time_zones_of_a_number(number: str, zones: tuple[str, ...]) -> None:
    assert zones_of(number) == zones
