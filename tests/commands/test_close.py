"""CLOSE: the incident is over; whoever was warned is told."""

from tests.commands.test_update_alert import number, town
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows, templates
from tldops_bot.store.tables import Alert

__all__ = ["town"]


def test_everybody_who_was_warned_is_told(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert outcome(town.say_bound(ann, f"CLOSE {number(town)} all numbers are blocked, thanks")) == "closed"
    assert [one.state for one in all_of(town, Alert)] == ["closed"]
    assert templates(town, bob.address)[-1] == "letters/alert_closed"
    assert "> all numbers are blocked, thanks" in town.text(town.last(bob.address))


def test_only_once_and_not_by_anybody(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    before = rows(town)
    assert outcome(town.say_bound(bob, f"CLOSE {number(town)}")) == "no_such_alert"
    assert outcome(town.say_bound(bob, "CLOSE")) == "no_such_alert"
    assert rows(town) == before
    assert outcome(town.say_bound(ann, f"CLOSE {number(town)}")) == "closed"
    town.later(seconds=1)
    assert outcome(town.say_bound(ann, f"CLOSE {number(town)}")) == "alert_not_open"
