"""OBJECT: somebody concerned suspends a new entry within 14 days, never an established one."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, join, outcome, states, templates
from tldops_bot.store.tables import Request

ADMIN = "admin@registry.example"


@pytest.mark.parametrize("who", ["colleague", "iana"])
def test_objection_suspends_until_the_committee_has_decided(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, who: str
) -> None:
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    join(desk, ann)
    address = bob.address if who == "colleague" else ADMIN
    assert outcome(desk.write(address, f"OBJECT {desk.token_for(address)} she left in May")) == "suspended"
    assert states(desk, "nl")[ann.address] == "suspended"
    asked = all_of(desk, Request)[-1]
    assert (asked.kind, asked.state, asked.details["reasons"]) == (
        "objection",
        "committee",
        ["she left in May"],
    )
    assert "letters/objected" in templates(desk, ann.address)
    assert templates(desk, carol.address)[-1] == "letters/decide_objection"


def test_suspended_contact_is_no_member_while_it_lasts(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    join(desk, ann)
    desk.write(ADMIN, f"OBJECT {desk.token_for(ADMIN)}")
    assert outcome(desk.say(ann, "QUERY nl")) == "not_member"
    assert "you are suspended as a contact of .nl" in " ".join(desk.text(desk.letters[-1]).split())
    assert outcome(desk.say(ann, "SHOW")) == "record"


def test_established_entry_cannot_be_objected_to(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    join(desk, ann)
    token = desk.token_for(ADMIN)
    desk.later(days=14)
    assert outcome(desk.write(ADMIN, f"OBJECT {token}")) == "token_expired"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_second_objection_finds_nothing_to_suspend(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    join(desk, ann)
    desk.write(ADMIN, f"OBJECT {desk.token_for(ADMIN)}")
    token = next(one.values["token"] for one in desk.to(bob.address) if one.template == "letters/told")
    assert outcome(desk.say(bob, f"OBJECT {token}")) == "too_late_to_object"


def test_other_tokens_do_not_object(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example")
    handled = desk.write("spare@elsewhere.example", f"OBJECT {desk.token_for('spare@elsewhere.example')}")
    assert outcome(handled) == "token_other_answer"
