"""Calls that wait are made, marked and tried again; a gateway that fails stands in the way of none."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.commands.test_wake import GATES, alert, gated, prove, town, ways, wish, words
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, templates
from tldops_bot.adapters.wake_delivery import WakeDelivery
from tldops_bot.domain.wake import NO_ANSWER, REFUSED
from tldops_bot.store.tables import WakeSend

__all__ = ["gated", "town"]
assert "sms" in GATES


@dataclass
class Gateways:
    """A sender that notes what it is asked to say."""

    answers: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, str, str]] = field(default_factory=list)
    breaks: bool = False
    called: threading.Event = field(default_factory=threading.Event)

    def send(self, gateway: str, calls: Sequence[tuple[str, str]]) -> list[str]:
        self.said += [(gateway, *one) for one in calls]
        self.called.set()
        if self.breaks:
            self.breaks = False
            raise RuntimeError("pa55w0rd")
        return [self.answers.get(gateway, "") for _ in calls]


def delivery(desk: Desk, sender: Gateways, **more: object) -> WakeDelivery:
    app = desk.app
    values = {"per_minute": 60} | more
    return WakeDelivery(
        app.database,
        sender,
        ("sms", "ntfy"),
        values.pop("per_minute"),
        app.renderer.fragment,
        app.intake.post,
        app.now,
        app.random_octets,
        **values,
    )


def sends(desk: Desk) -> list[tuple[str, str, int]]:
    return [(one.state, one.result, one.attempts) for one in all_of(desk, WakeSend) if one.kind != "token"]


def test_the_word_and_then_the_alert_go_through_the_gateway(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    sender = Gateways()
    calls = delivery(town, sender)
    assert not calls.run_once("ntfy")
    wish(town, bob, "ntfy bob")
    word = words(town)[0].words
    assert calls.run_once("ntfy")
    assert sender.said == [("ntfy", "bob", f"TLD-OPS: CONFIRM {word}")]
    assert [(one.state, one.words, one.target) for one in all_of(town, WakeSend)] == [("taken", "", "")]
    town.write("phone@elsewhere.example", f"CONFIRM {word}")
    assert ways(town) == [("ntfy", "bob", "high")]
    identity = alert(town, ann)
    assert not calls.run_once("sms")
    assert calls.run_once("ntfy")
    assert sender.said[-1] == ("ntfy", "bob", f"TLD-OPS: alert {identity} waits in your mailbox.")
    assert not calls.run_once("ntfy")
    assert sends(town) == [("taken", "", 1)]


def test_a_call_is_in_the_language_of_who_is_woken(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    sender = Gateways()
    prove(town, bob, "ntfy bob")
    town.later(seconds=1)
    town.say_bound(bob, "UPDATE\nLanguage: fr")
    identity = alert(town, ann)
    delivery(town, sender).run_once("ntfy")
    said = sender.said[-1][2]
    assert said == f"TLD-OPS : l'alerte {identity} vous attend dans vos courriels."
    assert said.isascii()  # else a short message holds but 70 letters


def test_an_exercise_says_so(town: Desk, bob: KeyPair, carol: KeyPair) -> None:
    sender = Gateways()
    prove(town, bob, "ntfy bob")
    town.say_bound(carol, "EXERCISE\nWhen: now\n\nDrill")
    delivery(town, sender).run_once("ntfy")
    assert sender.said[-1][2].startswith("TLD-OPS: EXERCISE A-")


def test_a_refusal_is_tried_again_three_times_in_all(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    sender = Gateways({"ntfy": REFUSED})
    calls = delivery(town, sender)
    prove(town, bob, "ntfy bob")
    alert(town, ann)
    made = []
    for _ in range(12):
        made.append(calls.run_once("ntfy"))
        town.later(minutes=1)
    assert sum(made) == 3
    assert sends(town) == [("failed", REFUSED, 3)]


def test_the_owner_of_a_word_that_could_not_be_sent_hears_of_it_once(town: Desk, bob: KeyPair) -> None:
    calls = delivery(town, Gateways({"ntfy": REFUSED}))
    wish(town, bob, "ntfy bob")
    posted: list[str] = []
    calls._post = lambda _session, letters, _now: posted.extend(one.template for one in letters)
    for _ in range(12):
        calls.run_once("ntfy")
        town.later(minutes=1)
    assert posted == ["letters/wake_failed"]
    assert "letters/wake_failed" not in templates(town, bob.address)


def test_whoever_hangs_is_not_asked_again_at_once(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    calls = delivery(town, Gateways({"ntfy": NO_ANSWER}))
    prove(town, bob, "ntfy bob")
    alert(town, ann)
    assert not calls.run_once("ntfy")
    assert sends(town) == [("waiting", NO_ANSWER, 1)]


def test_the_limit_of_a_minute_is_kept(town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    sender = Gateways()
    prove(town, bob, "ntfy bob")
    prove(town, carol, "ntfy carol")
    alert(town, ann)
    calls = delivery(town, sender, per_minute=1)
    assert calls.run_once("ntfy")
    assert not calls.run_once("ntfy")
    town.later(minutes=1)
    assert calls.run_once("ntfy")
    assert sorted(target for _, target, _ in sender.said) == ["bob", "carol"]


def test_the_log_says_how_many_and_not_whom(
    town: Desk, ann: KeyPair, bob: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    prove(town, bob, "ntfy canary")
    alert(town, ann)
    delivery(town, Gateways()).run_once("ntfy")
    assert "gateway ntfy: 1 woken, 0 not" in caplog.text
    assert "canary" not in caplog.text


def test_threads_work_by_themselves_and_outlive_what_breaks(
    town: Desk, ann: KeyPair, bob: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    sender, done = Gateways(breaks=True), threading.Event()
    prove(town, bob, "ntfy bob")
    alert(town, ann)
    calls = delivery(town, sender, after=done.set)
    calls.start()
    try:
        assert sender.called.wait(60)
        town.later(minutes=5)  # the lease of the call that broke has ended
        for _ in range(600):
            calls.wake()
            if done.wait(0.1):
                break
        assert done.is_set()
    finally:
        calls.stop(60)
    assert sends(town) == [("taken", "", 2)]
    assert "gateway ntfy: RuntimeError" in caplog.text
    assert "pa55w0rd" not in caplog.text


def test_stopping_what_was_never_started_does_nothing(town: Desk) -> None:
    sender = Gateways()
    delivery(town, sender).stop(60)
    assert sender.said == []
