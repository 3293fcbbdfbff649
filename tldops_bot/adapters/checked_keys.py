"""Has gpg check what each certificate says of itself once, not again with every mail it has signed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.store import people_keys
from tldops_bot.store.database import Database, Urgency

EVERY = timedelta(minutes=1)
LASTS = timedelta(days=7)  # then gpg looks again: it may have learned to refuse something
MOST_AT_ONCE = 500
PAUSE_SECONDS = 0.02  # after a few milliseconds of work: with thousands to check, mail has the processors

log = logging.getLogger(__name__)


class Checks(Protocol):
    """What is needed of gpg; it raises GpgUnavailable."""

    def checked(self, certificate: bytes, at: datetime) -> bytes: ...


@dataclass(frozen=True, slots=True)
class CheckedKeys:
    """Keeps a checked keyring beside each certificate, made while no transaction waits for it.

    Until there is one, mails are verified with the certificate itself, which takes gpg twice as long.
    """

    database: Database
    openpgp: Checks
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    is_stopping: Callable[[], bool] = lambda: False

    def run(self) -> int:
        """Check those that are new, have changed, or were checked a week ago; returns how many."""
        now = self.now()
        with self.database.read() as session:
            due = people_keys.to_be_checked(session, now - LASTS, MOST_AT_ONCE)
        made: list[tuple[str, bytes, bytes]] = []
        for fingerprint, octets in due:
            if self.is_stopping():
                break
            made.append((fingerprint, octets, self._checked(octets, now)))
            self.sleep(PAUSE_SECONDS)
        if made:
            with self.database.write(Urgency.DELIVERY) as session:
                people_keys.keep_checked(session, made, now)
        return len(made)

    def _checked(self, certificate: bytes, now: datetime) -> bytes:
        """b"" where gpg fails, whatever the reason: one certificate must not hold up the others."""
        try:
            return self.openpgp.checked(certificate, now)
        except GpgUnavailable:
            log.warning("gpg could not check a key that is held; this is tried again in a week")
            return b""
