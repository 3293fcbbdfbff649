"""Asking whois.iana.org: with limits, in no haste, and believing only what answers the question."""

import socket
import time

import pytest

from tests.ports import free_port
from tests.whois_server import DRIP, FLOOD, HANG, RESET, Behaviour, LoopbackWhois
from tldops_bot.adapters.iana_whois import (
    MAX_ANSWER_OCTETS,
    MAX_FAILURES_IN_A_ROW,
    NoAnswer,
    Result,
    Unanswered,
    WhoisServer,
    ask,
    fetch,
    sync,
)
from tldops_bot.domain.iana_record import Garbled, IanaRecord, NotFound
from tldops_bot.domain.tld import Tld

AA, BB, RF = Tld("aa", "aa"), Tld("bb", "bb"), Tld("xn--p1ai", "рф")


def record(domain: str, email: str = "ann@nic.example") -> bytes:
    return f"""\
% IANA WHOIS server
% This query returned 1 object

refer:        whois.nic.example

domain:       {domain}

organisation: Fictional Registry

contact:      administrative
name:         Ann Example
e-mail:       {email}

contact:      technical
name:         Bo Sample
e-mail:       bo@nic.example

status:       ACTIVE
source:       IANA
""".encode()


def asking(answers: dict[str, Behaviour], tld: Tld, timeout: float = 60.0) -> Result:
    with LoopbackWhois(answers) as server:
        return ask(tld, WhoisServer("127.0.0.1", server.port, time.monotonic, timeout))


def test_who_waits_for_an_answer_gives_up_when_the_service_ends() -> None:
    looks = iter((False, True))
    with LoopbackWhois({"aa": HANG}) as server:
        asked = WhoisServer("127.0.0.1", server.port, lambda: 0.0, is_stopping=lambda: next(looks))
        assert ask(AA, asked) == Unanswered("timed_out")


def test_the_octets_come_back_as_they_were_sent() -> None:
    octets = record("AA") + b"\xff\r\n"
    with LoopbackWhois({"aa": octets}) as server:
        assert fetch(AA, WhoisServer("127.0.0.1", server.port, time.monotonic)) == octets
        assert server.asked == ["aa"]


def test_a_record_is_fetched_and_read() -> None:
    answer = asking({"aa": record("AA")}, AA)
    assert isinstance(answer, IanaRecord)
    assert [contact.email for contact in answer.contacts] == ["ann@nic.example", "bo@nic.example"]


def test_an_idn_is_asked_for_by_its_a_label() -> None:
    answer = asking({"xn--p1ai": record("рф\ndomain-ace:   XN--P1AI")}, RF)
    assert isinstance(answer, IanaRecord)
    assert answer.tld == RF


def test_nothing_found_is_an_answer() -> None:
    assert asking({}, AA) == NotFound("aa")
    assert asking({}, RF) == NotFound("xn--p1ai")


def test_an_answer_about_another_tld_is_not_believed() -> None:
    assert asking({"aa": record("BB")}, AA) == Garbled("other_tld", AA)
    not_found = b"% IANA WHOIS server\n% This query returned 0 objects.\n% You queried for bb but this\n"
    assert asking({"aa": not_found}, AA) == Garbled("other_tld", AA)


def test_two_answers_to_one_question_are_not_believed() -> None:
    assert asking({"aa": record("AA") + record("BB")}, AA) == Garbled("several_answers", AA)


def test_a_referral_is_never_followed() -> None:
    with LoopbackWhois({"aa": record("AA").replace(b"whois.nic.example", b"127.0.0.1")}) as server:
        assert isinstance(ask(AA, WhoisServer("127.0.0.1", server.port, time.monotonic)), IanaRecord)
        assert server.asked == ["aa"]


def test_a_connection_closed_early_leaves_nothing_to_believe() -> None:
    assert asking({"aa": record("AA")[:-20]}, AA) == Garbled("truncated", AA)
    assert asking({"aa": b""}, AA) == Garbled("empty")
    assert asking({"aa": b"<html>busy</html>"}, AA) == Garbled("html")


