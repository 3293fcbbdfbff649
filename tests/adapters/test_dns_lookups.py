"""Asking the DNS: what there is, what there is not, and trouble, all as values and within limits."""

import time
from collections.abc import Callable
from typing import Any

import dns.exception
import pytest

from tests.desk import Desk
from tests.dns_server import GARBAGE, HANG, SERVFAIL, Behaviour, LoopbackDns
from tldops_bot.adapters import dns_lookups, dns_questions
from tldops_bot.adapters.dane_keys import DaneKeys
from tldops_bot.adapters.dns_lookups import Answer, DnsLookups
from tldops_bot.adapters.dns_questions import Allowance, DnsTrouble, Nameserver, Resolvers


def lookups(server: LoopbackDns, clock: Callable[[], float] = time.monotonic) -> DnsLookups:
    return DnsLookups(Resolvers((Nameserver("127.0.0.1", server.port),), clock, Allowance()))


def ask(table: dict[tuple[str, str], Behaviour], name: str, kind: dns_lookups.Kind) -> Answer:
    with LoopbackDns(table) as server:
        return lookups(server).for_mail().ask(name, kind)


def test_each_kind_of_record_is_read() -> None:
    table: dict[tuple[str, str], Behaviour] = {
        ("nic.example", "A"): ["192.0.2.1", "192.0.2.2"],
        ("nic.example", "AAAA"): ["2001:db8::1"],
        ("nic.example", "MX"): ["10 mx.nic.example."],
        ("nic.example", "TXT"): ["v=spf1 -all", "x" * 300],
        ("1.2.0.192.in-addr.arpa", "PTR"): ["mx.nic.example."],
    }
    with LoopbackDns(table) as server:
        found = lookups(server).for_mail()
        assert set(found.ask("nic.example", "A").values) == {"192.0.2.1", "192.0.2.2"}
        assert found.ask("NIC.example.", "AAAA").values == ("2001:db8::1",)
        assert found.ask("nic.example", "MX").values == ("10 mx.nic.example",)
        assert set(found.ask("nic.example", "TXT").texts) == {b"v=spf1 -all", b"x" * 300}
        assert found.ask("1.2.0.192.in-addr.arpa", "PTR").values == ("mx.nic.example",)


def test_what_is_not_there_is_an_answer() -> None:
    table: dict[tuple[str, str], Behaviour] = {("nic.example", "A"): ["192.0.2.1"]}
    assert ask(table, "no.example", "TXT") == Answer(is_nxdomain=True)
    assert ask(table, "nic.example", "TXT") == Answer()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("behaviour", [SERVFAIL, GARBAGE])
def test_trouble_is_a_value_that_names_no_name(behaviour: str) -> None:
    answer = ask({("nic.example", "TXT"): behaviour}, "nic.example", "TXT")
    assert answer.trouble
    assert "nic" not in answer.trouble


def test_an_answer_too_long_for_udp_is_fetched_by_tcp() -> None:
    with LoopbackDns({("nic.example", "TXT"): ["k=" + "x" * 1500]}) as server:
        assert len(lookups(server).for_mail().ask("nic.example", "TXT").texts[0]) == 1502
        assert server.over_tcp == [("nic.example", "TXT")]


def test_huge_texts_are_left_out_and_no_more_values_taken_than_anybody_needs() -> None:
    assert ask({("nic.example", "TXT"): ["x" * 20_000, "v=spf1 -all"]}, "nic.example", "TXT").texts == (
        b"v=spf1 -all",
    )
    many = [f"record {number}" for number in range(400)]
    assert len(ask({("nic.example", "TXT"): many}, "nic.example", "TXT").texts) == dns_lookups.MAX_VALUES


def test_an_alias_is_followed_and_a_loop_of_aliases_ends() -> None:
    table: dict[tuple[str, str], Behaviour] = {
        ("a.example", "CNAME"): ["b.example"],
        ("b.example", "TXT"): ["hello"],
        ("x.example", "CNAME"): ["y.example"],
        ("y.example", "CNAME"): ["x.example"],
    }
    assert ask(table, "a.example", "TXT").texts == (b"hello",)
    assert not ask(table, "x.example", "TXT").texts


