"""What nobody releases within a day is taken back, and everybody who was asked hears it."""

from collections.abc import Iterator

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import all_of, number, outcome
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store.tables import Alert, AlertNews


@pytest.fixture
def held(ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Iterator[Desk]:
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        desk.member(carol, office="committee")
        assert outcome(desk.say_bound(ann, "ALERT\nTitle: Look out\n\nThey call")) == "held"
        yield desk


def run(desk: Desk) -> list[Letter]:
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        return list(JOBS["end_held_alerts"].run(context))


def test_after_a_day_it_is_taken_back_and_told_once(
    held: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    held.later(hours=23, minutes=59)
    assert run(held) == []
    held.later(minutes=1)
    (letter,) = run(held)
    assert {to.address for to in letter.to} == {ann.address, carol.address}
    assert letter.is_confidential
    assert "> Look out" in held.text(letter)
    assert [one.state for one in all_of(held, Alert)] == ["cancelled"]
    assert run(held) == []
    assert outcome(held.say_bound(bob, f"RELEASE {number(held)}")) == "alert_not_waiting"


def test_an_update_ends_alone(held: Desk, ann: KeyPair, bob: KeyPair) -> None:
    held.say_bound(bob, f"RELEASE {number(held)}")
    held.later(hours=1)
    assert outcome(held.say_bound(ann, f"UPDATE-ALERT {number(held)}\n\nmore")) == "held"
    held.later(hours=24)
    (letter,) = run(held)
    assert "An update of" in held.text(letter)
    assert [one.state for one in all_of(held, Alert)] == ["posted"]
    assert [one.state for one in all_of(held, AlertNews)] == ["cancelled"]
