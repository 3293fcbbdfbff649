"""What somebody may do follows from their seats and their key."""

from datetime import UTC, datetime, timedelta

from tldops_bot.domain.standing import NOBODY, Standing

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_nobody_is_nothing() -> None:
    assert not NOBODY.is_listed
    assert not NOBODY.is_member
    assert not NOBODY.is_on_probation(NOW)


def test_member_is_listed_and_has_a_key() -> None:
    assert Standing(("nl",), has_key=True).is_member
    assert not Standing(("nl",)).is_member
    assert not Standing(has_key=True).is_member
    assert not Standing(suspended_tlds=("nl",), has_key=True).is_member


def test_offices_with_a_key_are_served_like_members() -> None:
    assert Standing(has_key=True, is_committee=True).is_member
    assert Standing(has_key=True, is_secretariat=True).is_member
    assert not Standing(is_committee=True).is_member


def test_probation_ends_on_the_second_and_never_holds_offices() -> None:
    assert Standing(("nl",), on_probation_until=LATER).is_on_probation(NOW)
    assert not Standing(("nl",), on_probation_until=NOW).is_on_probation(NOW)
    assert not Standing(("nl",), on_probation_until=LATER, is_committee=True).is_on_probation(NOW)
    assert not Standing(("nl",), on_probation_until=LATER, is_secretariat=True).is_on_probation(NOW)
