"""Addresses of hosts, and raw answers, from the configured resolvers and no others."""

import time
from collections.abc import Iterator
from pathlib import Path

import dns.resolver
import pytest

from tests.dnssec_server import SignedDns, signed_dns
from tests.https_server import https_server, ok
from tldops_bot.adapters.dns_questions import DnsTrouble, Resolvers, system_resolvers
from tldops_bot.adapters.wkd_keys import WebKeyDirectory


@pytest.fixture
def dns_() -> Iterator[SignedDns]:
    with signed_dns() as one:
        yield one


def addresses(served: SignedDns, host: str, seconds: float = 60.0) -> tuple[str, ...]:
    return Resolvers((served.nameserver,), time.monotonic).addresses(host, time.monotonic() + seconds)


def test_both_kinds_of_addresses_are_found(dns_: SignedDns) -> None:
    dns_.unsigned("www.nic.example", "A", "192.0.2.1", "192.0.2.2")
    dns_.unsigned("www.nic.example", "AAAA", "2001:db8::1")
    assert set(addresses(dns_, "www.nic.example")) == {"192.0.2.1", "192.0.2.2", "2001:db8::1"}


def test_a_host_that_does_not_exist_has_none(dns_: SignedDns) -> None:
    assert addresses(dns_, "openpgpkey.nic.example") == ()


@pytest.mark.parametrize("host", ["a" * 64 + ".example", ".".join(["a" * 60] * 5), "a..example"])
def test_what_can_be_no_host_has_none(dns_: SignedDns, host: str) -> None:
    assert addresses(dns_, host) == ()
    assert dns_.asked == []


def test_trouble_is_told_from_not_existing(dns_: SignedDns) -> None:
    dns_.broken.add("www.nic.example")
    with pytest.raises(DnsTrouble):
        addresses(dns_, "www.nic.example")


def test_no_question_is_asked_after_the_deadline(dns_: SignedDns) -> None:
    with pytest.raises(DnsTrouble):
        addresses(dns_, "www.nic.example", seconds=-1)
    assert dns_.asked == []


def test_the_system_s_resolvers_are_those_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    real = dns.resolver.Resolver
    monkeypatch.setattr(dns.resolver, "Resolver", lambda: real(str(file)))
    assert [(one.host, one.port) for one in system_resolvers()] == [("192.0.2.53", 53), ("2001:db8::53", 53)]


def test_a_system_without_resolvers_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none)
    assert system_resolvers() == ()


def test_a_key_is_found_from_name_to_octets(dns_: SignedDns) -> None:
    """DNS, TLS and HTTP together, as the service has them, but for the port and loopback."""
    host = "openpgpkey.nic.example"
    dns_.unsigned(host, "A", "127.0.0.1")
    with https_server(host) as web:
        web.answers = [ok(b"\x99key")]
        resolvers = Resolvers((dns_.nameserver,), time.monotonic)
        found = WebKeyDirectory(
            resolvers.addresses, web.tls, time.monotonic, web.port, 60.0, lambda ip: ip == "127.0.0.1"
        )
        assert found.fetch("ann@nic.example") == (b"\x99key",)
