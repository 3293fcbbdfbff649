from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.schedule import last_due, next_due, validate_crontab

TWICE_A_MONTH = "0 6 1,15 * *"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("crontab", "now", "last", "following"),
    [
        (TWICE_A_MONTH, "2026-03-10 12:00", "2026-03-01 06:00", "2026-03-15 06:00"),
        (TWICE_A_MONTH, "2026-03-01 06:00", "2026-03-01 06:00", "2026-03-15 06:00"),
        (TWICE_A_MONTH, "2026-03-01 05:59:59", "2026-02-15 06:00", "2026-03-01 06:00"),
        (TWICE_A_MONTH, "2026-01-01 00:00", "2025-12-15 06:00", "2026-01-01 06:00"),
        ("*/15 * * * *", "2026-03-10 12:14", "2026-03-10 12:00", "2026-03-10 12:15"),
        ("5-20/7,59 8-9 * * *", "2026-03-10 08:13", "2026-03-10 08:12", "2026-03-10 08:19"),
        ("30/10 0 * * *", "2026-03-10 12:00", "2026-03-10 00:50", "2026-03-11 00:30"),
        ("0 0 29 2 *", "2026-03-10 12:00", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 31 * *", "2026-04-30 12:00", "2026-03-31 00:00", "2026-05-31 00:00"),
        ("0 0 * jan,JUL mon", "2026-03-10 12:00", "2026-01-26 00:00", "2026-07-06 00:00"),
        ("0 0 * * 7", "2026-03-10 12:00", "2026-03-08 00:00", "2026-03-15 00:00"),
        ("0 0 * * 0", "2026-03-10 12:00", "2026-03-08 00:00", "2026-03-15 00:00"),
        ("0 0 * * fri-7", "2026-03-10 12:00", "2026-03-08 00:00", "2026-03-13 00:00"),
    ],
)
def test_what_was_due_last_and_what_is_next(crontab: str, now: str, last: str, following: str) -> None:
    assert last_due(crontab, UTC, at(now)) == at(last)
    assert next_due(crontab, UTC, at(now)) == at(following)


def test_when_both_day_fields_are_restricted_either_is_enough() -> None:
    assert next_due("0 0 20 * fri", UTC, at("2026-03-10 12:00")) == at("2026-03-13 00:00")
    assert next_due("0 0 12 * fri", UTC, at("2026-03-10 12:00")) == at("2026-03-12 00:00")


def test_when_a_day_field_begins_with_a_star_both_must_fit() -> None:
    assert next_due("0 0 */2 * sat", UTC, at("2026-03-10 12:00")) == at("2026-03-21 00:00")


def test_a_rare_day_is_found_however_far_away() -> None:
    assert next_due("0 0 */28 2 mon", UTC, at("2026-03-10 12:00")) == at("2027-02-01 00:00")
    assert next_due("0 0 29 2 *", UTC, at("2096-03-01 00:00")) == at("2104-02-29 00:00")


def test_the_zone_decides_when_it_is_six_in_the_morning() -> None:
    assert last_due(TWICE_A_MONTH, AMSTERDAM, at("2026-01-15 05:00")) == at("2026-01-15 05:00")
    assert last_due(TWICE_A_MONTH, AMSTERDAM, at("2026-07-15 04:00")) == at("2026-07-15 04:00")
    kiritimati = timezone(timedelta(hours=14))
    assert last_due(TWICE_A_MONTH, kiritimati, at("2026-02-28 16:00")) == at("2026-02-28 16:00")
    assert next_due(TWICE_A_MONTH, kiritimati, at("2026-02-28 15:59")) == at("2026-02-28 16:00")


def test_a_time_that_summer_time_skips_is_due_when_the_clocks_jump() -> None:
    jump = at("2026-03-29 01:00")  # 02:00 becomes 03:00
    assert next_due("30 2 29 * *", AMSTERDAM, at("2026-03-28 12:00")) == jump
    assert last_due("30 2 29 * *", AMSTERDAM, jump) == jump
    assert last_due("30 2 29 * *", AMSTERDAM, jump - timedelta(seconds=1)) == at("2026-01-29 01:30")


def test_a_time_that_comes_twice_is_due_the_first_time_only() -> None:
    first, second = (
        at("2026-10-25 00:30"),
        at("2026-10-25 01:30"),
    )  # 02:30 summer time, then 02:30 winter time
    assert next_due("30 2 25 * *", AMSTERDAM, at("2026-10-24 12:00")) == first
    assert last_due("30 2 25 * *", AMSTERDAM, second + timedelta(minutes=5)) == first
    assert next_due("30 2 25 * *", AMSTERDAM, first) == at("2026-11-25 01:30")


def test_a_whole_day_that_a_country_skipped_is_due_at_the_next_midnight() -> None:
    apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
    assert next_due("0 12 30 * *", apia, at("2011-12-29 12:00")) == at("2011-12-30 10:00")


ZONES = st.sampled_from([UTC, AMSTERDAM, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")])
MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CRONTABS = st.sampled_from([TWICE_A_MONTH, "30 2 * * *", "*/20 1-3 * * sun", "15 2 25-31 3,10 *"])


@given(CRONTABS, ZONES, MOMENTS)
def test_nothing_is_due_between_the_last_and_the_next(crontab: str, zone: ZoneInfo, now: datetime) -> None:
    last, following = last_due(crontab, zone, now), next_due(crontab, zone, now)
    assert last <= now < following
    assert next_due(crontab, zone, last) == following
    assert last_due(crontab, zone, following - timedelta(microseconds=1)) == last
    assert last_due(crontab, zone, following) == following


@pytest.mark.parametrize(
    ("crontab", "why"),
    [
        ("", "this has 0"),
        ("0 6 1,15 *", "this has 4"),
        ("0 6 1,15 * * *", "this has 6"),
        ("60 6 1 * *", "minute"),
        ("0 24 1 * *", "hour"),
        ("0 6 0 * *", "day of the month"),
        ("0 6 1 13 *", "month"),
        ("0 6 1 * 8", "day of the week"),
        ("0 6 1 foo *", "no name"),
        ("mon 6 1 * *", "minute"),
        ("0 6 15-1 * *", "runs backwards"),
        ("0 6 */0 * *", "step"),
        ("0 6 */x * *", "step"),
        ("0 6 1, * *", "day of the month"),
        ("0 6 -1 * *", "day of the month"),
        ("0 ٦ 1 * *", "hour"),
        ("0 6 1 * " + "1" * 5000, "day of the week"),
        ("0 6 30,31 2 *", "never comes"),
        ("0 6 31 feb,apr *", "never comes"),
        ("@monthly", "this has 1"),
    ],
)
def test_a_crontab_that_cannot_work_is_refused_with_the_field_at_fault(crontab: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        validate_crontab(crontab)


@pytest.mark.parametrize("crontab", [TWICE_A_MONTH, "0 6 31 2 mon", "0 0 29 2 *", "  0  6\t1 * *  "])
def test_a_crontab_that_can_be_due_is_accepted(crontab: str) -> None:
    validate_crontab(crontab)
    now = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    assert next_due(crontab, ZoneInfo("UTC"), now) > now
