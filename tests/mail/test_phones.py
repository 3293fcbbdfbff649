"""A number is read out in groups; where it rings can be told from it, sometimes."""

import pytest

from tldops_bot.mail.phones import costs_more, parse_phone, spaced, zones_of


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


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+442079460123", "+44 20 7946 0123"),
        ("+447700900123", "+44 7700 900123"),
        ("call me", "call me"),
        ("", ""),
    ],
)
def test_numbers_are_spaced_as_people_read_them_out(number: str, shown: str) -> None:
    assert spaced(number) == shown


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+442079460123", False), ("+449098790000", True)],
)
def test_numbers_whose_owner_is_paid_are_known(number: str, expected: bool) -> None:
    phone = parse_phone(number)
    assert phone is not None
    assert costs_more(phone) is expected
