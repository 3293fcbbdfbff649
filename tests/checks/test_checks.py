"""Single checks where the DNS, the ports or the clock are as they are elsewhere: neither right nor plainly wrong."""

import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.broken_setups import SENDS_FROM, Place, healthy, servers
from tests.dns_server import SERVFAIL
from tldops_bot.adapters import linux_clock, port_probe
from tldops_bot.checks.dns_records import dns_records
from tldops_bot.domain.finding import Finding, State

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def around() -> Iterator[object]:
    with servers(NOW) as found:
        yield found


@pytest.fixture
def place(around: object) -> Iterator[Place]:
    with healthy(around, NOW) as one:  # type: ignore[arg-type]
        yield one


def found(place: Place, check: str, name: str) -> Finding:
    (one,) = [one for one in place.examine(check) if one.check == name]
    return one


# --- where mail leaves from


def test_beside_a_mail_server_of_our_own_mail_leaves_from_where_it_comes_in(place: Place) -> None:
    place.set("smarthost", "sends_from = []")
    assert found(place, "dns_records", "spf").says == f"{SENDS_FROM} may send for lists.example"


def test_a_relay_elsewhere_sends_from_its_own_addresses(place: Place) -> None:
    place.set("smarthost", "sends_from = []")
    place.set("smarthost", 'host = "relay.example.net"')
    place.dns.table["relay.example.net", "A"] = ["198.51.100.7"]
    assert found(place, "dns_records", "spf").says == "198.51.100.7 may not send for lists.example (fail)"
    assert "7.100.51.198.in-addr.arpa" in found(place, "dns_records", "reverse name").mend


def test_of_a_relay_in_our_own_network_nobody_knows_its_address_outside(place: Place) -> None:
    place.set("smarthost", "sends_from = []")
    place.set("smarthost", 'host = "relay.example.net"')
    place.dns.table["relay.example.net", "A"] = ["10.0.0.7"]
    spf = found(place, "dns_records", "spf")
    assert (spf.state, spf.mend) == (
        State.SKIPPED,
        "[smarthost] sends_from = [ADDRESS] tells them to this check",
    )


def test_ipv6_has_its_own_names(place: Place) -> None:
    place.set("smarthost", 'sends_from = ["2001:db8::25"]')
    pointer = "5.2.0.0" + ".0" * 20 + ".8.b.d.0.1.0.0.2.ip6.arpa"
    place.dns.table[pointer, "PTR"] = ["mx.lists.example."]
    place.dns.table["mx.lists.example", "AAAA"] = ["2001:db8::25"]
    place.dns.table["lists.example", "TXT"] = ["v=spf1 ip6:2001:db8::25 -all"]
    assert found(place, "dns_records", "reverse name").state is State.OK
    assert found(place, "dns_records", "spf").state is State.OK


# --- a DNS in trouble is no missing record


@pytest.mark.parametrize(
    ("names", "check"),
    [
        ([("lists.example", "TXT")], "spf"),
        ([("_domainkey.lists.example", "TXT")], "dkim"),
        ([("_dmarc.lists.example", "TXT"), ("_dmarc.example", "TXT")], "dmarc"),
        ([("25.2.0.192.in-addr.arpa", "PTR")], "reverse name"),
        ([("mx.lists.example", "A"), ("mx.lists.example", "AAAA")], "mx"),
    ],
)
def test_trouble_is_told_apart_from_nothing(
    place: Place, names: Sequence[tuple[str, str]], check: str
) -> None:
    for name in names:
        place.dns.table[name] = SERVFAIL
    one = found(place, "dns_records", check)
    assert (one.state, one.mend) == (State.WARNING, "try again")


def test_where_no_dns_is_to_be_asked_none_is(place: Place) -> None:
    place.set("dns", 'resolver = "none"')
    before = len(place.dns.asked)
    (one,) = place.examine("dns_records")
    assert one.state is State.SKIPPED
    assert found(place, "clock", "clock").state in (State.OK, State.WARNING)
    assert len(place.dns.asked) == before


def test_a_machine_without_a_resolver(place: Place) -> None:
    with place.opened() as app, patch.object(app.net, "nameservers", ()):
        (one,) = dns_records(app)
    assert one.says == "no answer from anybody (no resolver is known)"


# --- ports and sockets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


def test_a_socket_where_nobody_listens_any_more_is_free(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(path))
    assert port_probe.look_at_socket(path).who == "nobody"
    assert port_probe.look_at_socket(path.with_name("none")).who == "nobody"


def test_a_file_in_the_place_of_a_socket_is_not(path: Path) -> None:
    path.write_text("")
    assert port_probe.look_at_socket(path).who == "another"


@pytest.mark.parametrize(
    ("greeting", "who", "said"),
    [
        (b"220 lists.example ESMTP tldops-bot\r\n", "us", "220 lists.example ESMTP tldops-bot"),
        (b"220 mx Postfix \x1b[2J\r\n", "another", "220 mx Postfix [2J"),
        (b"", "another", ""),
    ],
)
def test_who_listens_there_is_known_by_the_greeting(path: Path, greeting: bytes, who: str, said: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def greet() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        place = port_probe.look_at_socket(path)
        thread.join()
    assert (place.who, place.greeting) == (who, said)


def test_a_host_that_does_not_exist_is_no_address_of_ours() -> None:
    assert port_probe.look_at_port("256.256.256.256", 25).who == "no such address"


def test_the_listener_may_be_a_socket(place: Place) -> None:
    place.set("listener", 'socket = "var/lmtp.sock"')
    assert found(place, "listening", "listener").state is State.OK


# --- the clock


def test_the_kernel_is_asked_and_nothing_is_set() -> None:
    assert linux_clock.is_kept() in (True, False, None)


def test_a_system_that_does_not_say_is_no_trouble() -> None:
    with patch("ctypes.CDLL", side_effect=OSError):
        assert linux_clock.is_kept() is None


# --- one's own templates


def test_templates_of_one_s_own_that_can_be_read_are_well(place: Place) -> None:
    place.write("templates/letters/stuck.txt.j2", "Subject: x\n\n{{ mails }}\n")
    place.set("templates", 'directory = "templates"')
    assert found(place, "wording", "templates").state is State.OK
