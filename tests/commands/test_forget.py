"""FORGET: a contact leaves everything, and nothing personal stays behind."""

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import TRACES, answer, join, outcome, rows, states, subscribe, templates


def test_everything_is_left_and_a_farewell_said(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", "be", office="committee")
    desk.member(bob, "nl")
    desk.say_bound(ann, "FORGET")
    assert states(desk, "be") == {"": "left"}
    assert templates(desk, ann.address) == ["letters/forgotten"]
    assert templates(desk, bob.address) == ["letters/someone_left"]


def test_nothing_personal_is_held_afterwards(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    desk.member(bob, "be")
    join(desk, ann)
    desk.say_bound(ann, "UPDATE\nEmergency-Email: ann.spare@elsewhere.example\nPostal: 1 Example Street")
    answer(desk, "ann.spare@elsewhere.example")
    desk.say(bob, f"QUERY {ann.address}")
    desk.say_bound(ann, "FORGET")
    held = repr(rows(desk, TRACES - {"audit"} | {"inbox"})).lower()
    for detail in (ann.address, "ann.spare", "ann example", "7946", "example street"):
        assert detail not in held, detail


def test_forgotten_key_speaks_no_more_but_may_come_back(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    desk.say_bound(ann, "FORGET")
    assert outcome(desk.say(ann, "SHOW")) in ("unknown_key", "replaced_key")
    join(desk, ann)
    assert "listed" in states(desk, "nl")[ann.address]
    assert outcome(desk.say(ann, "SHOW")) == "record"


def test_blocked_key_does_not_come_back_by_forgetting_it(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.write(ann.address, "KEY STOLEN")
    answer(desk, ann.address)
    desk.write(ann.address, "FORGET")
    answer(desk, ann.address)
    assert states(desk, "nl") == {"": "left"}
    assert outcome(subscribe(desk, ann)) in ("replaced_key", "unknown_key")


def test_open_tokens_end(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example")
    desk.say_bound(ann, "FORGET")
    assert outcome(answer(desk, "spare@elsewhere.example")) == "token_void"


def test_arguments_and_strangers_are_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, "FORGET me")) == "bad_arguments"
    assert outcome(desk.say_bound(bob, "FORGET", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert states(desk, "nl") == {ann.address: "listed"}
