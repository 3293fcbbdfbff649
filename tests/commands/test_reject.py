"""REJECT: a no of the committee, with its reason, told to the person; an objection upheld ends the entry."""

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, outcome, prove, rows, states, subscribe, templates
from tldops_bot.store.tables import Request


def test_rejected_person_hears_why_and_is_not_listed(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann)
    prove(desk, ann)
    assert outcome(desk.say_bound(carol, "REJECT R-1 please use your own address")) == "rejected"
    assert states(desk, "nl") == {}
    letter = desk.last(ann.address)
    assert (letter.template, letter.values["because"]) == ("letters/rejected", "please use your own address")
    assert [one.state for one in all_of(desk, Request)] == ["rejected"]


def test_reason_is_needed(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann)
    before = rows(desk)
    assert outcome(desk.say_bound(carol, "REJECT R-1")) == "bad_arguments"
    assert outcome(desk.say_bound(carol, "REJECT R-9 no")) == "no_such_request"
    assert rows(desk) == before


def test_open_tokens_of_a_rejected_request_end(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann)
    desk.say_bound(carol, "REJECT R-1 not now")
    assert outcome(prove(desk, ann)) == "token_void"


def test_token_for_several_requests_stays_good_for_the_others(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    desk.iana("be", "admin@registry.example")
    subscribe(desk, ann, "nl be")
    prove(desk, ann)
    desk.say_bound(carol, "REJECT R-1 not for this one")
    assert outcome(answer(desk, "admin@registry.example")) == "vouched"
    assert (states(desk, "nl"), states(desk, "be")) == ({}, {ann.address: "listed"})


def test_upheld_objection_ends_the_entry(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    assert outcome(desk.say_bound(carol, "REJECT R-1 she left")) == "rejected"
    assert states(desk, "nl") == {ann.address: "left", bob.address: "listed"}
    assert "letters/someone_left" in templates(desk, bob.address)
