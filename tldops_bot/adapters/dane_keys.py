"""Looks up a mailbox's OPENPGPKEY records (RFC 7929); only what DNSSEC proves is taken (section 5.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.OPENPGPKEY import OPENPGPKEY

from tldops_bot.adapters.dns_questions import DnsTrouble, Resolvers
from tldops_bot.adapters.dnssec_chain import Chain, NotSecure, NotThere
from tldops_bot.domain.key_discovery import NoKey, openpgpkey_name

TIMEOUT_SECONDS = 5.0
MAX_RECORDS = 4
MAX_KEY_OCTETS = 32 * 1024  # for all together; nobody who wants mail publishes more


@dataclass(frozen=True, slots=True)
class DaneKeys:
    """Whom to ask, which anchors to trust, and what time it is."""

    resolvers: Resolvers
    trusted: tuple[DS, ...]
    now: Callable[[], datetime]
    timeout_seconds: float = TIMEOUT_SECONDS

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        """The octets of each record for a mailbox, unparsed. Blocks."""
        deadline = self.resolvers.clock() + self.timeout_seconds
        try:
            name = dns.name.from_text(openpgpkey_name(address) or ".")
        except dns.exception.DNSException:
            return NoKey("not_published")

        def ask(asked: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
            return self.resolvers.ask(asked, kind, deadline)

        try:
            found = Chain(ask, self.trusted, self.now().timestamp()).proven(name, dns.rdatatype.OPENPGPKEY)
        except NotThere:
            return NoKey("not_published")
        except NotSecure:
            return NoKey("not_trusted")
        except DnsTrouble:
            return NoKey("timed_out" if self.resolvers.clock() >= deadline else "unreachable")
        keys = tuple(bytes(one.key) for one in found if isinstance(one, OPENPGPKEY))[:MAX_RECORDS]
        return keys if sum(map(len, keys)) <= MAX_KEY_OCTETS else NoKey("too_large")
