"""Commits raw mails before their 250; those that arrive during a commit share the next one.

What is left of a full disk is for the mails of people here: whoever can send mail could fill it.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from tldops_bot.adapters.smtp_terms import NotStored
from tldops_bot.domain.address import address_key
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import StoreBusy

MOST_AT_ONCE = 200
CROWD = 8  # mails per commit; a handful of clients, each waiting for its 250, is no crowd
CROWD_SECONDS = 0.05

log = logging.getLogger(__name__)

Waiting = tuple[bytes, Envelope, datetime, "asyncio.Future[None]"]


class Acceptance:
    """`accept` returns once the mail is on disk; sharing commits lets a thousand a second into one file."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        after: Callable[[], None],
        is_full: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_full`: the disk has hardly any room left."""
        self._database, self._now, self._after, self._is_full = database, now, after, is_full
        self._waiting: list[Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._calming: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="acceptance")

    @property
    def is_crowded(self) -> bool:
        """Whether mails arrive faster than one at a time; intake had better wait. From any thread."""
        return self._calming is not None

    async def accept(self, octets: bytes, envelope: Envelope) -> None:
        """Store one mail. Raises NotStored if that failed: locked, full, read-only, gone."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((octets, envelope, self._now(), stored))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        await stored

    async def _commit_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            await self._commit(batch)

    async def _commit(self, batch: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        if len(batch) >= CROWD:
            self._note_crowd(loop)
        try:
            taken = await loop.run_in_executor(self._thread, self._store, [one[:3] for one in batch])
        except Exception as problem:  # noqa: BLE001  whatever broke, these mails are not on disk: 451
            log.error("%d mails could not be stored: %s", len(batch), type(problem).__name__)
            if len(batch) > 1 and not isinstance(problem, StoreBusy):  # perhaps only one of them is at fault
                for one in batch:
                    await self._commit([one])
                return
            for *_, stored in batch:
                _settle(stored, NotStored())
            return
        for (*_, stored), is_taken in zip(batch, taken, strict=True):
            _settle(stored, None if is_taken else NotStored())
        self._after()

    def _note_crowd(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._calming is not None:
            self._calming.cancel()
        self._calming = loop.call_later(CROWD_SECONDS, self._calm)

    def _calm(self) -> None:
        self._calming = None

    def _store(self, mails: list[tuple[bytes, Envelope, datetime]]) -> list[bool]:
        """Which of them were stored."""
        with self._database.beside() as session:
            taken = [True for _ in mails]
            if self._is_full():
                known = inbox.stored_addresses(session, [envelope.mail_from for _, envelope, _ in mails])
                taken = [address_key(envelope.mail_from) in known for _, envelope, _ in mails]
            inbox.accept(session, [mail for mail, is_taken in zip(mails, taken, strict=True) if is_taken])
            return taken

    def close(self) -> None:
        """Wait for the last commit."""
        self._thread.shutdown(wait=True)


def _settle(stored: "asyncio.Future[None]", problem: Exception | None) -> None:
    if stored.done():
        return
    if problem is None:
        stored.set_result(None)
    else:
        stored.set_exception(problem)
