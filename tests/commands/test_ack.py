"""ACK: seen, once, with words if one likes; answered only when it failed."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows
from tldops_bot.store.tables import AlertRecipient


@pytest.fixture
def alerted(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.member(carol, "lu")
    desk.say_bound(ann, "ALERT\nScope: tld be\n\nLook out")
    return desk


def seen(desk: Desk) -> list[tuple[str, str]]:
    return [(one.seen_how, one.words) for one in all_of(desk, AlertRecipient) if one.seen_at]


@pytest.mark.parametrize(
    "text", ["ACK {id} on it, thanks", "seen {id} on it, thanks", "ack [{id}] on it, thanks"]
)
def test_seen_is_noted_without_an_answer(alerted: Desk, bob: KeyPair, text: str) -> None:
    before = len(alerted.letters)
    handled = alerted.say(bob, text.format(id=f"A-{alerted.now.year}-0001"))
    assert outcome(handled) == "seen"
    assert len(alerted.letters) == before
    ((how, words),) = seen(alerted)
    assert how == "signed"
    assert words.startswith("on it")


def test_first_time_counts_and_later_words_are_kept(alerted: Desk, bob: KeyPair) -> None:
    number = f"A-{alerted.now.year}-0001"
    alerted.say(bob, f"ACK {number}")
    first_at = next(one.seen_at for one in all_of(alerted, AlertRecipient) if one.seen_at)
    alerted.later(minutes=5)
    alerted.say(bob, f"ACK {number} we block it")
    alerted.later(minutes=5)
    alerted.say(bob, f"ACK {number}")
    assert seen(alerted) == [("signed", "we block it")]
    assert next(one.seen_at for one in all_of(alerted, AlertRecipient) if one.seen_at) == first_at


@pytest.mark.parametrize(
    ("words", "reason"), [("", "bad_arguments"), ("A-2020-0009", "no_such_alert"), ("nl", "no_such_alert")]
)
def test_failure_is_answered(alerted: Desk, bob: KeyPair, words: str, reason: str) -> None:
    before = rows(alerted)
    assert outcome(alerted.say(bob, f"ACK {words}")) == reason
    assert alerted.letters[-1].template == "reply"
    assert rows(alerted) == before


def test_who_did_not_get_it_cannot_have_seen_it(alerted: Desk, carol: KeyPair) -> None:
    assert outcome(alerted.say(carol, f"ACK A-{alerted.now.year}-0001")) == "no_such_alert"
    assert seen(alerted) == []
