"""Who may vouch, what the committee decides, how long probation is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tldops_bot.domain.joining import (
    MANY_TLDS,
    Case,
    Seats,
    apology_is_due,
    committee_is_due,
    counts_at_once,
    grey_reasons,
    probation_end,
    reminders_due,
    technical_counts_at,
    votes_needed,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FREE = Seats(2, 3, False)
FULL = Seats(3, 3, False)


ANN = Case("Ann Example", "ann@nic.example", FREE)


def test_ordinary_case_is_nothing_for_the_committee() -> None:
    assert grey_reasons(ANN) == ()
    assert grey_reasons(replace(ANN, tlds=MANY_TLDS)) == ()


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"email": "hostmaster@nic.example"}, ("generic_address",)),
        ({"email": "a@nic.example"}, ("initials",)),
        ({"email": "ann.sample@gmail.com"}, ("freemail",)),
        ({"name": "A. E."}, ("initials_name",)),
        ({"name": "Security Team"}, ("role_as_name",)),
        ({"name": "Аnn Example"}, ("mixed_scripts",)),
        ({"is_suspect": True}, ("dmarc_failed",)),
        ({"tlds": MANY_TLDS + 1}, ("many_tlds",)),
        ({"seats": FULL}, ("no_free_seat",)),
        ({"voucher_is_fresh": True}, ("fresh_voucher",)),
        ({"key_is_another": True}, ("other_key",)),
        (
            {"email": "noc@gmail.com", "seats": FULL, "voucher_is_fresh": True},
            ("generic_address", "freemail", "no_free_seat", "fresh_voucher"),
        ),
    ],
)
def test_each_grey_reason_is_named(changed: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert grey_reasons(replace(ANN, **changed)) == reasons


@pytest.mark.parametrize(
    ("configured", "seated", "concerns", "needed"),
    [(1, 1, False, 1), (1, 2, True, 1), (1, 3, True, 2), (2, 3, True, 2), (3, 3, True, 3), (2, 1, False, 2)],
)
def test_what_concerns_the_committee_takes_two_from_three_members_on(
    configured: int, seated: int, concerns: bool, needed: int
) -> None:
    assert votes_needed(configured, seated, concerns) == needed


@pytest.mark.parametrize(
    ("reminded", "today", "is_due"),
    [
        (None, 2.9, False),
        (None, 3, True),
        (3, 6.9, False),
        (3, 7, True),
        (7, 13, False),
        (7, 14.5, True),
        (14, 21, True),
        (21.5, 27.9, False),
        (3, 30, True),
        (30, 34, False),
        (30, 35, True),
    ],
)
def test_committee_is_reminded_on_days_three_and_seven_and_then_every_week(
    reminded: float | None, today: float, is_due: bool
) -> None:
    last = None if reminded is None else NOW + timedelta(days=reminded)
    assert committee_is_due(NOW, last, NOW + timedelta(days=today)) is is_due


@pytest.mark.parametrize(
    ("told", "today", "is_due"),
    [(None, 6.9, False), (None, 7, True), (7, 27.9, False), (7, 28, True), (28, 55, False), (28, 56, True)],
)
def test_person_is_told_after_a_week_and_then_every_four_that_it_takes_long(
    told: float | None, today: float, is_due: bool
) -> None:
    last = None if told is None else NOW + timedelta(days=told)
    assert apology_is_due(NOW, last, NOW + timedelta(days=today)) is is_due


@pytest.mark.parametrize(
    ("seats", "is_free"),
    [
        (Seats(0, 3, False), True),
        (FREE, True),
        (FULL, False),
        (Seats(3, 3, True), True),
        (Seats(4, 3, True), False),
    ],
)
def test_whoever_is_replaced_frees_one_seat(seats: Seats, is_free: bool) -> None:
    assert seats.is_free is is_free


def test_only_entitled_kinds_count_at_once() -> None:
    assert counts_at_once(("technical", "administrative"), ["administrative"])
    assert not counts_at_once(("technical",), ["administrative"])
    assert not counts_at_once((), ["administrative"])


def test_technical_word_counts_after_the_wait_or_never() -> None:
    assert technical_counts_at(NOW, timedelta(hours=72)) == NOW + timedelta(days=3)
    assert technical_counts_at(NOW, timedelta(0)) == NOW
    assert technical_counts_at(NOW, None) is None


@pytest.mark.parametrize(
    ("asked", "confirmed", "by_peer", "opens"),
    [
        ({"a", "b"}, {"a"}, False, NOW + timedelta(hours=48)),
        ({"a", "b"}, {"a", "b", "c"}, False, NOW),
        (set(), {"a"}, False, NOW + timedelta(hours=48)),
        ({"a", "b"}, set(), True, NOW),
    ],
)
def test_probation_ends_at_once_when_all_or_a_peer_agree(
    asked: set[str], confirmed: set[str], by_peer: bool, opens: datetime
) -> None:
    assert probation_end(NOW, timedelta(hours=48), asked, confirmed, by_peer) == opens


@pytest.mark.parametrize(
    ("sent", "today", "is_due"),
    [
        ([], 0, True),
        ([0], 2.9, False),
        ([0], 3, True),
        ([0, 3], 6.9, False),
        ([0, 3], 12.5, True),
        ([0, 3, 12.5], 13.9, False),
        ([0], 8, True),
        ([8], 9, False),
    ],
)
def test_voucher_is_reminded_on_days_three_seven_and_twelve_and_late_ones_together(
    sent: list[float], today: float, is_due: bool
) -> None:
    moments = [NOW + timedelta(days=day) for day in sent]
    assert reminders_due(moments, NOW, NOW + timedelta(days=today)) is is_due
