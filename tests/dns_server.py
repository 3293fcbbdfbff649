"""A DNS server on loopback for tests, UDP and TCP on one port, that answers from a table and can misbehave.

with LoopbackDns({("nic.example", "TXT"): ["v=spf1 -all"]}) as server:
    server.port, server.asked
"""

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.ports import free_port

SERVFAIL: Final = "SERVFAIL"  # an honest failure
HANG: Final = "HANG"  # never answer
GARBAGE: Final = "GARBAGE"  # octets that are no message
Behaviour = Sequence[str] | str

UDP_OCTETS: Final = 512


class LoopbackDns:
    """Answers by name and type; names that stand nowhere do not exist, other types of known names are empty.

    TXT values are written as text and cut into strings of 255 octets; a CNAME is followed by the server.
    """

    def __init__(self, table: Mapping[tuple[str, str], Behaviour]) -> None:
        self.asked: list[tuple[str, str]] = []
        self.over_tcp: list[tuple[str, str]] = []
        self.table = dict(table)
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.port = free_port()
        self._tcp = socket.create_server(("127.0.0.1", self.port))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._udp.settimeout(0.05)

    def __enter__(self) -> Self:
        self._run(self._serve_udp)
        self._run(self._serve_tcp)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        for thread in self._threads:
            thread.join(60)
        self._udp.close()

    def _run(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve_udp(self) -> None:
        while not self._over.is_set():
            try:
                octets, peer = self._udp.recvfrom(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if answer := self._answer(octets, is_tcp=False):
                self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            self._run(self._talk_tcp, connection)

    def _talk_tcp(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(60)
            length = int.from_bytes(connection.recv(2), "big")
            answer = self._answer(connection.recv(length), is_tcp=True)
            connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, octets: bytes, is_tcp: bool) -> bytes:
        try:
            query = dns.message.from_wire(octets)
        except dns.exception.DNSException:
            return b""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        (self.over_tcp if is_tcp else self.asked).append((name, kind))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        behaviour = self.table.get((name, kind), ())
        if behaviour == HANG:
            return b""
        if behaviour == GARBAGE:
            return b"\xff" * 40
        if behaviour == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, kind)
        wire = response.to_wire(max_size=65535)
        if len(wire) > UDP_OCTETS and not is_tcp:
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(20):
            alias = self.table.get((name, "CNAME"))
            if alias is None:
                break
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{alias[0]}."))
            name = alias[0]
        values = self.table.get((name, kind), ())
        if values:
            texts = [_txt(one) if kind == "TXT" else one for one in values]
            response.answer.append(dns.rrset.from_text(f"{name.rstrip('.')}.", 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.table):
            response.set_rcode(dns.rcode.NXDOMAIN)


def _txt(text: str) -> str:
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
