"""Asks the DNS, within limits: seconds and questions for each mail, and seconds of waiting in all.

A sender chooses which name servers are asked. Whoever lets them answer slowly must not hold up an alert, so once
much time was waited within a minute, nothing more is asked for a while. Trouble is a value, never an exception.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import dns.exception
import dns.rdatatype
import dns.resolver

MAX_SECONDS: Final = 5.0  # for one mail
MAX_QUESTIONS: Final = 40  # for one mail; SPF alone may need 10 and their addresses
SECONDS_A_QUERY: Final = 2.0  # then the next name server is tried
ALLOWED_SECONDS: Final = 10.0  # of waiting, for all mails, in each WINDOW_SECONDS
WINDOW_SECONDS: Final = 60.0
MAX_VALUES: Final = 50
MAX_TEXT_OCTETS: Final = 4096
CACHED_NAMES: Final = 2000

Kind = Literal["A", "AAAA", "MX", "PTR", "TXT"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS says. TXT in octets, its strings joined; names without the last dot; MX as "10 mx.example"."""

    texts: tuple[bytes, ...] = ()
    values: tuple[str, ...] = ()
    is_nxdomain: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """A resolver to ask instead of the system's."""

    host: str
    port: int


class DnsLookups:
    """One for the program; thread-safe. `monotonic` tells seconds."""

    def __init__(self, monotonic: Callable[[], float], nameserver: Nameserver | None = None) -> None:
        self._monotonic = monotonic
        self._resolver = _resolver(nameserver)
        self._waited: deque[tuple[float, float]] = deque()
        self._lock = threading.Lock()

    def for_mail(self) -> "MailLookups":
        """The look-ups for one mail, whose time begins now."""
        return MailLookups(self, self._monotonic() + MAX_SECONDS)

    def ask(self, name: str, kind: Kind, until: float) -> Answer:
        """One question, to be answered before the moment `until`."""
        began = self._monotonic()
        seconds = min(until - began, self._allowed(began))
        if seconds <= 0:
            return Answer(trouble="no time left")
        if self._resolver is None:
            return Answer(trouble="no resolver is known")
        try:
            return _read(
                self._resolver.resolve(name, kind, lifetime=seconds, search=False, raise_on_no_answer=False)
            )
        except dns.resolver.NXDOMAIN:
            return Answer(is_nxdomain=True)
        except (dns.exception.DNSException, UnicodeError) as problem:
            return Answer(trouble=type(problem).__name__)
        finally:
            self._note(began, self._monotonic() - began)

    def _allowed(self, now: float) -> float:
        with self._lock:
            while self._waited and self._waited[0][0] < now - WINDOW_SECONDS:
                self._waited.popleft()
            return ALLOWED_SECONDS - sum(seconds for _, seconds in self._waited)

    def _note(self, began: float, seconds: float) -> None:
        """Answers from the cache or next door cost nothing worth counting."""
        if seconds >= 0.05:
            with self._lock:
                self._waited.append((began, seconds))


class MailLookups:
    """The look-ups for one mail: so many seconds and questions; each question is asked once."""

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
        """Has the name an address or a mail server (RFC 9989 section 3.2.13)? None: not to be known now."""
        answers = [self.ask(name, kind) for kind in ("A", "AAAA", "MX")]
        if any(one.values for one in answers):
            return True
        return None if any(one.trouble for one in answers) else False


def _is_askable(name: str) -> bool:
    """No name that is too long to ask for: that is no trouble of the DNS, and stays so."""
    return bool(name) and len(name) <= 253 and all(0 < len(label) <= 63 for label in name.split("."))


def _resolver(nameserver: Nameserver | None) -> dns.resolver.Resolver | None:
    try:
        resolver = dns.resolver.Resolver(configure=nameserver is None)
    except dns.resolver.NoResolverConfiguration:
        return None
    if nameserver is not None:
        resolver.nameservers = [nameserver.host]
        resolver.port = nameserver.port
    resolver.timeout = SECONDS_A_QUERY
    resolver.cache = dns.resolver.LRUCache(CACHED_NAMES)
    return resolver


def _read(answer: dns.resolver.Answer) -> Answer:
    records = list(answer.rrset or ())[:MAX_VALUES]
    if answer.rdtype == dns.rdatatype.TXT:
        texts = (b"".join(one.strings) for one in records)
        return Answer(texts=tuple(one for one in texts if len(one) <= MAX_TEXT_OCTETS))
    return Answer(values=tuple(one.to_text().removesuffix(".") for one in records))
