"""What this node has claimed from the outbox, and until when; other nodes take over from one that is gone.

A node that stood still for longer than its leases last finds that out before it hands anything over.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tldops_bot.store import outbox_leases
from tldops_bot.store.outbox import Claimed

LEASE = timedelta(minutes=15)  # longer than SMTP's own time-outs
LOOK_SECONDS = 60.0  # at most, between two looks: ours renewed, lost ones taken back


@dataclass(frozen=True, slots=True)
class Renewed:
    """That our leases were renewed, and which deliveries are ours no more, each with the claim we had."""

    at: datetime
    lost: Set[tuple[int, str]]


class Leases:
    """`look` in a writing transaction as soon as `is_time`, `take` what came of it once that is committed."""

    def __init__(self, length: timedelta, now: Callable[[], datetime], token: str) -> None:
        self.length = length
        self._now = now
        self._token = token
        self._turn = self._heard = 0  # the last one begun, and the last one of which we know what became
        self._until = now() + length
        self._not_ours: Set[tuple[int, str]] = frozenset()
        self._unheard: list[str] = []  # names of turns of which we never heard whether they were committed
        self._next = 0.0

    def next_turn(self) -> str:
        """A word for what is claimed now, and for nothing else."""
        self._turn += 1
        return f"{self._token}.{self._turn}"

    def is_ours(self, one: Claimed) -> bool:
        """Whether nobody else can have taken this over by now."""
        return not self.are_over() and (one.id, one.claim) not in self._not_ours

    def are_over(self) -> bool:
        """Whether we stood still, or the clock was set, for longer than a lease lasts."""
        return self._now() >= self._until

    def is_time(self, clock: float) -> bool:
        """Whether to look at them, by a clock that only runs forward."""
        if clock < self._next and not self.are_over():
            return False
        self._next = clock + min(LOOK_SECONDS, self.length.total_seconds() / 5)
        return True

    def look(self, session: Any, in_flight: Sequence[Claimed], now: datetime) -> Renewed:
        """Hold on to what is ours, free what nobody holds on to."""
        for token in self._unheard:
            outbox_leases.give_back(session, token)
        tokens = {one.claim for one in in_flight}
        held = outbox_leases.renew(session, [one.id for one in in_flight], tokens, now + self.length)
        outbox_leases.take_back(session, now)
        return Renewed(now, {(one.id, one.claim) for one in in_flight if one.id not in held})

    def take(self, renewed: Renewed | None) -> None:
        """The turn is committed."""
        self._heard = self._turn
        if renewed is not None:
            self._until, self._not_ours = renewed.at + self.length, renewed.lost
            self._unheard.clear()

    def turn_failed(self) -> None:
        """Or was committed, and we did not hear of it. Ours are renewed before anybody else looks at them."""
        if self._turn > self._heard:
            self._unheard.append(f"{self._token}.{self._turn}")
        self._heard, self._next = self._turn, 0.0
