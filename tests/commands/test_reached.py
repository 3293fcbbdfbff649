"""REACHED: who was reached by phone stands in STATUS and in the next sheet, so that nobody calls twice."""

import pytest

from tests.commands.test_status import alerted, number, states
from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, rows
from tldops_bot.store.tables import AlertCall

__all__ = ["alerted"]


def test_tld_reached_by_phone_is_called_by_nobody_else(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    handled = alerted.say_bound(bob, f"REACHED {number(alerted)} fr at: they know, and wait")
    assert outcome(handled) == "noted"
    assert handled.decision.parts[0].outcome.values["tlds"] == ["fr", "at"]
    found = states(alerted, ann)
    assert (found["fr"], found["at"], found["nl"]) == ("called", "called", "waiting")
    assert {one.words for one in all_of(alerted, AlertCall)} == {"they know, and wait"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "no_such_alert"),
        ("A-2020-0001 nl", "no_such_alert"),
        ("{id}", "not_on_sheet"),
        ("{id} lu", "not_on_sheet"),
        ("{id} everybody", "not_on_sheet"),
    ],
)
def test_nothing_is_guessed(alerted: Desk, bob: KeyPair, words: str, reason: str) -> None:
    before = rows(alerted)
    assert outcome(alerted.say_bound(bob, f"REACHED {words.format(id=number(alerted))}")) == reason
    assert rows(alerted) == before


def test_committee_may_and_who_was_not_warned_may_not(alerted: Desk, carol: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    assert outcome(alerted.say_bound(dora, f"REACHED {number(alerted)} fr")) == "no_such_alert"
    assert outcome(alerted.say_bound(carol, f"REACHED {number(alerted)} fr")) == "noted"
