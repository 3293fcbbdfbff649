"""A DNS server on loopback with signed zones: root, example and below; the tests' own trust anchor.

with signed_dns() as dns: dns.add("nic.example", name, "OPENPGPKEY", text); dns.anchors; dns.nameserver
"""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dns.rdtypes.ANY.DS import DS

from tldops_bot.adapters.dns_questions import Nameserver

TTL = 300
DAY = timedelta(days=1)


@dataclass
class Zone:
    """A zone with one key."""

    name: dns.name.Name
    secret: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def key(self):
        return dns.dnssec.make_dnskey(self.secret.public_key(), "ED25519", flags=257)

    def ds(self, digest: str = "SHA256") -> DS:
        return dns.dnssec.make_ds(self.name, self.key, digest)

    def sign(self, records: dns.rrset.RRset, ends: datetime) -> dns.rrset.RRset:
        signature = dns.dnssec.sign(
            records, self.secret, self.name, self.key, inception=ends - 60 * DAY, expiration=ends
        )
        return dns.rrset.from_rdata(records.name, TTL, signature)


@dataclass
class SignedDns:
    """What the server knows. `answers` may be changed by a test to lie."""

    zones: dict[str, Zone]
    answers: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], list[dns.rrset.RRset]] = field(
        default_factory=dict
    )
    broken: set[str] = field(default_factory=set)  # names that are answered SERVFAIL
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    nameserver: Nameserver = field(default_factory=lambda: Nameserver("127.0.0.1", 0))
    ends: datetime = field(default_factory=lambda: datetime.now(UTC) + 30 * DAY)

    @property
    def anchors(self) -> tuple[DS, ...]:
        return (self.zones["."].ds(),)

    def add(self, zone: str, name: str, kind: str, *texts: str, ends: datetime | None = None) -> None:
        """Signed records of a name."""
        records = dns.rrset.from_text(absolute(name), TTL, "IN", kind, *texts)
        signature = self.zones[zone].sign(records, ends or self.ends)
        self.answers[records.name, records.rdtype] = [records, signature]

    def unsigned(self, name: str, kind: str, *texts: str) -> None:
        records = dns.rrset.from_text(absolute(name), TTL, "IN", kind, *texts)
        self.answers[records.name, records.rdtype] = [records]

    def link(self, zone: str, parent: str, digest: str = "SHA256") -> None:
        """The parent's DS for a zone, and the zone's own DNSKEY."""
        self.add(parent, zone, "DS", self.zones[zone].ds(digest).to_text())
        self.own_key(zone)

    def own_key(self, zone: str) -> None:
        self.add(zone, zone, "DNSKEY", self.zones[zone].key.to_text())

    def at_once(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        """The answer as a resolver would hand it over, in the order in which the records were added."""
        answer = dns.message.make_response(dns.message.make_query(name, kind))
        answer.answer, answer.index = list(self.answers.get((name, kind), [])), None
        return answer

    def reply(self, wire: bytes) -> bytes | None:
        question = dns.message.from_wire(wire)
        one = question.question[0]
        self.asked.append(f"{one.name} {dns.rdatatype.to_text(one.rdtype)}")
        if self.silent:
            return None
        answer = dns.message.make_response(question, recursion_available=True)
        found = self.answers.get((one.name, one.rdtype))
        if one.name.to_text(omit_final_dot=True) in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found is not None:
            answer.answer.extend(found)
        elif not any(name == one.name for name, _ in self.answers):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire(max_size=65535)


def absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name)


def openpgpkey(octets: bytes) -> str:
    """The text form of an OPENPGPKEY record."""
    return base64.b64encode(octets).decode()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, socket = self.request
        answer = self.server.dns.reply(wire)  # type: ignore[attr-defined]
        if answer is None:
            return
        if len(answer) > 1232:
            cut = dns.message.make_response(dns.message.from_wire(wire))
            cut.flags |= dns.flags.TC
            answer = cut.to_wire()
        socket.sendto(answer, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        length = int.from_bytes(self.rfile.read(2))
        answer = self.server.dns.reply(self.rfile.read(length))  # type: ignore[attr-defined]
        if answer is not None:
            self.wfile.write(len(answer).to_bytes(2) + answer)


@contextmanager
def signed_dns() -> Iterator[SignedDns]:
    """A server for the zones ".", "example" and "nic.example", chained to a fresh trust anchor."""
    held = SignedDns({name: Zone(absolute(name)) for name in (".", "example", "nic.example")})
    held.own_key(".")
    held.link("example", ".")
    held.link("nic.example", "example")
    with (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tcp) as tcp,
        socketserver.ThreadingUDPServer(tcp.server_address, _Udp) as udp,
    ):
        held.nameserver = Nameserver("127.0.0.1", tcp.server_address[1])
        threads = []
        for server in (tcp, udp):
            server.dns = held  # type: ignore[union-attr]
            threads.append(threading.Thread(target=server.serve_forever, args=(0.02,)))
            threads[-1].start()
        try:
            yield held
        finally:
            for server in (tcp, udp):
                server.shutdown()
            for thread in threads:
                thread.join()