@pytest.mark.parametrize("name", ["", ".", "a..example", "x" * 64 + ".example", "a." * 130 + "example"])
def test_what_cannot_be_asked_does_not_exist_and_is_no_trouble(name: str) -> None:
    assert ask({}, name, "TXT") == Answer(is_nxdomain=True)


@pytest.mark.parametrize(
    "name", ["a b.example", "\\300.example", "ü.example", "a\x00b.example", "\\.example"]
)
def test_odd_names_are_asked_or_refused_without_stumbling(name: str) -> None:
    assert not ask({}, name, "TXT").texts


def test_a_question_is_asked_once_for_a_mail_and_kept_for_the_next() -> None:
    with LoopbackDns({("nic.example", "TXT"): ["hello"]}) as server:
        shared = lookups(server)
        for _ in range(3):
            one = shared.for_mail()
            assert one.ask("nic.example", "TXT") == one.ask("nic.example", "TXT") == Answer(texts=(b"hello",))
        assert server.asked == [("nic.example", "TXT")]


def test_a_mail_has_so_many_questions_and_no_more() -> None:
    with LoopbackDns({}) as server:
        one = lookups(server).for_mail()
        answers = [one.ask(f"n{number}.example", "TXT") for number in range(dns_lookups.MAX_QUESTIONS + 5)]
        assert len(server.asked) == dns_lookups.MAX_QUESTIONS
    assert [one.trouble for one in answers[-5:]] == ["too many questions"] * 5


# --- slow name servers


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookups, "MAX_SECONDS", 0.4)
    monkeypatch.setattr(dns_questions, "ALLOWED_SECONDS", 0.6)


@pytest.mark.usefixtures("hurried")
def test_a_server_that_never_answers_costs_a_mail_its_time_once_however_many_questions() -> None:
    with LoopbackDns({("a.example", "TXT"): HANG, ("b.example", "TXT"): HANG}) as server:
        one = lookups(server).for_mail()
        assert all(one.ask(name, "TXT").trouble for name in ("a.example", "b.example", "c.example"))
    assert len(server.asked) <= 1


@pytest.mark.usefixtures("hurried")
def test_a_flood_of_mails_whose_servers_hang_soon_costs_no_time_and_later_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table: dict[tuple[str, str], Behaviour] = {(f"n{number}.example", "TXT"): HANG for number in range(50)}
    ahead = [0.0]
    with LoopbackDns({**table, ("nic.example", "TXT"): ["hello"]}) as server:
        shared = lookups(server, lambda: time.monotonic() + ahead[0])
        assert all(shared.for_mail().ask(f"n{number}.example", "TXT").trouble for number in range(50))
        assert len(server.asked) < 5
        assert shared.for_mail().ask("nic.example", "TXT").trouble == "no time left"
        ahead[0] = dns_questions.WINDOW_SECONDS + 5
        monkeypatch.undo()
        assert shared.for_mail().ask("nic.example", "TXT").texts == (b"hello",)


def test_a_name_exists_when_it_has_an_address_or_a_mail_server() -> None:
    table: dict[tuple[str, str], Behaviour] = {
        ("a.example", "A"): ["192.0.2.1"],
        ("m.example", "MX"): ["10 mx.example."],
        ("t.example", "TXT"): ["hello"],
        ("s.example", "A"): SERVFAIL,
    }
    with LoopbackDns(table) as server:
        one = lookups(server).for_mail()
        found = [
            one.exists(name) for name in ("a.example", "m.example", "t.example", "no.example", "s.example")
        ]
    assert found == [True, True, False, False, None]


