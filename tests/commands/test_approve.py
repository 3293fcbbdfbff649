"""APPROVE: the committee decides what is grey, never about oneself, and with as many voices as the configuration asks."""

import pytest

from tests.clockwork import days, tick
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, join, outcome, prove, rows, states, stored, subscribe, templates
from tldops_bot.store.tables import Entry, Request, Vote

ADMIN = "admin@registry.example"


@pytest.fixture
def dora() -> KeyPair:
    return person("Dora Example", "dora.sample@committee.example")


def grey_case(desk: Desk, ann: KeyPair) -> None:
    """Ann waits for the committee, since her TLD has no IANA address."""
    subscribe(desk, ann)
    prove(desk, ann)


def test_approved_person_is_listed_past_probation_and_told(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    assert outcome(desk.say_bound(carol, "APPROVE R-1 I met her")) == "approved"
    assert states(desk, "nl") == {ann.address: "listed"}
    assert "letters/welcome" in templates(desk, ann.address)
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"


@pytest.mark.parametrize("number", ["1", "r-1", "R-1"])
def test_request_is_found_however_its_number_is_typed(
    desk: Desk, ann: KeyPair, carol: KeyPair, number: str
) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    assert outcome(desk.say_bound(carol, f"APPROVE {number}")) == "approved"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("R-99", "no_such_request"),
        ("Ann", "no_such_request"),
        ("R-" + "9" * 30, "no_such_request"),
    ],
)
def test_bad_arguments_decide_nothing(
    desk: Desk, ann: KeyPair, carol: KeyPair, words: str, reason: str
) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    before = rows(desk)
    assert outcome(desk.say_bound(carol, f"APPROVE {words}")) == reason
    assert rows(desk) == before


@pytest.mark.parametrize("office", ["", "secretariat"])
@pytest.mark.parametrize("verb", ["APPROVE", "REJECT"])
def test_only_the_committee_decides(desk: Desk, ann: KeyPair, bob: KeyPair, office: str, verb: str) -> None:
    desk.member(bob, "be", office=office)
    grey_case(desk, ann)
    before = rows(desk)
    assert outcome(desk.say_bound(bob, f"{verb} R-1 why not")) == "not_committee"
    assert rows(desk) == before


@pytest.mark.parametrize("verb", ["APPROVE", "REJECT"])
def test_nobody_decides_about_oneself(desk: Desk, carol: KeyPair, verb: str) -> None:
    desk.member(carol, office="committee")
    desk.say(carol, "SUBSCRIBE nl")
    prove(desk, carol)
    assert outcome(desk.say_bound(carol, f"{verb} R-1 of course")) == "on_oneself"
    assert states(desk, "nl") == {}


