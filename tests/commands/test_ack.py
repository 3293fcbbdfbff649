"""ACK: seen, once, with words if one likes; answered only when it failed."""

import pytest
from sqlalchemy import select

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows
from tldops_bot.commands import _reach
from tldops_bot.mail import seen_token
from tldops_bot.store import alerts, facts
from tldops_bot.store.tables import Alert, AlertRecipient, Delivery, Message


@pytest.fixture
def alerted(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.member(carol, "lu")
    desk.say_bound(ann, "ALERT\nScope: tld be\n\nLook out")
    with desk.app.database.write() as session:
        facts.new_mac_key(session, desk.app.random_octets)
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


# --- from a phone without OpenPGP


def word_for(desk: Desk, who: KeyPair) -> str:
    """The word in the Subject of somebody's copy."""
    with desk.look() as session:
        copies = select(Delivery.id).join(Message).where(Message.alert_id.is_not(None))
        number = session.scalars(copies.where(Delivery.rcpt_to == who.address)).one()
        return seen_token.make(number, facts.mac_keys(session))


def test_word_in_the_subject_says_seen_unsigned_and_is_counted_apart(
    alerted: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    before = len(alerted.letters)
    handled = alerted.write(
        "bob.private@phone.example", f"ACK {word_for(alerted, bob)} on it\n\nSent from my phone"
    )
    assert outcome(handled) == "seen"
    assert len(alerted.letters) == before
    assert seen(alerted) == [("token", "on it")]
    handled = alerted.say(ann, f"STATUS A-{alerted.now.year}-0001")
    assert handled.decision.parts[0].outcome.values["counts"]["unsigned"] == 1


def test_whoever_reads_the_word_on_the_way_says_nothing_in_the_place_of_what_is_signed(
    alerted: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    """Nor offers calls: what is dealt to a volunteer, nobody else is asked to do."""
    number, word = f"A-{alerted.now.year}-0001", word_for(alerted, bob)
    alerted.write("mail@carrier.example", f"ACK {word} volunteer, all clear")
    shown = alerted.say(ann, f"STATUS {number}").decision.parts[0].outcome.values
    assert shown["words"] == [(bob.name, "volunteer, all clear", False)]
    assert "(not signed: perhaps somebody else)" in alerted.text(alerted.letters[-1])
    with alerted.look() as session:
        reach = alerts.reach(session, session.get_one(Alert, number))
        assert _reach.volunteers(session, reach) == []
    alerted.say(bob, f"ACK {number}")
    assert seen(alerted) == [("signed", "")]
    alerted.later(minutes=1)
    alerted.say(bob, f"ACK {number} volunteer")
    alerted.write("mail@carrier.example", f"ACK {word} all clear")
    assert seen(alerted) == [("signed", "volunteer")]


def test_signed_word_counts_for_whom_the_copy_was(alerted: Desk, bob: KeyPair) -> None:
    assert outcome(alerted.say(bob, f"SEEN {word_for(alerted, bob).lower()}")) == "seen"
    assert [one.person_id for one in all_of(alerted, AlertRecipient) if one.seen_at] == [2]


def test_number_alone_needs_a_signature(alerted: Desk, bob: KeyPair) -> None:
    before = rows(alerted)
    assert outcome(alerted.write(bob.address, f"ACK A-{alerted.now.year}-0001")) == "unsigned"
    assert rows(alerted) == before


def test_guessed_words_prove_nothing(alerted: Desk, bob: KeyPair) -> None:
    before = rows(alerted)
    true = word_for(alerted, bob)
    for word in (true[:-1] + ("0" if true[-1] != "0" else "1"), "0000-0000-0000-0000"):
        assert outcome(alerted.write("stranger@home.example", f"ACK {word}")) == "no_such_alert"
    assert rows(alerted) == before


def test_word_of_another_mail_says_nothing(alerted: Desk) -> None:
    with alerted.look() as session:
        word = seen_token.make(999_999, facts.mac_keys(session))
    assert outcome(alerted.write("stranger@home.example", f"ACK {word}")) == "no_such_alert"


@pytest.mark.parametrize("headers", [{"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}])
def test_machine_never_says_seen(alerted: Desk, bob: KeyPair, headers: dict[str, str]) -> None:
    alerted.write(bob.address, f"ACK {word_for(alerted, bob)}", **headers)
    assert seen(alerted) == []
