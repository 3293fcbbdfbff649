"""Finds the keys published for a mailbox, by WKD, then by DANE; limited where strangers trigger it."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tldops_bot.domain.address import address_key, domain_of
from tldops_bot.domain.key_discovery import NoKey

HOUR_SECONDS = 3600.0
MAX_AN_HOUR = 30
MAX_OF_A_DOMAIN = 6  # per hour
MAX_REMEMBERED = 256


class Source(Protocol):
    """One place where keys are published."""

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey: ...


@dataclass(frozen=True, slots=True)
class Published:
    """All sources, asked in order and without limits: for addresses we look up on our own behalf."""

    sources: tuple[Source, ...]

    def find(self, address: str) -> tuple[bytes, ...]:
        """What the first source with any keys publishes, unchecked; () if none has any."""
        for source in self.sources:
            found = source.fetch(address)
            if not isinstance(found, NoKey):
                return found
        return ()


@dataclass(slots=True)
class KeyFinder:
    """The same for strangers' addresses: few per hour, fewer per domain, each answer cached for an hour.

    Shared by threads. One looks at a time and the others go without, so that a slow server never holds up all
    mail. `clock` is in seconds and monotonic.
    """

    published: Published
    clock: Callable[[], float]
    max_an_hour: int = MAX_AN_HOUR
    max_of_a_domain: int = MAX_OF_A_DOMAIN
    _asked: deque[tuple[float, str]] = field(default_factory=deque)
    _known: OrderedDict[str, tuple[float, tuple[bytes, ...]]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def find(self, address: str) -> tuple[bytes, ...]:
        """Key data for a mailbox, unchecked; () if there is none, or too much was asked lately."""
        key, domain = address_key(address), domain_of(address)
        with self._lock:
            now = self.clock()
            self._forget(now - HOUR_SECONDS)
            if key in self._known:
                return self._known[key][1]
            if not domain or not self._may_ask(domain) or not self._looking.acquire(blocking=False):
                return ()
            self._asked.append((now, domain))
        try:
            found = self.published.find(address)
        finally:
            self._looking.release()
        with self._lock:
            self._known[key] = (self.clock(), found)
            while len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _may_ask(self, domain: str) -> bool:
        of_domain = sum(one == domain for _, one in self._asked)
        return len(self._asked) < self.max_an_hour and of_domain < self.max_of_a_domain

    def _forget(self, before: float) -> None:
        while self._asked and self._asked[0][0] <= before:
            self._asked.popleft()
        outdated = [key for key, (at, _) in self._known.items() if at <= before]
        for key in outdated:
            del self._known[key]
