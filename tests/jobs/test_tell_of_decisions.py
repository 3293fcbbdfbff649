"""What was decided about ordinary newcomers is told to the rest of the committee once a day; all else at once."""

import pytest

from tests.clockwork import days, tick
from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import answer, outcome, templates
from tldops_bot.domain.joining import is_ordinary

ADMIN = "admin@registry.example"
JOB = "tell_of_decisions"


@pytest.fixture(scope="module")
def dora() -> KeyPair:
    return person("Dora Example", "dora.sample@committee.example")


@pytest.fixture
def town(desk: Desk, carol: KeyPair, dora: KeyPair) -> Desk:
    """A committee of two, and three wishes to join before it: role addresses, vouched for."""
    for one in (carol, dora):
        desk.member(one, office="committee")
    for tld in ("nl", "be", "lu"):
        desk.iana(tld, ADMIN)
        address = f"noc@{tld}.example"
        desk.write(address, f"SUBSCRIBE {tld}\nName: Ann Example\nMobile: +44 20 7946 0123\n")
        answer(desk, address)
        answer(desk, ADMIN)
    return desk


def decide(desk: Desk, who: KeyPair, line: str) -> None:
    desk.later(seconds=1)
    assert outcome(desk.say_bound(who, line)) in ("approved", "rejected")


def news(desk: Desk, who: KeyPair) -> list[list[str]]:
    """Each mail about decisions: the requests in it."""
    letters = [one for one in desk.to(who.address) if one.template == "letters/decided"]
    return [[one["number"] for case in mail.values["cases"] for one in case["requests"]] for mail in letters]


def test_each_hears_once_a_day_of_what_others_decided(town: Desk, carol: KeyPair, dora: KeyPair) -> None:
    decide(town, carol, "APPROVE R-1")
    town.later(hours=20)
    decide(town, carol, "REJECT R-2 has left the registry")
    decide(town, dora, "APPROVE R-3")
    assert tick(town, JOB) == []
    town.later(hours=4)
    assert all(one.is_confidential for one in tick(town, JOB))
    assert news(town, dora) == [["R-1", "R-2"]]
    assert news(town, carol) == [["R-3"]]
    assert "the answer is no" in town.text(town.last(dora.address))
    assert tick(town, JOB) == []


def test_who_decided_it_all_gets_no_mail_and_after_days_of_standing_still_one_goes(
    town: Desk, carol: KeyPair, dora: KeyPair
) -> None:
    for line in ("APPROVE R-1", "APPROVE R-2"):
        decide(town, carol, line)
    town.later(days=5)
    assert [[to.address for to in one.to] for one in tick(town, JOB)] == [[dora.address]]
    assert news(town, carol) == []
    assert days(town, 2, JOB) == []


def test_a_decision_against_a_no_is_told_at_once(desk: Desk, carol: KeyPair, dora: KeyPair) -> None:
    for one in (carol, dora):
        desk.member(one, office="committee")
    desk.iana("nl", ADMIN)
    desk.write("ann@nic.example", "SUBSCRIBE nl\nName: Ann Example\nMobile: +44 20 7946 0123\n")
    answer(desk, "ann@nic.example")
    answer(desk, ADMIN, "DECLINE")
    decide(desk, carol, "APPROVE R-1")
    assert news(desk, dora) == [["R-1"]]
    assert days(desk, 2, JOB) == []


def test_a_committee_of_one_is_told_nothing(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    desk.write("noc@nic.example", "SUBSCRIBE nl\nName: Ann Example\nMobile: +44 20 7946 0123\n")
    answer(desk, "noc@nic.example")
    answer(desk, ADMIN)
    decide(desk, carol, "APPROVE R-1")
    assert days(desk, 2, JOB) == []
    assert templates(desk, carol.address)[-1] == "reply"


def test_a_reason_that_nobody_has_thought_about_is_not_ordinary() -> None:
    assert is_ordinary(["no_answer", "freemail"])
    assert not is_ordinary(["no_answer", "new_reason"])
