"""NOTREACHED: a call in vain stands in STATUS, beside what others reached; a wrong number is marked."""

from tests.commands.test_status import alerted, number, states, status
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome, stored, templates

__all__ = ["alerted"]


def test_call_in_vain_is_noted_and_undoes_nothing_else(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    alerted.say_bound(bob, f"REACHED {number(alerted)} fr")
    assert outcome(alerted.say_bound(bob, f"NOTREACHED {number(alerted)} at nobody answers")) == "noted"
    assert states(alerted, ann)["at"] == "waiting"
    alerted.say_bound(bob, f"NOTREACHED {number(alerted)} fr: it was another Bob")
    assert states(alerted, ann)["fr"] == "failed"
    (shown,) = [one for one in status(alerted, ann)["tlds"] if one["tld"] == "at"]
    assert [(call["by"], call["reached"], call["words"]) for call in shown["calls"]] == [
        (bob.name, False, "nobody answers")
    ]


def test_number_that_is_wrong_is_marked_and_its_owner_asked(alerted: Desk, bob: KeyPair) -> None:
    handled = alerted.say_bound(bob, f"NOTREACHED {number(alerted)} at: +44 7700 900123 is somebody else")
    assert outcome(handled) == "noted"
    assert stored(alerted, "fred@nic.example").mobile_wrong_at == alerted.now
    assert templates(alerted, "fred@nic.example")[-1] == "letters/number_wrong"
    assert stored(alerted, bob.address).mobile_wrong_at is None
