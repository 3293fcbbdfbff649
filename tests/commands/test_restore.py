"""RESTORE: the committee puts a suspended contact back."""

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, rows, states, templates
from tldops_bot.store.tables import Entry, Request


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


def test_restoring_takes_as_many_votes_as_approving(ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    dora = person("Dora Example", "dora.sample@committee.example")
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        for who in (ann, bob):
            desk.member(who, "nl")
        for who in (carol, dora):
            desk.member(who, office="committee")
        desk.say_bound(bob, f"REMOVE nl {ann.address}")
        assert outcome(desk.say_bound(carol, f"RESTORE {ann.address}")) == "noted"
        desk.later(seconds=1)
        assert outcome(desk.say_bound(carol, f"RESTORE {ann.address} nl")) == "noted"
        assert states(desk, "nl")[ann.address] == "suspended"
        assert outcome(desk.say_bound(dora, f"RESTORE {ann.address}")) == "restored"
        assert states(desk, "nl")[ann.address] == "listed"
        assert "letters/decided" in templates(desk, carol.address)


def test_of_three_in_the_committee_one_alone_does_not_put_another_one_back(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    dora = person("Dora Example", "dora.sample@committee.example")
    desk.member(ann, "nl", office="committee")
    desk.member(bob, "nl")
    for who in (carol, dora):
        desk.member(who, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    assert outcome(desk.say_bound(carol, f"RESTORE {ann.address}")) == "noted"
    assert outcome(desk.say_bound(dora, f"RESTORE {ann.address}")) == "restored"


def test_a_suspension_without_a_question_gets_one(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    with desk.app.database.write() as session:
        session.query(Entry).one().state = "suspended"
    assert outcome(desk.say_bound(carol, f"RESTORE {ann.address}")) == "restored"
    assert [one.state for one in all_of(desk, Request)] == ["done"]


def test_who_lost_the_seat_meanwhile_comes_back_to_none(
    suspended: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    for letter in "de":
        suspended.member(person("Newly Example", f"{letter}.newly@nic.example"), "nl")
    before = rows(suspended)
    assert outcome(suspended.say_bound(carol, f"RESTORE {ann.address} nl")) == "seat_taken"
    number = next(one for one in all_of(suspended, Request) if one.tld == "nl").id
    assert outcome(suspended.say_bound(carol, f"APPROVE R-{number}")) == "seat_taken"
    assert rows(suspended) == before
    assert outcome(suspended.say_bound(carol, f"REJECT R-{number} the seat is taken")) == "rejected"
