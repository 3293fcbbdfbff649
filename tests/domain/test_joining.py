"""Who may vouch, what the committee decides, how long probation is."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.joining import (
    Seats,
    counts_at_once,
    grey_reasons,
    probation_end,
    reminders_due,
    technical_counts_at,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FREE = Seats(2, 3, False)
FULL = Seats(3, 3, False)


def test_ordinary_case_is_nothing_for_the_committee() -> None:
    assert grey_reasons("ann@nic.example", FREE, voucher_is_fresh=False, has_voucher=True) == ()


@pytest.mark.parametrize(
    ("email", "seats", "fresh", "voucher", "reasons"),
    [
        ("hostmaster@nic.example", FREE, False, True, ("generic_address",)),
        ("a@nic.example", FREE, False, True, ("initials",)),
        ("ann.sample@gmail.com", FREE, False, True, ("freemail",)),
        ("ann@nic.example", FULL, False, True, ("no_free_seat",)),
        ("ann@nic.example", FREE, True, True, ("fresh_voucher",)),
        ("ann@nic.example", FREE, False, False, ("no_voucher",)),
        (
            "noc@gmail.com",
            FULL,
            True,
            False,
            ("generic_address", "freemail", "no_free_seat", "fresh_voucher", "no_voucher"),
        ),
    ],
)
def test_each_grey_reason_is_named(
    email: str, seats: Seats, fresh: bool, voucher: bool, reasons: tuple[str, ...]
) -> None:
    assert grey_reasons(email, seats, fresh, voucher) == reasons


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
