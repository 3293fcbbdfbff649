"""CANCEL: an alert that waits is taken back by its poster, a contact of its TLD, or the committee."""

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, number, outcome, rows
from tldops_bot.store.tables import Alert


@pytest.fixture
def held(ann: KeyPair, bob: KeyPair, carol: KeyPair):
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.member(person("Dora Example", "dora@nic.example"), "nl")
        desk.member(bob, "be")
        desk.member(carol, office="committee")
        desk.say_bound(ann, "ALERT\n\nLook out")
        yield desk


@pytest.mark.parametrize("name", ["ann", "dora", "carol"])
def test_these_may_take_it_back_for_good(
    held: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, name: str
) -> None:
    who = {"ann": ann, "dora": person("Dora Example", "dora@nic.example"), "carol": carol}[name]
    assert outcome(held.say_bound(who, f"CANCEL {number(held)}")) == "cancelled"
    assert [one.state for one in all_of(held, Alert)] == ["cancelled"]
    assert outcome(held.say_bound(bob, f"RELEASE {number(held)}")) == "alert_not_waiting"
    assert "letters/alert" not in [one.template for one in held.letters]


@pytest.mark.parametrize("words", ["", "{number}", "A-2020-0001"])
def test_others_do_not_even_learn_that_it_is_there(held: Desk, bob: KeyPair, words: str) -> None:
    before = rows(held)
    assert outcome(held.say_bound(bob, f"CANCEL {words.format(number=number(held))}")) == "no_such_alert"
    assert rows(held) == before


def test_alert_that_is_out_cannot_be_cancelled(held: Desk, ann: KeyPair, bob: KeyPair) -> None:
    held.say_bound(bob, f"RELEASE {number(held)}")
    assert outcome(held.say_bound(ann, f"CANCEL {number(held)}")) == "alert_not_waiting"
