"""REACHED and NOTREACHED: what the calls found stands in STATUS and in the next sheet."""

import pytest

from tests.commands.test_status import alerted, number, status
from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, rows, stored, templates
from tldops_bot.store.tables import AlertCall

__all__ = ["alerted"]


def lines(desk: Desk, who: KeyPair) -> dict[str, str]:
    return {str(one["tld"]): str(one["state"]) for one in status(desk, who)["tlds"]}


def test_tld_reached_by_phone_is_called_by_nobody_else(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    handled = alerted.say_bound(bob, f"REACHED {number(alerted)} fr at: they know, and wait")
    assert outcome(handled) == "noted"
    assert handled.decision.parts[0].outcome.values["tlds"] == ["fr", "at"]
    found = lines(alerted, ann)
    assert (found["fr"], found["at"], found["nl"]) == ("called", "called", "waiting")
    assert {one.words for one in all_of(alerted, AlertCall)} == {"they know, and wait"}


def test_call_in_vain_is_noted_and_undoes_nothing_else(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    alerted.say_bound(bob, f"REACHED {number(alerted)} fr")
    assert outcome(alerted.say_bound(bob, f"NOTREACHED {number(alerted)} at nobody answers")) == "noted"
    assert lines(alerted, ann)["at"] == "waiting"
    alerted.say_bound(bob, f"NOTREACHED {number(alerted)} fr: it was another Bob")
    assert lines(alerted, ann)["fr"] == "failed"
    (shown,) = [one for one in status(alerted, ann)["tlds"] if one["tld"] == "at"]
    assert [(call["by"], call["reached"], call["words"]) for call in shown["calls"]] == [
        (bob.name, False, "nobody answers")
    ]


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


def test_number_that_is_wrong_is_marked_and_its_owner_asked(alerted: Desk, bob: KeyPair) -> None:
    handled = alerted.say_bound(bob, f"NOTREACHED {number(alerted)} at: +44 7700 900123 is somebody else")
    assert outcome(handled) == "noted"
    assert stored(alerted, "fred@nic.example").mobile_wrong_at == alerted.now
    assert templates(alerted, "fred@nic.example")[-1] == "letters/number_wrong"
    assert stored(alerted, bob.address).mobile_wrong_at is None
