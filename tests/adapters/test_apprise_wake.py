"""Apprise against a real HTTP receiver on loopback: what it takes, refuses, never answers; nothing gets into a log."""

import json
import logging
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.wake_receiver import Receiver, wake_receiver
from tldops_bot.adapters import apprise_wake
from tldops_bot.adapters.apprise_wake import AppriseWake
from tldops_bot.domain.wake import NO_ANSWER, REFUSED

WORDS = "TLD-OPS: alert A-2026-0007 waits in your mailbox."
SECRET = "pa55w0rd"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with wake_receiver() as one:
        yield one


def test_the_words_arrive_and_nothing_else(receiver: Receiver) -> None:
    assert AppriseWake({"gate": receiver.url}).send("gate", [("ann", WORDS)]) == [""]
    (got,) = receiver.got
    assert got.path == "/wake/ann"
    assert got.words == WORDS
    assert "ann" not in got.body


def test_many_at_once_each_get_their_own_result(receiver: Receiver) -> None:
    calls = [(f"p{nth}", f"words {nth}") for nth in range(8)]
    assert AppriseWake({"gate": receiver.url}).send("gate", calls) == [""] * 8
    assert sorted((one.path, one.words) for one in receiver.got) == [
        (f"/wake/p{nth}", f"words {nth}") for nth in range(8)
    ]


@pytest.mark.parametrize("behave", ["500", "403", "404", "429"])
def test_what_is_not_accepted_is_refused(receiver: Receiver, behave: str) -> None:
    receiver.behave = behave
    assert AppriseWake({"gate": receiver.url}).send("gate", [("ann", WORDS)]) == [REFUSED]


def test_a_gateway_that_sends_elsewhere_is_not_followed(receiver: Receiver) -> None:
    receiver.behave = "move"
    assert AppriseWake({"gate": receiver.url}).send("gate", [("ann", WORDS)]) == [REFUSED]
    assert receiver.paths == ["/wake/ann"]


def test_nobody_there_is_refused_too(receiver: Receiver) -> None:
    assert AppriseWake({"gate": "json://127.0.0.1:1/{to}"}).send("gate", [("ann", WORDS)]) == [REFUSED]


def test_a_gateway_that_hangs_is_left_and_hinders_no_other(receiver: Receiver) -> None:
    receiver.behave = "hang"
    with wake_receiver() as other:
        gates = AppriseWake({"slow": receiver.url, "quick": other.url}, limit_seconds=0.2)
        assert gates.send("slow", [("ann", WORDS), ("bob", WORDS)]) == [NO_ANSWER] * 2
        receiver.wait_for(2)
        assert gates.send("quick", [("carol", WORDS)]) == [""]


def test_calls_that_never_end_do_not_pile_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_wake, "MOST_STUCK", 2)
    receiver.behave = "hang"
    gates = AppriseWake({"gate": receiver.url}, limit_seconds=0.2)
    assert gates.send("gate", [("a", WORDS), ("b", WORDS), ("c", WORDS)]) == [NO_ANSWER] * 3
    receiver.wait_for(2)
    assert gates.send("gate", [("d", WORDS)]) == [NO_ANSWER]
    assert receiver.paths == ["/wake/a", "/wake/b"]


@pytest.mark.parametrize("target", ["ann", "ann.b-c@example.org", "+442079460123", "x+y"])
def test_a_target_arrives_as_it_was_proven(receiver: Receiver, target: str) -> None:
    AppriseWake({"gate": receiver.url}).send("gate", [(target, WORDS)])
    assert [unquote(one.path) for one in receiver.got] == [f"/wake/{target}"]


@pytest.mark.parametrize(
    "target", ["../x", "a/b", "a?to=b", "a#b", "a%2Fb", "@evil.example", "x:y@127.0.0.1:1"]
)
def test_no_target_changes_host_or_options_even_if_one_got_so_far(receiver: Receiver, target: str) -> None:
    """Such a target is refused long before; here it is shown that the URL would hold as well."""
    gates = AppriseWake({"gate": receiver.url + "?:kind=wake"})
    assert gates.send("gate", [(target, WORDS)]) == [""]
    (got,) = receiver.got
    assert json.loads(got.body)["kind"] == "wake"
    assert got.words == WORDS


def test_neither_url_nor_target_nor_words_get_into_a_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    url = receiver.url.replace("json://", f"json://bot:{SECRET}@")
    gates = AppriseWake({"gate": url, "none": f"json://bot:{SECRET}@127.0.0.1:1/{{to}}"}, limit_seconds=5)
    for receiver.behave in ("take", "500"):
        gates.send("gate", [("canary", WORDS)])
    gates.send("none", [("canary", WORDS)])
    assert len(receiver.got) == 2
    said = caplog.text + "".join(capfd.readouterr())
    for secret in (SECRET, "canary", "A-2026", "127.0.0.1"):
        assert secret not in said


def test_a_url_that_apprise_does_not_know_is_told_at_the_start_by_name_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gates = AppriseWake({"gate": f"nosuchthing://{SECRET}@gate.example/{{phone}}"})
    assert "gateway gate: Apprise can't use its URL" in caplog.text
    assert SECRET not in caplog.text
    assert gates.send("gate", [("+442079460123", WORDS)]) == [REFUSED]


@pytest.mark.parametrize("where", ["load", "notify"])
def test_a_plugin_that_breaks_says_nothing(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError(SECRET)

    gates = AppriseWake({"gate": receiver.url})
    if where == "load":
        monkeypatch.setattr(gates, "_load", broken)
    else:
        monkeypatch.setattr(NotifyJSON, "notify", broken)
    assert gates.send("gate", [("ann", WORDS)]) == [REFUSED]
    assert SECRET not in caplog.text


def test_ntfy_gets_the_topic_as_a_topic(receiver: Receiver) -> None:
    url = receiver.url.replace("json://", "ntfy://").replace("/wake/", "/")
    AppriseWake({"ntfy": url}).send("ntfy", [("ann_at_night", WORDS)])
    (got,) = receiver.wait_for(1)
    assert "ann_at_night" in got.body + got.path
    assert WORDS in got.body
    assert "github" not in got.body + "".join(receiver.headers)  # no picture to be fetched from elsewhere
