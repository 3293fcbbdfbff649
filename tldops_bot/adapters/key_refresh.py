"""Checks weekly whether a member's key was extended or revoked where it is published (WKD, DANE).

Only what proves itself is taken, and only into the key that is registered; no other key is ever taken from
there.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs._keys import keep_refreshed
from tldops_bot.store import people_keys
from tldops_bot.store.database import Database, Session, Urgency

EVERY = timedelta(days=7)
PAUSE_SECONDS = 5.0
MOST_AT_ONCE = 200  # per tick; the rest has its turn at the next one

log = logging.getLogger(__name__)


class OpenPgp(Protocol):
    """What is needed of gpg; both raise GpgUnavailable."""

    def inspect(self, keydata: bytes, at: datetime) -> tuple[Certificate, ...]: ...
    def merge(self, held: bytes, offered: bytes, at: datetime) -> bytes: ...


@dataclass(frozen=True, slots=True)
class KeyRefresh:
    """Where keys are looked for, and where what was found is kept; one short transaction per key."""

    database: Database
    openpgp: OpenPgp
    find: Callable[[str], tuple[bytes, ...]]
    context: Callable[[Session, datetime], JobContext]
    post: Callable[[Session, Sequence[Letter], datetime], None]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    after: Callable[[], None] = lambda: None
    is_stopping: Callable[[], bool] = lambda: False

    def run(self) -> int:
        """Look for each key that has not been looked for lately; returns how many had something new."""
        with self.database.read() as session:
            due = people_keys.keys_to_refresh(session, self.now() - EVERY, MOST_AT_ONCE)
        renewed = 0
        for number, (fingerprint, address) in enumerate(due):
            if number:
                self.sleep(PAUSE_SECONDS)
            if self.is_stopping():
                break
            try:
                renewed += self._refresh(fingerprint, address)
            except GpgUnavailable:
                log.warning("gpg could not look at a published key")
        if renewed:
            log.info("keys: %d had something new", renewed)
        return renewed

    def _refresh(self, fingerprint: str, address: str) -> bool:
        """The network and gpg come first; the transaction is opened afterwards."""
        with self.database.read() as session:
            row = people_keys.certificate_for(session, fingerprint)
            held = row.blob if row is not None else b""
        merged = self._merged(fingerprint, held, address)
        now = self.now()
        with self.database.write(Urgency.DELIVERY) as session:
            letters = keep_refreshed(self.context(session, now), fingerprint, held, merged)
            self.post(session, letters, now)
        if letters or merged:
            self.after()
        return bool(merged)

    def _merged(self, fingerprint: str, held: bytes, address: str) -> tuple[Certificate, ...]:
        """The held certificate with all that its published copies prove; () if that is nothing new."""
        now, merged = self.now(), held
        for blob in self.find(address):
            for found in self.openpgp.inspect(blob, now):
                if found.fingerprint == fingerprint:
                    merged = self.openpgp.merge(merged, found.blob, now)
        return self.openpgp.inspect(merged, now) if merged != held else ()