def test_nobody_decides_an_objection_to_oneself(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(carol, "nl", office="committee")
    desk.say_bound(ann, f"REMOVE nl {carol.address}")
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "on_oneself"
    assert outcome(desk.say_bound(carol, f"RESTORE {carol.address}")) == "on_oneself"


def test_decided_case_cannot_be_decided_again(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    desk.say_bound(carol, "APPROVE R-1")
    assert outcome(desk.say_bound(carol, "REJECT R-1 oh no")) == "already_decided"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_person_who_has_not_proven_the_address_cannot_be_approved(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann)
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "not_proven_yet"
    assert states(desk, "nl") == {}


def test_two_votes_where_the_configuration_asks_for_two(ann: KeyPair, carol: KeyPair, dora: KeyPair) -> None:
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        desk.member(carol, office="committee")
        desk.member(dora, office="committee")
        grey_case(desk, ann)
        assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "noted"
        desk.later(seconds=1)
        assert outcome(desk.say_bound(carol, "APPROVE R-1 really")) == "noted"
        assert states(desk, "nl") == {}
        assert outcome(desk.say_bound(dora, "REJECT R-1 unsure")) == "noted"
        desk.later(seconds=1)
        assert outcome(desk.say_bound(dora, "APPROVE R-1")) == "approved"
        assert states(desk, "nl") == {ann.address: "listed"}
        assert [one.approves for one in all_of(desk, Vote)] == [True, True]


def test_committee_may_admit_a_fourth_contact(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    for number in range(3):
        desk.member(person(f"Person {number}", f"person{number}@nic.example"), "nl", keyless=True)
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    join(desk, ann)
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "approved"
    assert list(states(desk, "nl").values()) == ["listed"] * 4


def test_contact_of_the_tld_meanwhile_is_not_listed_twice(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    desk.member(ann, "nl")
    before = rows(desk)
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "no_longer_possible"
    assert rows(desk) == before


def test_approved_objection_puts_the_contact_back(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    assert outcome(desk.say_bound(carol, "APPROVE R-1 all is well")) == "kept"
    assert states(desk, "nl")[ann.address] == "listed"
    assert "letters/restored" in templates(desk, ann.address)
    assert "letters/restored" in templates(desk, bob.address)
    assert {one.state for one in all_of(desk, Request)} == {"done"}


def test_objection_is_past_once_the_contact_has_left(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    desk.say_bound(ann, "UNSUBSCRIBE nl")
    answer(desk, ann.address)
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "already_decided"
    assert states(desk, "nl")[ann.address] == "left"


def test_approved_key_is_registered(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    second = KeyPair.make("Ann Example", ann.address)
    desk.say(second, "KEY", attachments=[second.key_attachment()])
    desk.say(second, f"CONFIRM {desk.token_for(ann.address)}")
    answer(desk, ADMIN)
    assert stored(desk, ann.address).fingerprint == ann.fingerprint
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "approved"
    assert stored(desk, ann.address).fingerprint == second.fingerprint
    assert outcome(desk.say(ann, "SHOW")) == "replaced_key"


def test_deciding_needs_the_list_named(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    assert outcome(desk.say(carol, "APPROVE R-1")) == "list_not_named"
    assert states(desk, "nl") == {}


def test_what_still_waits_for_the_iana_contacts_is_not_the_committees_to_approve(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    assert outcome(desk.say_bound(carol, "APPROVE R-1 trust me")) == "not_yet_yours"
    assert states(desk, "nl") == {}
    assert outcome(desk.say_bound(carol, "REJECT R-1 a forgery")) == "rejected"


def test_who_is_approved_for_several_tlds_is_welcomed_once_and_others_are_told_once(
    desk: Desk, ann: KeyPair, carol: KeyPair, dora: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(dora, office="committee")
    for tld in ("nl", "be"):
        desk.iana(tld, ADMIN)
    desk.write("noc@nic.example", "SUBSCRIBE nl be\nName: Ann Example\nMobile: +44 20 7946 0123\n")
    answer(desk, "noc@nic.example")
    answer(desk, ADMIN)
    assert outcome(desk.say_bound(carol, "APPROVE R-1 R-2")) == "several"
    assert templates(desk, "noc@nic.example").count("letters/welcome") == 1
    assert templates(desk, ADMIN).count("letters/told") == 1
    assert templates(desk, dora.address) == ["letters/decide"]
    assert [one.template for one in days(desk, 1, "tell_of_decisions")] == ["letters/decided"]
    assert "R-1" in desk.text(desk.last(dora.address))
    assert "R-2" in desk.text(desk.last(dora.address))
    for tld in ("nl", "be"):
        assert states(desk, tld) == {"noc@nic.example": "listed"}


def test_several_persons_approved_in_one_line_are_welcomed_each(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    desk.write("carl@nic.example", "SUBSCRIBE be\nName: Carl Example\nMobile: +44 20 7946 0456\n")
    answer(desk, "carl@nic.example")
    assert outcome(desk.say_bound(carol, "APPROVE R-1 R-2 R-01")) == "several"
    assert templates(desk, ann.address).count("letters/welcome") == 1
    assert templates(desk, "carl@nic.example").count("letters/welcome") == 1
    assert len(all_of(desk, Entry)) == 2, "who is named twice is listed once"


def test_a_newcomer_beside_one_that_can_not_be_approved_is_not_listed(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    with desk.app.database.write() as session:
        session.get_one(Request, 1).proven_at = None
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "not_proven_yet"
    assert states(desk, "nl") == {}


def test_a_seat_filled_while_the_case_waited_is_no_seat_given_by_oversight(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    grey_case(desk, ann)
    for who in (bob, *(person(f"Person {number}", f"person{number}@nic.example") for number in range(2))):
        desk.member(who, "nl")
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "seat_filled"
    assert ann.address not in states(desk, "nl")
    told = tick(desk, "advance_requests")
    assert [one.template for one in told] == ["letters/decide", "letters/with_committee"]
    assert tick(desk, "advance_requests") == [], "it is said once"
    assert outcome(desk.say_bound(carol, "APPROVE R-1 all four are needed")) == "approved"
    assert states(desk, "nl")[ann.address] == "listed"
