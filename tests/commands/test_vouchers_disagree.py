"""A voucher's silence, and two vouchers of different minds: each ends with the committee, and nothing is lost."""

import pytest

from tests.clockwork import days
from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, prove, rows, states, subscribe, templates
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store.tables import Request

ADMIN, TECH = "admin@registry.example", "tech@registry.example"


@pytest.fixture
def asked(desk: Desk, ann: KeyPair, carol: KeyPair) -> Desk:
    """Ann's request waits for the word of two IANA contacts; she took ten days of her own to prove it."""
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN, TECH)
    subscribe(desk, ann)
    desk.later(days=10)
    prove(desk, ann)
    return desk


def token(desk: Desk, address: str) -> str:
    return str(next(one for one in desk.to(address) if one.template == "letters/vouch").values["token"])


def run(desk: Desk, job: str) -> None:
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        letters = JOBS[job].run(context)
        assert isinstance(letters, list)
        desk.app.intake.post(session, letters, desk.now)
        desk.letters += letters


def test_yes_after_anothers_no_stands_beside_it_for_the_committee(
    asked: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    asked.write(TECH, f"DECLINE {token(asked, TECH)} never heard of her")
    handled = asked.write(ADMIN, f"CONFIRM {token(asked, ADMIN)}")
    assert outcome(handled) == "vouched"
    assert len(handled.decision.parts[0].outcome.values["with_committee"]) == 1
    assert states(asked, "nl") == {}
    (case,) = asked.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert {one["address"]: one["answer"] for one in case["sent"] if one["what"] == "vouch"} == {
        ADMIN: "CONFIRM",
        TECH: "DECLINE",
    }
    assert case["declined_because"] == "never heard of her"
    assert outcome(asked.say_bound(carol, "APPROVE R-1")) == "approved"
    assert states(asked, "nl") == {ann.address: "listed"}


def test_no_after_anothers_yes_takes_the_new_entry_out_of_service(asked: Desk, ann: KeyPair) -> None:
    asked.write(ADMIN, f"CONFIRM {token(asked, ADMIN)}")
    assert states(asked, "nl") == {ann.address: "listed"}
    asked.write(TECH, f"DECLINE {token(asked, TECH)}")
    assert states(asked, "nl") == {ann.address: "suspended"}
    assert "letters/objected" in templates(asked, ann.address)


def test_yes_of_an_address_that_iana_shows_no_more_is_no_word(asked: Desk, ann: KeyPair) -> None:
    asked.write(TECH, f"DECLINE {token(asked, TECH)}")
    asked.iana("nl", "new@registry.example", TECH)
    before = rows(asked)
    assert outcome(asked.write(ADMIN, f"CONFIRM {token(asked, ADMIN)}")) == "no_longer_iana_contact"
    assert rows(asked) == before


def test_word_after_the_committees_decision_is_too_late(asked: Desk, carol: KeyPair) -> None:
    asked.write(TECH, f"DECLINE {token(asked, TECH)}")
    asked.say_bound(carol, "REJECT R-1 nobody knows her")
    assert outcome(asked.write(ADMIN, f"CONFIRM {token(asked, ADMIN)}")) in ("already_decided", "token_void")
    assert states(asked, "nl") == {}


def test_silence_is_reminded_of_on_days_3_7_and_12_and_ends_with_the_committee(
    asked: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    run(asked, "advance_requests")
    reminded = []
    for day in range(1, 15):
        asked.later(days=1)
        before = len(templates(asked, ADMIN))
        run(asked, "advance_requests")
        run(asked, "advance_requests")
        if len(templates(asked, ADMIN)) > before:
            reminded.append(day)
    assert reminded == [3, 7, 12]
    (request,) = all_of(asked, Request)
    assert (request.state, request.committee_because) == ("committee", "no_answer")
    assert "letters/decide" in templates(asked, carol.address)
    assert "letters/with_committee" in templates(asked, ann.address)


@pytest.fixture
def missed(asked: Desk) -> Desk:
    """Nobody has answered in time, and the committee has the case; four weeks have passed since the proof."""
    asked.later(days=15)
    run(asked, "advance_requests")
    asked.later(days=13)
    return asked


def test_late_yes_ends_what_only_waited_for_it_and_the_committee_hears(
    missed: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    assert outcome(missed.write(ADMIN, f"CONFIRM {token(missed, ADMIN)}")) == "vouched"
    assert states(missed, "nl") == {ann.address: "listed"}
    assert templates(missed, carol.address).count("letters/decided") == 0
    days(missed, 1, "tell_of_decisions")
    assert "Only that answer\nwas missing" in missed.text(missed.last(carol.address))
    assert outcome(missed.say_bound(carol, "APPROVE R-1")) == "already_decided"


def test_late_no_is_for_the_committee_and_a_still_later_yes_stands_beside_it(
    missed: Desk, carol: KeyPair
) -> None:
    before = templates(missed, carol.address).count("letters/decide")
    assert outcome(missed.write(TECH, f"DECLINE {token(missed, TECH)} has left us")) == "not_vouched"
    assert templates(missed, carol.address).count("letters/decide") == before + 1
    assert outcome(missed.write(ADMIN, f"CONFIRM {token(missed, ADMIN)}")) == "vouched"
    (request,) = all_of(missed, Request)
    assert (request.state, request.details["declined_because"]) == ("committee", "has left us")
    assert request.details["reasons"] == ["declined"]


def test_late_yes_of_somebody_grey_is_for_the_committee_all_the_same(
    missed: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    for number in range(3):
        missed.member(person(f"Person {number}", f"person{number}@nic.example"), "nl", keyless=True)
    assert outcome(missed.write(ADMIN, f"CONFIRM {token(missed, ADMIN)}")) == "vouched"
    (request,) = all_of(missed, Request)
    assert (request.state, request.details["reasons"]) == ("committee", ["no_free_seat"])


def test_no_long_after_the_person_was_listed_is_told_that_it_is_too_late(asked: Desk, ann: KeyPair) -> None:
    asked.write(ADMIN, f"CONFIRM {token(asked, ADMIN)}")
    asked.later(days=20)
    assert outcome(asked.write(TECH, f"DECLINE {token(asked, TECH)}")) == "too_late_to_object"
    assert states(asked, "nl") == {ann.address: "listed"}
