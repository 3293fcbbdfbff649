"""RELEASE: a second member lets a held alert go; never its poster."""

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, number, outcome, rows
from tldops_bot.store.tables import Alert


@pytest.fixture
def held(ann: KeyPair, bob: KeyPair):
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        assert outcome(desk.say_bound(ann, "ALERT\nScope: tld be\n\nLook out")) == "held"
        yield desk


def test_second_member_lets_it_go_to_its_scope(held: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert "letters/alert" not in [one.template for one in held.letters]
    held.later(minutes=5)
    assert outcome(held.say_bound(bob, f"RELEASE {number(held).lower()}")) == "released"
    assert bob.address in held.addresses(held.last(bob.address))
    letter = next(one for one in held.letters if one.template == "letters/alert")
    assert set(held.addresses(letter)) == {ann.address, bob.address}
    assert [(one.state, one.posted_at) for one in all_of(held, Alert)] == [("posted", held.now)]
    held.later(seconds=1)
    assert outcome(held.say_bound(bob, f"RELEASE {number(held)}")) == "alert_not_waiting"


@pytest.mark.parametrize("words", ["", "A-2020-0001", "everything", "A-2020-0001 A-2020-0002"])
def test_unknown_alert_releases_nothing(held: Desk, bob: KeyPair, words: str) -> None:
    before = rows(held)
    assert outcome(held.say_bound(bob, f"RELEASE {words}")) == "no_such_alert"
    assert rows(held) == before


def test_poster_and_strangers_may_not(held: Desk, ann: KeyPair, carol: KeyPair) -> None:
    before = rows(held)
    assert outcome(held.say_bound(ann, f"RELEASE {number(held)}")) == "on_oneself"
    handled = held.say_bound(carol, f"RELEASE {number(held)}", attachments=[carol.key_attachment()])
    assert outcome(handled) == "not_a_contact"
    assert rows(held) == before


@pytest.mark.parametrize("has_new_key", [False, True])
def test_alert_of_a_poster_forgotten_meanwhile_goes_without_a_key_and_to_nobody_s_address(
    held: Desk, ann: KeyPair, bob: KeyPair, has_new_key: bool
) -> None:
    speaks = KeyPair.make("Ann Example", ann.address) if has_new_key else ann
    if has_new_key:  # of a key that was replaced the row stays, emptied
        held.say(ann, "KEY", attachments=[speaks.key_attachment()])
        held.say(speaks, f"CONFIRM {held.token_for(ann.address)}")
    held.say_bound(speaks, "FORGET")
    assert outcome(answer(held, ann.address)) == "left"
    assert outcome(held.say_bound(bob, f"RELEASE {number(held)}")) == "released"
    letter = next(one for one in held.letters if one.template == "letters/alert")
    assert "poster-key.asc" not in [one.name for one in letter.attachments]
    assert held.addresses(letter) == [bob.address]


def test_what_a_key_signed_that_was_blocked_since_does_not_go(held: Desk, ann: KeyPair, bob: KeyPair) -> None:
    """Else the brake on a thief's alerts ends with the first who believes one."""
    held.say(ann, "KEY STOLEN")
    assert outcome(held.say_bound(bob, f"RELEASE {number(held)}")) == "key_blocked_since"
    assert [one.state for one in all_of(held, Alert)] == ["held"]


def test_release_needs_the_list_named(held: Desk, bob: KeyPair) -> None:
    assert outcome(held.say(bob, f"RELEASE {number(held)}")) == "list_not_named"
    assert [one.state for one in all_of(held, Alert)] == ["held"]
