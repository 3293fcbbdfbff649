"""The one way to ask the DNS: each configured resolver in turn, within a deadline and a budget of waiting.

The sender of a mail chooses which name servers get asked. Slow answers from them must not hold up an alert,
so once too much time has been spent waiting within a minute, nothing more is asked for a while.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

TRY_SECONDS: Final = 2.0  # then the next resolver is tried; in the end each of them a second time
ROUNDS: Final = 2
PAYLOAD_OCTETS: Final = 1232  # what passes unfragmented; larger answers come by TCP
ALLOWED_SECONDS: Final = 10.0  # spent waiting, for all mails together, in each WINDOW_SECONDS
WINDOW_SECONDS: Final = 60.0
_ANSWERED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


class DnsTrouble(Exception):
    """No resolver answered in time; the text says why, and mentions no name."""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """A resolver to ask."""

    host: str
    port: int


@dataclass(slots=True)
class Allowance:
    """How long we may wait for what strangers make us ask. Shared by threads."""

    _waited: deque[tuple[float, float]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def left(self, now: float) -> float:
        """The seconds left; zero or negative when they are used up."""
        with self._lock:
            while self._waited and self._waited[0][0] < now - WINDOW_SECONDS:
                self._waited.popleft()
            return ALLOWED_SECONDS - sum(seconds for _, seconds in self._waited)

    def note(self, began: float, seconds: float) -> None:
        """Answers from next door cost nothing worth counting."""
        if seconds >= 0.05:
            with self._lock:
                self._waited.append((began, seconds))


@dataclass(slots=True)
class Resolvers:
    """Which resolvers to ask, and the clock (in seconds) to wait by.

    The one that answered last is asked first. Without an `allowance` only each deadline counts: for what we
    ask on our own behalf.
    """

    servers: tuple[Nameserver, ...]
    clock: Callable[[], float]
    allowance: Allowance | None = None
    _first: int = 0

    def ask(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: float, for_proof: bool = True
    ) -> dns.message.QueryMessage:
        """The answer; `for_proof`: with its signatures, unchecked by the resolver. Raises DnsTrouble."""
        if not self.servers:
            raise DnsTrouble("no resolver is known")
        question = dns.message.make_query(
            name, kind, want_dnssec=for_proof, payload=PAYLOAD_OCTETS, use_edns=0
        )
        if for_proof:
            question.flags |= dns.flags.CD
        began = self.clock()
        if self.allowance is None:
            return self._asked(question, deadline)
        try:
            return self._asked(question, min(deadline, began + self.allowance.left(began)))
        finally:
            self.allowance.note(began, self.clock() - began)

    def _asked(self, question: dns.message.Message, deadline: float) -> dns.message.QueryMessage:
        count = len(self.servers)
        problem = "no time left"
        for number in [(self._first + step) % count for step in range(count)] * ROUNDS:
            left = deadline - self.clock()
            if left <= 0:
                break
            problem = "no answer"
            try:
                answer = _exchange(question, self.servers[number], min(TRY_SECONDS, left))
            except (dns.exception.DNSException, OSError, EOFError):
                continue
            if answer.rcode() in _ANSWERED:
                self._first = number
                return answer
        raise DnsTrouble(problem)

    def addresses(self, host: str, deadline: float) -> tuple[str, ...]:
        """The IP addresses of a host, () for one that does not exist. Raises DnsTrouble."""
        try:
            name = dns.name.from_text(host)
        except dns.exception.DNSException:
            return ()
        found: list[str] = []
        for kind in (dns.rdatatype.AAAA, dns.rdatatype.A):
            answer = self.ask(name, kind, deadline)
            # The resolver has followed any aliases; who the host really is, TLS decides.
            sets = [one for one in answer.answer if one.rdtype == kind]
            found += [str(record.address) for one in sets for record in one]
        return tuple(dict.fromkeys(found))


def system_resolvers() -> tuple[Nameserver, ...]:
    """The resolvers this machine is configured with; () if it has none."""
    try:
        found: Sequence[object] = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(Nameserver(str(one), 53) for one in found)


def _exchange(question: dns.message.Message, server: Nameserver, seconds: float) -> dns.message.QueryMessage:
    """Ask by UDP, and by TCP if the answer was truncated. A reply to some other question is ignored."""
    answer, _ = dns.query.udp_with_fallback(
        question, server.host, timeout=seconds, port=server.port, ignore_unexpected=True, ignore_errors=True
    )
    return cast(dns.message.QueryMessage, answer)
