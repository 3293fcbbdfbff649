"""The whole way of a wake-up call: the real service, a real HTTP receiver, and mails that never wait for either."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.desk import LIST_LINE
from tests.keys import KeyPair
from tests.service import Town, reconfigure, town, wait_until
from tests.wake_receiver import Receiver, wake_receiver
from tldops_bot.store.tables import WakeChannel, WakeSend


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with wake_receiver() as one:
        yield one


@pytest.fixture
def place(receiver: Receiver, ann: KeyPair, bob: KeyPair) -> Iterator[Town]:
    with town() as one:
        reconfigure(one, "wake", f'gateways = {{ push = "{receiver.url}" }}')
        one.desk.member(ann, "nl")
        one.desk.member(bob, "be")
        one.roster_is_sent()
        yield one


def held(place: Town, table: type) -> list[object]:
    with place.desk.look() as session:
        found = list(session.scalars(select(table)))
        session.expunge_all()
        return found


def states(place: Town) -> list[str]:
    return [one.state for one in held(place, WakeSend) if one.kind != "token"]


def prove(place: Town, receiver: Receiver, who: KeyPair) -> None:
    place.say(who, f"UPDATE\n{LIST_LINE}\nWake: push bob")
    place.next_to(who, "WAITING")
    (token,) = receiver.wait_for(1)
    assert token.path == "/wake/bob"
    place.write("phone@elsewhere.example", token.words.removeprefix("TLD-OPS: "))
    place.next_to(who, "You are woken by push")


def test_a_way_is_proven_and_then_an_alert_wakes_by_it(
    place: Town, receiver: Receiver, ann: KeyPair, bob: KeyPair
) -> None:
    with place.serving():
        prove(place, receiver, bob)
        assert len(held(place, WakeChannel)) == 1
        place.say(ann, f"ALERT\n{LIST_LINE}\n\nLook out")
        alerted = place.next_to(bob, "[TLP:AMBER]")
        identity = next(word for word in alerted.subject.split() if word.startswith("A-"))
        assert receiver.wait_for(2)[1].words == f"TLD-OPS: alert {identity} waits in your mailbox."
        wait_until(lambda: states(place) == ["taken"])


def test_no_mail_waits_for_a_gateway_that_hangs_and_serve_stops_all_the_same(
    place: Town, receiver: Receiver, ann: KeyPair, bob: KeyPair
) -> None:
    with place.serving():
        prove(place, receiver, bob)
        receiver.behave = "hang"
        place.say(ann, f"ALERT\n{LIST_LINE}\n\nLook out")
        receiver.wait_for(2)
        place.next_to(bob, "[TLP:AMBER]")
        assert not receiver.freed.is_set()
    assert states(place) in (["sending"], ["waiting"])  # not lost: it goes again
