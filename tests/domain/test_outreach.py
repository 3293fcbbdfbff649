"""How often an address is invited: once in a period, and one whose turn is to come not beside it."""

from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.outreach import (
    ANSWERED,
    DECLINED,
    INVITATIONS_A_DAY,
    MISSING_A_DAY,
    NEEDLESS,
    PERIOD,
    PLANNED,
    REMEMBERED,
    SENT,
    STOPPED,
    may_invite_again_at,
)

NOW = datetime(2026, 3, 10, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("state", [SENT, ANSWERED, DECLINED])
def test_who_was_asked_is_left_in_peace_for_the_period(state: str) -> None:
    assert may_invite_again_at(state, NOW, NOW) == NOW + PERIOD
    assert may_invite_again_at(state, NOW, NOW + PERIOD - A_MOMENT) == NOW + PERIOD
    assert may_invite_again_at(state, NOW, NOW + PERIOD) is None


def test_planned_one_is_in_the_way_however_old() -> None:
    assert may_invite_again_at(PLANNED, None, NOW) == NOW + PERIOD


@pytest.mark.parametrize("state", [NEEDLESS, STOPPED])
def test_what_never_went_is_in_nobodys_way(state: str) -> None:
    assert may_invite_again_at(state, None, NOW) is None


def test_nothing_is_in_the_way_of_a_sent_one_without_a_time() -> None:
    assert may_invite_again_at(SENT, None, NOW) is None


def test_measures_fit_each_other() -> None:
    assert MISSING_A_DAY < INVITATIONS_A_DAY, "room is left for what somebody asks for by name"
    assert PERIOD < REMEMBERED, "an address is known for as long as it must not be asked again"
