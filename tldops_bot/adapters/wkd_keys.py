"""Fetches a mailbox's key from its Web Key Directory (draft-koch-openpgp-webkey-service section 3.1).

Whoever writes to us chooses the host. Hence: public addresses only, resolved here and connected to as
resolved; verified TLS; one deadline for everything; few octets; no redirection to another host.
"""

import http.client
import io
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tldops_bot.adapters.dns_questions import DnsTrouble
from tldops_bot.domain.key_discovery import NoKey, WebKey, web_keys

MAX_KEY_OCTETS = 64 * 1024
MAX_HEADER_OCTETS = 16 * 1024
TIMEOUT_SECONDS = 5.0  # a stranger's mail waits for it
MAX_REDIRECTS = 2
MAX_ADDRESSES = 2  # addresses of one host to try
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Addresses = Callable[[str, float], tuple[str, ...]]


class _Refusal(Exception):
    """Why there is no key; becomes NoKey."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WebKeyDirectory:
    """Where hosts are resolved, which certificates are trusted, and by which clock (seconds) we wait.

    `addresses(host, deadline)` gives the host's IP addresses, () for a host that does not exist.
    """

    addresses: Addresses
    tls: ssl.SSLContext
    clock: Callable[[], float]
    port: int = 443
    timeout_seconds: float = TIMEOUT_SECONDS
    is_allowed: Callable[[str], bool] = lambda address: is_public(address)

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        """The octets published for a mailbox, not looked at. Blocks."""
        deadline = self.clock() + self.timeout_seconds
        try:
            for place in web_keys(address):
                ips = self.addresses(place.host, deadline)
                if ips:  # if the host of the advanced method exists, the direct one is not asked
                    return (self._get(place, ips, deadline),)
        except _Refusal as refusal:
            return NoKey(refusal.reason)
        except (DnsTrouble, TimeoutError):
            return NoKey("timed_out" if self.clock() >= deadline else "unreachable")
        except ssl.SSLCertVerificationError:
            return NoKey("not_trusted")
        except (OSError, UnicodeError):  # UnicodeError: a host name that is none
            return NoKey("unreachable")
        return NoKey("not_published")

    def _get(self, place: WebKey, ips: tuple[str, ...], deadline: float) -> bytes:
        """The document at a place, perhaps moved on the same host."""
        path = place.path
        for _ in range(1 + MAX_REDIRECTS):
            status, location, octets = _parsed(self._exchange(place.host, path, ips, deadline))
            if status == http.client.OK:
                return octets
            if status not in _REDIRECTS:
                raise _Refusal("not_published")
            path = _same_host(location, place.host)
        raise _Refusal("redirected")

    def _exchange(self, host: str, path: str, ips: tuple[str, ...], deadline: float) -> bytes:
        allowed = [ip for ip in ips if self.is_allowed(ip)][:MAX_ADDRESSES]
        if not allowed:
            raise _Refusal("forbidden_address")
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
        with self._connected(allowed, deadline) as plain:
            plain.settimeout(self._left(deadline))
            with self.tls.wrap_socket(plain, server_hostname=host) as connection:
                connection.sendall(request.encode("ascii"))
                return self._read_all(connection, deadline)

    def _connected(self, ips: list[str], deadline: float) -> socket.socket:
        """Connect to the first address that answers; if none does, the last failure is raised."""
        for ip in ips[:-1]:
            try:
                return socket.create_connection((ip, self.port), self._left(deadline) / 2)
            except OSError:
                continue
        return socket.create_connection((ips[-1], self.port), self._left(deadline))

    def _read_all(self, connection: ssl.SSLSocket, deadline: float) -> bytes:
        """To the end of the stream: a server that drips runs into the deadline, one that pours into the limit."""
        octets = bytearray()
        while True:
            connection.settimeout(self._left(deadline))
            piece = connection.recv(8192)
            if not piece:
                return bytes(octets)
            octets += piece
            if len(octets) > MAX_HEADER_OCTETS + MAX_KEY_OCTETS:
                raise _Refusal("too_large")

    def _left(self, deadline: float) -> float:
        left = deadline - self.clock()
        if left <= 0:
            raise TimeoutError
        return left


class _Recorded:
    """What http.client reads an answer from: it asks nothing else of a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._octets)


def _parsed(octets: bytes) -> tuple[int, str, bytes]:
    """Status, Location and body of an answer; raises _Refusal."""
    response = http.client.HTTPResponse(_Recorded(octets), method="GET")  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError) as broken:
        raise _Refusal("unreachable") from broken
    if len(body) > MAX_KEY_OCTETS:
        raise _Refusal("too_large")
    return response.status, response.getheader("Location") or "", body


def _same_host(location: str, host: str) -> str:
    """The path to go on with; raises _Refusal for another host, port or scheme."""
    try:
        parts = urlsplit(location)
        is_here = parts.scheme == "https" and parts.hostname == host and parts.port in (None, 443)
    except ValueError:
        raise _Refusal("redirected") from None
    is_local = not parts.scheme and not parts.netloc
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not (is_here or is_local) or not target.startswith("/") or not _is_plain(target):
        raise _Refusal("redirected")
    return target


def _is_plain(target: str) -> bool:
    """Whether nothing in it could end the request line."""
    return target.isascii() and target.isprintable() and " " not in target


def is_public(address: str) -> bool:
    """Whether this is an address of the public internet, however it is wrapped."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        inside = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inside.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        inner = [one for one in inside if one is not None] or [ip]
    return all(one.is_global and not one.is_multicast for one in inner)
