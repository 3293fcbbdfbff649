"""A mailbox that refuses a mail for its size gets what fits: an alert without attachments, a word about the roster."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.desk import LIST_LINE
from tests.keys import KeyPair
from tests.service import Town, town, wait_until
from tldops_bot.store.tables import Alert, Delivery, Message

ALERT = f"ALERT\n{LIST_LINE}\nTitle: Wrong data\n\nThe name servers answer with wrong data.\n"
TOO_LARGE = "552 5.3.4 more than this mailbox takes"


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


@pytest.fixture
def dora(place: Town) -> KeyPair:
    """A member whose mailbox refuses the first large mail."""
    who = KeyPair.make("Dora Example", "dora.sample@nic.example")
    place.desk.member(who, "be")
    return who


def states(place: Town, who: KeyPair) -> list[str]:
    """How the copies of alerts to somebody ended, oldest first."""
    query = select(Delivery.state).join(Message).where(Message.alert_id.is_not(None)).order_by(Delivery.id)
    with place.desk.look() as session:
        return list(session.scalars(query.where(Delivery.rcpt_to == who.address)))


@pytest.mark.parametrize("is_inline", [False, True])
def test_an_alert_comes_again_without_attachments_and_counts_as_reached(
    place: Town, dora: KeyPair, ann: KeyPair, is_inline: bool
) -> None:
    place.desk.member(ann, "nl")
    place.roster_is_sent()
    place.sink.answer("RCPT", TOO_LARGE, match=dora.address, times=1)
    with place.serving():
        if is_inline:
            place.send(ann.inline_signed(ALERT), ann.address)
        else:
            place.say(ann, ALERT)
        got = place.next_to(dora, "shortened")
    assert got.was_encrypted
    assert "refused this alert because of its size" in got.text
    assert "> The name servers answer with wrong data." in got.text
    assert "QUERY ALERT A-" in got.text
    assert not got.files
    assert "(ACK " in got.subject
    assert states(place, dora) == ["refused", "taken"]


def test_what_is_refused_short_as_well_ends_there(place: Town, dora: KeyPair, ann: KeyPair) -> None:
    place.desk.member(ann, "nl")
    place.roster_is_sent()
    place.sink.answer("RCPT", TOO_LARGE, match=dora.address)
    with place.serving():
        place.say(ann, ALERT)
        wait_until(lambda: states(place, dora) == ["refused", "refused"])
        place.next_to(ann, "A-")
    assert states(place, dora) == ["refused", "refused"]


def test_an_update_comes_again_as_itself(place: Town, dora: KeyPair, ann: KeyPair) -> None:
    place.desk.member(ann, "nl")
    place.roster_is_sent()
    with place.serving():
        place.say(ann, ALERT)
        place.next_to(dora, "[TLP:AMBER]")
        with place.desk.look() as session:
            number = session.scalars(select(Alert.id)).one()
        place.sink.answer("RCPT", TOO_LARGE, match=dora.address, times=1)
        place.say(ann, f"UPDATE-ALERT {number}\n{LIST_LINE}\n\nNow it is worse.\n")
        got = place.next_to(dora, "shortened")
    assert "update 1, shortened" in got.subject
    assert "> Now it is worse." in got.text


def test_an_answer_that_is_too_large_is_explained(place: Town, dora: KeyPair) -> None:
    place.roster_is_sent()
    assert place.desk.app.roster_press.prepare().edition
    place.sink.answer("RCPT", TOO_LARGE, match=dora.address, times=1)
    with place.serving():
        place.say(dora, "ROSTER")
        got = place.next_to(dora, "refused our answer")
    assert "ROSTER none" in got.text


def test_a_roster_that_is_too_large_is_explained(place: Town, dora: KeyPair) -> None:
    assert place.desk.app.roster_press.prepare().edition
    place.sink.answer("RCPT", TOO_LARGE, match=dora.address, times=1)
    with place.serving():
        got = place.next_to(dora, "refused the roster")
    assert "Roster: none" in got.text
