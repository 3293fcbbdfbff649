"""The day in the serial number of the root zone, and nothing from what is none."""

from datetime import date

import pytest

from tldops_bot.domain.root_serial import day_of_serial

SOA = "a.root-servers.net. nstld.verisign-grs.com. {} 1800 900 604800 86400"


def test_a_serial_number_holds_a_day() -> None:
    assert day_of_serial(SOA.format("2026112101")) == date(2026, 11, 21)


@pytest.mark.parametrize("serial", ["2026133101", "20261121", "1", "-026112101", "２０２６１１２１０１"])
def test_what_is_no_day_is_none(serial: str) -> None:
    assert day_of_serial(SOA.format(serial)) is None


@pytest.mark.parametrize("text", ["", "a. b.", "a. b. 2026112101", SOA.format("2026112101 0")])
def test_what_is_no_record_says_nothing(text: str) -> None:
    assert day_of_serial(text) is None