@pytest.mark.parametrize("behaviour", [HANG, DRIP])
def test_a_server_that_hangs_or_drips_is_left_at_the_deadline(behaviour: Behaviour) -> None:
    assert asking({"aa": behaviour}, AA, timeout=0.3) == Unanswered("timed_out")


def test_the_deadline_counts_from_the_start_not_from_the_last_octet() -> None:
    ticks = iter([0.0, 1.0, 19.0, 20.0])
    with LoopbackWhois({"aa": DRIP}) as server, pytest.raises(NoAnswer) as caught:
        fetch(AA, WhoisServer("127.0.0.1", server.port, lambda: next(ticks), 20.0))
    assert caught.value.reason == "timed_out"
    assert list(ticks) == []


def test_a_flood_is_cut_off() -> None:
    assert asking({"aa": FLOOD}, AA) == Unanswered("too_large")
    assert asking({"aa": b"%" * (MAX_ANSWER_OCTETS + 1)}, AA) == Unanswered("too_large")


def test_a_largest_answer_still_passes() -> None:
    assert isinstance(asking({"aa": record("AA").ljust(MAX_ANSWER_OCTETS)}, AA), IanaRecord)


def test_a_connection_reset_is_no_answer() -> None:
    assert asking({"aa": RESET}, AA) in (Unanswered("unreachable"), Garbled("empty"))


def test_a_server_that_is_not_there_is_unreachable() -> None:
    nobody = WhoisServer("127.0.0.1", free_port(), time.monotonic, 60.0)
    assert ask(AA, nobody) == Unanswered("unreachable")


@pytest.mark.parametrize("host", ["whois..example", "x" * 64 + ".example", "no-such-host.invalid"])
def test_a_host_name_that_leads_nowhere_is_unreachable(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def nobody_else_is_asked(name: str, *more: object) -> object:
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", nobody_else_is_asked)
    assert ask(AA, WhoisServer(host, 43, time.monotonic, 60.0)) == Unanswered("unreachable")


def test_sync_asks_one_by_one_and_pauses_in_between() -> None:
    pauses: list[float] = []
    with LoopbackWhois({"aa": record("AA"), "bb": b"garbage"}) as server:
        answers = sync(
            [AA, BB, RF], WhoisServer("127.0.0.1", server.port, time.monotonic), pauses.append, 1.5
        )
        first = next(answers)
        assert (first[0], server.asked, pauses) == (AA, ["aa"], [])
        rest = list(answers)
        assert server.asked == ["aa", "bb", "xn--p1ai"]
    assert isinstance(first[1], IanaRecord)
    assert rest == [(BB, Garbled("no_answer")), (RF, NotFound("xn--p1ai"))]
    assert pauses == [1.5, 1.5]


def test_sync_leaves_a_dead_server_alone() -> None:
    many = [Tld(f"a{letter}", f"a{letter}") for letter in "abcdefgh"]
    pauses: list[float] = []
    with LoopbackWhois({tld.a_label: HANG for tld in many}) as server:
        where = WhoisServer("127.0.0.1", server.port, time.monotonic, 0.05)
        answers = list(sync(many, where, pauses.append))
    assert [tld for tld, _ in answers] == many
    reasons = [answer.reason for _, answer in answers if isinstance(answer, Unanswered)]
    assert reasons == ["timed_out"] * MAX_FAILURES_IN_A_ROW + ["given_up"] * 3
    assert len(server.asked) <= MAX_FAILURES_IN_A_ROW
    assert len(pauses) == MAX_FAILURES_IN_A_ROW - 1


def test_one_failure_among_answers_does_not_stop_sync() -> None:
    many = [Tld(f"a{letter}", f"a{letter}") for letter in "abcdefghijkl"]
    behaviours: dict[str, Behaviour] = {tld.a_label: FLOOD for tld in many[::2]}
    with LoopbackWhois(behaviours) as server:
        where = WhoisServer("127.0.0.1", server.port, time.monotonic, 60.0)
        answers = [answer for _, answer in sync(many, where, lambda _: None)]
    assert answers[::2] == [Unanswered("too_large")] * 6
    assert all(isinstance(answer, NotFound) for answer in answers[1::2])