@pytest.mark.usefixtures("hurried")
def test_all_that_mails_make_us_ask_has_one_allowance_and_what_we_ask_ourselves_none() -> None:
    """Whoever uses it up by slow name servers for DKIM does not get another one for the keys of the author."""
    table: dict[tuple[str, str], Behaviour] = {(f"n{number}.example", "TXT"): HANG for number in range(9)}
    with LoopbackDns({**table, ("nic.example", "A"): ["192.0.2.1"]}) as server:
        servers, allowance = (Nameserver("127.0.0.1", server.port),), Allowance()
        for number in range(9):
            DnsLookups(Resolvers(servers, time.monotonic, allowance)).for_mail().ask(
                f"n{number}.example", "TXT"
            )
        until = time.monotonic() + 60
        with pytest.raises(DnsTrouble, match="no time left"):
            Resolvers(servers, time.monotonic, allowance).addresses("nic.example", until)
        assert not [name for name, _ in server.asked if name == "nic.example"]
        assert Resolvers(servers, time.monotonic).addresses("nic.example", until) == ("192.0.2.1",)


def test_silent_servers_cost_a_mail_five_seconds_and_all_mails_ten_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the limits as they are, and a clock that only waiting moves."""
    now = [1000.0]

    def keep_waiting(_question: object, _server: Nameserver, seconds: float) -> None:
        now[0] += seconds
        raise dns.exception.Timeout

    monkeypatch.undo()
    monkeypatch.setattr(dns_questions, "_exchange", keep_waiting)
    shared = DnsLookups(Resolvers((Nameserver("192.0.2.53", 53),), lambda: now[0], Allowance()))
    first = shared.for_mail()
    for number in range(9):
        assert first.ask(f"n{number}.example", "TXT").trouble
    assert now[0] == 1005
    for number in range(90):
        assert shared.for_mail().ask(f"m{number}.example", "TXT").trouble
    assert now[0] == 1010


class LostOnce(dict[tuple[str, str], Behaviour]):
    """A table whose first answer gets lost."""

    lost = 0

    def get(self, key: tuple[str, str], default: object = None) -> Any:  # type: ignore[override]
        if key[1] == "TXT" and not self.lost:
            self.lost += 1
            return HANG
        return super().get(key, default)


def test_a_lost_packet_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = [60.0, 0.3]
    ask = dns_questions._exchange
    monkeypatch.setattr(dns_questions, "_exchange", lambda *what: ask(*what[:2], patience.pop()))
    with LoopbackDns({}) as server:
        server.table = LostOnce({("nic.example", "TXT"): ["hello"]})
        assert lookups(server).for_mail().ask("nic.example", "TXT").texts == (b"hello",)
        assert len(server.asked) == 2


def test_the_same_limits_hold_for_all_who_ask_in_the_program(desk: Desk) -> None:
    desk.app.__dict__["config"] = desk.app.config.model_copy(
        update={"dns": desk.app.config.dns.model_copy(update={"resolver": "192.0.2.53:53"})}
    )
    asked_by_mails = desk.app.net.resolvers
    assert asked_by_mails.allowance is not None
    assert desk.app.net.mail_authentication.dns is not None
    assert desk.app.net.mail_authentication.dns._resolvers is asked_by_mails
    _, dane = desk.app.net.published_keys.sources
    assert isinstance(dane, DaneKeys)
    assert dane.resolvers is asked_by_mails
    _, dane = desk.app.net.refreshed_keys.sources
    assert isinstance(dane, DaneKeys)
    assert dane.resolvers.allowance is None


def test_nothing_is_kept_of_what_has_no_time_to_live() -> None:
    with LoopbackDns({("nic.example", "A"): ["192.0.2.1"]}) as server:
        shared = lookups(server)
        for _ in range(2):
            assert shared.for_mail().ask("no.example", "TXT") == Answer(is_nxdomain=True)
        assert len(server.asked) == 2


def test_without_a_resolver_there_is_trouble() -> None:
    nobody = DnsLookups(Resolvers((), time.monotonic, Allowance()))
    assert nobody.for_mail().ask("nic.example", "TXT").trouble == "no resolver is known"
    assert nobody.for_mail().texts("nic.example") is None
