"""DECLINE: a no changes as little as it can, and goes to people, not to the bin."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import FIELDS, all_of, answer, outcome, prove, states, stored, subscribe, templates
from tldops_bot.store.tables import Request

ADMIN, TECH = "admin@registry.example", "tech@registry.example"


def test_candidate_who_declines_withdraws_everything_asked(desk: Desk) -> None:
    desk.write("x@nic.example", f"SUBSCRIBE nl be\n{FIELDS}Email: carl@nic.example")
    assert outcome(answer(desk, "carl@nic.example", "DECLINE", "I never asked")) == "withdrawn"
    assert {one.state for one in all_of(desk, Request)} == {"withdrawn"}


@pytest.mark.parametrize("address", [ADMIN, TECH])
def test_vouchers_no_goes_to_the_committee_with_its_reason(
    desk: Desk, ann: KeyPair, carol: KeyPair, address: str
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN, TECH)
    subscribe(desk, ann)
    prove(desk, ann)
    assert outcome(answer(desk, address, "DECLINE", "we do not know her")) == "not_vouched"
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.committee_because) == ("committee", "declined")
    assert asked.details["declined_because"] == "we do not know her"
    assert templates(desk, carol.address) == ["letters/decide"]
    assert "\n  > we do not know her\n" in desk.text(desk.last(carol.address))


def test_yes_after_anothers_no_does_not_list_anybody(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN, TECH)
    subscribe(desk, ann)
    prove(desk, ann)
    answer(desk, TECH, "DECLINE")
    answer(desk, ADMIN)
    assert states(desk, "nl") == {}


def test_late_no_of_another_voucher_suspends_the_new_entry(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN, TECH)
    subscribe(desk, ann)
    prove(desk, ann)
    late = desk.token_for(TECH)
    answer(desk, ADMIN)
    assert outcome(desk.write(TECH, f"DECLINE {late} she left")) == "not_vouched"
    assert states(desk, "nl") == {ann.address: "suspended"}
    assert "letters/objected" in templates(desk, ann.address)


def test_emergency_address_that_declines_is_never_used(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nEmergency-Email: other@elsewhere.example")
    assert outcome(answer(desk, "other@elsewhere.example", "DECLINE")) == "dropped"
    assert stored(desk, ann.address).emergency_proven_at is None


def test_mail_that_waits_is_dropped(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "UNSUBSCRIBE nl")) == "list_not_named"
    assert outcome(desk.say(ann, f"DECLINE {desk.token_for(ann.address)}")) == "dropped"
    assert states(desk, "nl") == {ann.address: "listed"}
