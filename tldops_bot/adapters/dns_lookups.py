"""DNS look-ups for one mail, limited in time and number; trouble is a value here, not an exception."""

from dataclasses import dataclass
from typing import Final, Literal

import dns.exception
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from tldops_bot.adapters.dns_questions import DnsTrouble, Resolvers

MAX_SECONDS: Final = 5.0  # for one mail
MAX_QUESTIONS: Final = 40  # for one mail; SPF alone may need 10 and their addresses
MAX_VALUES: Final = 50
MAX_TEXT_OCTETS: Final = 4096
CACHED_NAMES: Final = 2000

Kind = Literal["A", "AAAA", "MX", "PTR", "SOA", "TXT"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS says. TXT in octets, its strings joined; names without the last dot; MX as "10 mx.example"."""

    texts: tuple[bytes, ...] = ()
    values: tuple[str, ...] = ()
    is_nxdomain: bool = False
    trouble: str = ""


class DnsLookups:
    """One for the whole program; thread-safe. Answers are cached for as long as the DNS allows."""

    def __init__(self, resolvers: Resolvers) -> None:
        self._resolvers = resolvers
        self._cache = dns.resolver.LRUCache(CACHED_NAMES)

    def for_mail(self) -> "MailLookups":
        """The look-ups for one mail, whose time begins now."""
        return MailLookups(self, self._resolvers.clock() + MAX_SECONDS)

    def ask(self, name: str, kind: Kind, until: float) -> Answer:
        """Ask one question; the answer has to come before `until`."""
        try:
            return _read(self._answer(dns.name.from_text(name), dns.rdatatype.from_text(kind), until))
        except DnsTrouble as problem:
            return Answer(trouble=str(problem))
        except (dns.exception.DNSException, UnicodeError) as problem:
            return Answer(trouble=type(problem).__name__)

    def _answer(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, until: float
    ) -> dns.resolver.Answer:
        key = (name, kind, dns.rdataclass.IN)
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        message = self._resolvers.ask(name, kind, until, for_proof=False)
        answer = dns.resolver.Answer(name, kind, dns.rdataclass.IN, message)
        if answer.rrset is not None or message.authority:  # a negative answer's TTL
            self._cache.put(key, answer)
        return answer


class MailLookups:
    """The look-ups for one mail: limited in seconds and in number, and no question is asked twice."""

    def __init__(self, lookups: DnsLookups, until: float) -> None:
        self._lookups, self._until = lookups, until
        self._answers: dict[tuple[str, Kind], Answer] = {}

    def ask(self, name: str, kind: Kind) -> Answer:
        """What the DNS says of a name, or why that cannot be known now."""
        key = (name.lower().rstrip("."), kind)
        if not _is_askable(key[0]):
            return Answer(is_nxdomain=True)
        if key not in self._answers:
            if len(self._answers) >= MAX_QUESTIONS:
                return Answer(trouble="too many questions")
            self._answers[key] = self._lookups.ask(*key, self._until)
        return self._answers[key]

    def texts(self, name: str) -> tuple[str, ...] | None:
        """The TXT records of a name; None when the DNS is in trouble."""
        answer = self.ask(name, "TXT")
        return None if answer.trouble else tuple(one.decode("ascii", "replace") for one in answer.texts)

    def exists(self, name: str) -> bool | None:
        """Whether the name has an address or a mail server (RFC 9989, 3.2.13); None if not known now."""
        answers = [self.ask(name, kind) for kind in ("A", "AAAA", "MX")]
        if any(one.values for one in answers):
            return True
        return None if any(one.trouble for one in answers) else False


def _is_askable(name: str) -> bool:
    """Whether a name is short enough to ask for. If not, it never will be: no trouble of the DNS."""
    return bool(name) and len(name) <= 253 and all(0 < len(label) <= 63 for label in name.split("."))


def _read(answer: dns.resolver.Answer) -> Answer:
    if answer.response.rcode() == dns.rcode.NXDOMAIN:
        return Answer(is_nxdomain=True)
    records = list(answer.rrset or ())[:MAX_VALUES]
    if answer.rdtype == dns.rdatatype.TXT:
        texts = (b"".join(one.strings) for one in records)
        return Answer(texts=tuple(one for one in texts if len(one) <= MAX_TEXT_OCTETS))
    return Answer(values=tuple(one.to_text().removesuffix(".") for one in records))
