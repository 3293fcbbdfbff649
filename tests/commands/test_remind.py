"""REMIND: whoever a request waits for is asked again, and once a day is enough."""

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, outcome, prove, rows, subscribe, templates
from tldops_bot.store import requests
from tldops_bot.store.tables import Request

ADMIN, TECH = "admin@registry.example", "tech@registry.example"


@pytest.fixture
def office(desk: Desk, carol: KeyPair) -> Desk:
    desk.member(carol, office="secretariat")
    desk.iana("nl", ADMIN, TECH)
    desk.iana("be", ADMIN)
    return desk


def whom(desk: Desk, who: KeyPair, number: str = "R-1") -> str:
    handled = desk.say_bound(who, f"REMIND {number}")
    assert outcome(handled) == "reminded"
    return str(handled.decision.parts[0].outcome.values["whom"])


def test_candidate_gets_a_new_token_for_all_that_was_asked_together(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    subscribe(office, ann, "nl be")
    office.later(days=1)
    assert whom(office, carol) == "candidate"
    letter = office.last(ann.address)
    assert (letter.template, len(letter.values["requests"])) == ("letters/prove", 2)
    assert letter.is_confidential, "as at first: encrypted to the key that is to be registered"
    assert letter.values["asked_by_other"] is False, "Ann asked, not the secretariat"
    assert outcome(prove(office, ann)) == "proven"
    assert {one.state for one in all_of(office, Request)} == {"vouching"}


def test_iana_contacts_who_have_not_answered_are_asked_again(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    subscribe(office, ann)
    prove(office, ann)
    answer(office, TECH)
    office.later(days=1)
    assert whom(office, carol) == "vouchers"
    assert office.last(ADMIN).values["is_reminder"] is True
    assert len([one for one in templates(office, ADMIN) if one == "letters/vouch"]) == 2
    assert len([one for one in templates(office, TECH) if one == "letters/vouch"]) == 1


def test_committee_members_who_have_not_voted_are_asked_again(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    office.member(bob, office="committee")
    subscribe(office, ann)
    prove(office, ann)
    answer(office, ADMIN, "DECLINE")
    office.later(days=1)
    assert whom(office, carol) == "committee"
    assert office.last(bob.address).template == "letters/cases_waiting"
    assert ann.name not in office.text(office.last(bob.address)), "it may have to go in clear"


def test_before_there_is_a_committee_the_operator_is_asked_again(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    subscribe(office, ann)
    prove(office, ann)
    answer(office, ADMIN, "DECLINE")
    office.later(days=1)
    assert whom(office, carol) == "operator"
    assert templates(office, "root@lists.example")[-1] == "letters/cases_waiting"


def test_once_a_day_is_enough(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    subscribe(office, ann)
    before = rows(office)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "reminded_lately"
    assert rows(office) == before
    office.later(days=1)
    whom(office, carol)
    office.later(hours=23)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "reminded_lately"


def test_committee_is_not_reminded_twice_a_day(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    office.member(bob, office="committee")
    subscribe(office, ann)
    prove(office, ann)
    answer(office, ADMIN, "DECLINE")
    office.later(days=1)
    whom(office, carol)
    office.later(hours=23)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "reminded_lately"


def test_candidate_whose_time_is_over_is_asked_no_more(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    subscribe(office, ann)
    office.later(days=15)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "nobody_to_remind"


def test_voucher_who_has_answered_and_waits_for_time_is_not_asked(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    office.iana("fr", "", TECH)
    subscribe(office, ann, "fr")
    prove(office, ann)
    answer(office, TECH)
    office.later(days=1)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "nobody_to_remind"


def test_new_key_that_waits_for_time_waits_for_nobody(office: Desk, carol: KeyPair) -> None:
    with office.app.database.write() as session:
        session.add(
            Request(
                kind="key",
                state=requests.WAITING,
                tld="nl",
                email_key="ann@nic.example",
                details={},
                asked_by="",
                asked_at=office.now,
                expires_at=office.now,
            )
        )
    office.later(days=1)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "nobody_to_remind"


def test_who_of_the_committee_has_voted_is_not_asked_again(
    ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    dora = person("Dora Example", "dora@committee.example")
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        for one in (bob, carol, dora):
            desk.member(one, office="committee")
        desk.iana("nl", ADMIN)
        subscribe(desk, ann)
        prove(desk, ann)
        answer(desk, ADMIN, "DECLINE")
        desk.say_bound(bob, "APPROVE R-1")
        desk.later(days=1)
        assert whom(desk, carol) == "committee"
        assert "letters/cases_waiting" not in templates(desk, bob.address)
        assert "letters/cases_waiting" in templates(desk, dora.address)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("R-1 R-2", "bad_arguments"),
        ("R-99", "no_such_request"),
        ("nl", "no_such_request"),
    ],
)
def test_bad_arguments_change_nothing(office: Desk, carol: KeyPair, words: str, reason: str) -> None:
    before = rows(office)
    assert outcome(office.say_bound(carol, f"REMIND {words}")) == reason
    assert rows(office) == before


def test_what_is_decided_reminds_nobody_and_members_may_not(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    subscribe(office, ann)
    prove(office, ann)
    answer(office, ADMIN)
    office.later(days=1)
    assert outcome(office.say_bound(carol, "REMIND R-1")) == "already_decided"
    assert outcome(office.say_bound(ann, "REMIND R-1")) == "not_secretariat"


def test_where_the_committee_has_voted_and_disagrees_the_operator_is_asked(
    ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    dora = person("Dora Example", "dora@committee.example")
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        desk.member(carol, office="secretariat")
        desk.member(bob, office="committee")
        desk.member(dora, office="committee")
        desk.iana("nl", ADMIN)
        subscribe(desk, ann)
        prove(desk, ann)
        answer(desk, ADMIN, "DECLINE")
        desk.say_bound(bob, "APPROVE R-1")
        desk.say_bound(dora, "REJECT R-1 unknown to me")
        desk.later(days=1)
        assert whom(desk, carol) == "operator"
        assert "as they disagree" in desk.text(desk.last("root@lists.example"))
