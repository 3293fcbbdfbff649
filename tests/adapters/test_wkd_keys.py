"""Keys from a Web Key Directory: over verified TLS, from public hosts, few octets, in little time."""

import ssl
import time
from collections.abc import Iterator

import pytest

from tests.https_server import Web, https_server, moved, ok
from tldops_bot.adapters.dns_questions import DnsTrouble
from tldops_bot.adapters.wkd_keys import MAX_HEADER_OCTETS, MAX_KEY_OCTETS, WebKeyDirectory, is_public
from tldops_bot.domain.key_discovery import NoKey, web_keys

ANN = "Ann@nic.example"
ADVANCED, DIRECT = web_keys(ANN)
KEY = b"\x99octets of a key"
Hosts = dict[str, tuple[str, ...]]
BOTH: Hosts = {ADVANCED.host: ("127.0.0.1",), DIRECT.host: ("127.0.0.1",)}


@pytest.fixture
def web() -> Iterator[Web]:
    with https_server(ADVANCED.host, DIRECT.host) as one:
        one.answers = [ok(KEY)]
        yield one


def directory(web: Web, hosts: Hosts, **changed) -> WebKeyDirectory:
    settings = {"tls": web.tls, "port": web.port, "is_allowed": lambda ip: True, "timeout_seconds": 60.0}
    return WebKeyDirectory(
        addresses=lambda host, _deadline: hosts.get(host, ()), clock=time.monotonic, **settings | changed
    )


def fetch(web: Web, hosts: Hosts | None = None, **changed) -> tuple[bytes, ...] | NoKey:
    return directory(web, BOTH if hosts is None else hosts, **changed).fetch(ANN)


def test_the_advanced_place_is_asked_first(web: Web) -> None:
    assert fetch(web) == (KEY,)
    lines = web.asked[0].split("\r\n")
    assert lines[0] == f"GET {ADVANCED.path} HTTP/1.1"
    assert f"Host: {ADVANCED.host}" in lines


def test_the_direct_place_is_asked_where_the_advanced_host_does_not_exist(web: Web) -> None:
    assert fetch(web, {DIRECT.host: ("127.0.0.1",)}) == (KEY,)
    assert web.asked[0].startswith(f"GET {DIRECT.path} ")


def test_the_direct_place_is_not_asked_where_the_advanced_one_has_no_key(web: Web) -> None:
    web.answers = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
    assert fetch(web) == NoKey("not_published")
    assert len(web.asked) == 1


def test_nobody_is_asked_about_a_domain_without_hosts(web: Web) -> None:
    assert fetch(web, {}) == NoKey("not_published")
    assert web.asked == []


def test_a_chunked_answer_is_put_together(web: Web) -> None:
    web.answers = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\x99oct\r\n2\r\nes\r\n0\r\n\r\n"
    ]
    assert fetch(web) == (b"\x99octes",)


def test_a_host_whose_certificate_is_not_signed_by_a_known_authority_is_not_believed(web: Web) -> None:
    assert fetch(web, tls=ssl.create_default_context()) == NoKey("not_trusted")


def test_a_certificate_for_another_host_is_not_believed() -> None:
    with https_server("elsewhere.example") as web:
        web.answers = [ok(KEY)]
        assert fetch(web) == NoKey("not_trusted")
        assert web.asked == []


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::1",
        "64:ff9b::a00:1",
        "fe80::1%eth0",
        "localhost",
        "",
    ],
)
def test_no_address_within_is_ever_connected_to(web: Web, ip: str) -> None:
    assert not is_public(ip)
    assert fetch(web, {ADVANCED.host: (ip,)}, is_allowed=is_public) == NoKey("forbidden_address")
    assert web.asked == []


@pytest.mark.parametrize("ip", ["198.41.0.4", "2001:500:9f::42", "::ffff:198.41.0.4", "64:ff9b::c629:4"])
def test_addresses_of_the_internet_are_public(ip: str) -> None:
    assert is_public(ip)


def test_a_redirection_on_the_same_host_is_followed(web: Web) -> None:
    web.answers = [moved("/keys/ann?l=Ann"), moved(f"https://{ADVANCED.host}/keys/there"), ok(KEY)]
    assert fetch(web) == (KEY,)
    assert [one.split(" ")[1] for one in web.asked[1:]] == ["/keys/ann?l=Ann", "/keys/there"]


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/key",
        "//evil.example/key",
        f"http://{ADVANCED.host}/key",
        f"https://{ADVANCED.host}:8443/key",
        f"https://{ADVANCED.host}:99999999/key",
        f"https://{ADVANCED.host}@evil.example/key",
        "file:///etc/passwd",
        "key",
        "",
        "/key\x01",
        "/k y",
        "https://[::1/key",
    ],
)
def test_no_redirection_leads_elsewhere(web: Web, to: str) -> None:
    web.answers = [moved(to), ok(KEY)]
    assert fetch(web) == NoKey("redirected")
    assert len(web.asked) == 1


def test_redirections_end(web: Web) -> None:
    web.answers = [moved("/again")]
    assert fetch(web) == NoKey("redirected")
    assert len(web.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-More: " + bytes(MAX_HEADER_OCTETS + MAX_KEY_OCTETS),  # and no end to it
        ok(bytes(MAX_KEY_OCTETS + 1)),
        ok(bytes(10 * MAX_KEY_OCTETS)),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MAX_KEY_OCTETS + 1),
    ],
)
def test_an_answer_that_is_too_large_is_left_alone(web: Web, answer: bytes) -> None:
    web.answers = [answer]
    assert fetch(web) == NoKey("too_large")


def test_the_largest_answer_that_is_taken(web: Web) -> None:
    web.answers = [ok(bytes(MAX_KEY_OCTETS))]
    assert fetch(web) == (bytes(MAX_KEY_OCTETS),)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_answer_is_none(web: Web, answer: bytes) -> None:
    web.answers = [answer]
    assert fetch(web) == NoKey("unreachable")


def test_a_host_that_drips_holds_us_up_only_so_long(web: Web) -> None:
    web.drips = True
    assert fetch(web, timeout_seconds=0.6) == NoKey("timed_out")  # all of it would take 3 s


def test_a_host_where_nobody_listens_is_unreachable(web: Web) -> None:
    assert fetch(web, port=9) == NoKey("unreachable")


def test_the_next_address_is_tried_where_the_first_does_not_answer_and_then_no_more(web: Web) -> None:
    assert fetch(web, {ADVANCED.host: ("127.0.0.2", "127.0.0.1")}) == (KEY,)
    assert fetch(web, {ADVANCED.host: ("127.0.0.2", "127.0.0.3", "127.0.0.1")}) == NoKey("unreachable")


def test_trouble_with_the_dns_is_told_from_no_key(web: Web) -> None:
    def trouble(_host: str, _deadline: float) -> tuple[str, ...]:
        raise DnsTrouble

    found = WebKeyDirectory(trouble, web.tls, time.monotonic).fetch(ANN)
    assert found == NoKey("unreachable")


def test_what_is_no_address_is_not_asked_about(web: Web) -> None:
    assert directory(web, BOTH).fetch("no address") == NoKey("not_published")
