"""PENDING: the committee and the secretariat see what waits, with what is known of each case, and nobody else does."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, prove, subscribe

ADMIN = "admin@registry.example"


@pytest.mark.parametrize("office", ["committee", "secretariat"])
def test_case_is_shown_with_what_is_known_of_it(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, office: str
) -> None:
    desk.member(carol, office=office)
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    answer(desk, ADMIN, "DECLINE", "who is that?")
    desk.write(
        "x@nic.example", "SUBSCRIBE be\nName: Carl Example\nEmail: carl@nic.example\nPhone: +44 20 7946 0456"
    )
    handled = desk.say(carol, "PENDING")
    assert outcome(handled) == "pending"
    values = handled.decision.parts[0].outcome.values
    (case,) = values["decide"]
    assert (case["number"], case["reasons"], case["declined_because"]) == (
        "R-1",
        ("declined",),
        "who is that?",
    )
    assert [(one["kind"], one["email"]) for one in case["iana"]] == [("administrative", ADMIN)]
    assert (case["contacts"], case["asked_by"]["is_own"]) == (1, True)
    assert (case["key"]["made_at"].year, case["key"]["algorithm"]) == (2025, "ed25519")
    assert [(one["what"], one["address"], one["answer"]) for one in case["sent"]] == [
        ("prove", ann.address, "CONFIRM"),
        ("vouch", ADMIN, "DECLINE"),
    ]
    assert [(one["number"], one["state"]) for one in values["others"]] == [("R-2", "proving")]
    assert desk.letters[-1].is_confidential


def test_other_tlds_of_a_known_person_are_shown(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    desk.say(ann, "SUBSCRIBE be")
    prove(desk, ann)
    (case,) = desk.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert case["other_tlds"] == ["nl"]


def test_members_and_strangers_see_nothing(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "PENDING")) == "not_secretariat"
    assert outcome(desk.say(bob, "PENDING", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert outcome(desk.write("x@nic.example", "PENDING")) == "unsigned"


def test_arguments_are_refused_and_an_empty_desk_is_empty(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="secretariat")
    assert outcome(desk.say(carol, "PENDING nl")) == "bad_arguments"
    assert desk.say(carol, "PENDING").decision.parts[0].outcome.values == {
        "decide": [],
        "others": [],
        "invitations": [],
        "tld_notes": [],
    }
