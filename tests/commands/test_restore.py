"""RESTORE: the committee puts a suspended contact back."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows, states, templates
from tldops_bot.store.tables import Request


@pytest.fixture
def suspended(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl", "be")
    desk.member(carol, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    desk.say_bound(bob, f"REMOVE be {ann.address}")
    return desk


def test_one_tld_or_all_are_put_back_and_everybody_told(
    suspended: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    assert outcome(suspended.say_bound(carol, f"RESTORE <{ann.address}> nl")) == "restored"
    assert (states(suspended, "nl")[ann.address], states(suspended, "be")[ann.address]) == (
        "listed",
        "suspended",
    )
    assert [one.state for one in all_of(suspended, Request)] == ["done", "committee"]
    assert outcome(suspended.say_bound(carol, f"RESTORE {ann.address}")) == "restored"
    assert states(suspended, "be")[ann.address] == "listed"
    assert templates(suspended, ann.address).count("letters/restored") == 2
    assert templates(suspended, bob.address).count("letters/restored") == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("ann@nic.example nl be", "bad_arguments"),
        ("ann@nic.example zz", "unknown_tld"),
        ("ann@nic.example lu", "nobody_suspended"),
        ("bob.sample@registry.example", "nobody_suspended"),
        ("nobody@nic.example", "nobody_suspended"),
    ],
)
def test_bad_arguments_change_nothing(suspended: Desk, carol: KeyPair, words: str, reason: str) -> None:
    before = rows(suspended)
    assert outcome(suspended.say_bound(carol, f"RESTORE {words}")) == reason
    assert rows(suspended) == before


def test_others_may_not(suspended: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert outcome(suspended.say_bound(ann, f"RESTORE {ann.address}")) == "not_committee"
    assert outcome(suspended.say_bound(bob, f"RESTORE {ann.address}")) == "not_committee"
