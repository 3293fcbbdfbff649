"""One question to the configured resolvers, its answer with signatures and as it came: DNSSEC is checked elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from tldops_bot.adapters.dns_lookups import Nameserver

TRY_SECONDS = 2.0
PAYLOAD_OCTETS = 1232  # what passes without fragments; more comes by TCP
_ANSWERED = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


class DnsTrouble(Exception):
    """No resolver gave an answer in time."""


@dataclass(slots=True)
class Resolvers:
    """Which resolvers are asked, and by which clock (seconds) we wait. The one that answered last is asked first."""

    servers: tuple[Nameserver, ...]
    clock: Callable[[], float]
    _first: int = 0

    def ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType, deadline: float) -> dns.message.Message:
        """The answer with its signatures, unchecked by the resolver: checking is ours. Raises DnsTrouble."""
        question = dns.message.make_query(name, kind, want_dnssec=True, payload=PAYLOAD_OCTETS)
        question.flags |= dns.flags.CD
        count = len(self.servers)
        for number in [(self._first + step) % count for step in range(count)]:
            left = deadline - self.clock()
            if left <= 0:
                break
            try:
                answer = _exchange(question, self.servers[number], min(TRY_SECONDS, left))
            except (dns.exception.DNSException, OSError, EOFError):
                continue
            if answer.rcode() in _ANSWERED:
                self._first = number
                return answer
        raise DnsTrouble

    def addresses(self, host: str, deadline: float) -> tuple[str, ...]:
        """The IP addresses of a host, () for one that does not exist. Raises DnsTrouble."""
        try:
            name = dns.name.from_text(host)
        except dns.exception.DNSException:
            return ()
        found: list[str] = []
        for kind in (dns.rdatatype.AAAA, dns.rdatatype.A):
            answer = self.ask(name, kind, deadline)
            # Whatever aliases there are: the resolver has followed them, and TLS decides who it is.
            sets = [one for one in answer.answer if one.rdtype == kind]
            found += [str(record.address) for one in sets for record in one]
        return tuple(dict.fromkeys(found))


def system_resolvers() -> tuple[Nameserver, ...]:
    """Those that this machine is set up with; () when it has none."""
    try:
        found: Sequence[object] = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(Nameserver(str(one), 53) for one in found)


def _exchange(question: dns.message.Message, server: Nameserver, seconds: float) -> dns.message.Message:
    """By UDP, and by TCP when the answer was cut."""
    answer, _ = dns.query.udp_with_fallback(
        question, server.host, timeout=seconds, port=server.port, ignore_unexpected=True, ignore_errors=True
    )
    return answer
