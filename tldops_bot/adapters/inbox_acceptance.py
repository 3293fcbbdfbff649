"""Commits raw mails before their 250: those that arrive while a commit is under way share the next one."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from tldops_bot.adapters.smtp_terms import NotStored
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import StoreBusy

MOST_AT_ONCE = 200
CROWD = 4  # mails in one commit
CROWD_SECONDS = 0.05

log = logging.getLogger(__name__)

Waiting = tuple[bytes, Envelope, datetime, "asyncio.Future[None]"]


class Acceptance:
    """`accept` returns once the mail is on disk; group commit lets a thousand a second through one file."""

    def __init__(self, database: Database, now: Callable[[], datetime], after: Callable[[], None]) -> None:
        self._database, self._now, self._after = database, now, after
        self._waiting: list[Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._calming: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="acceptance")

    @property
    def is_crowded(self) -> bool:
        """Mail comes in faster than one at a time; who works on what came before had better wait. From any thread."""
        return self._calming is not None

    async def accept(self, octets: bytes, envelope: Envelope) -> None:
        """Store one mail. Raises NotStored when that failed: locked, full, read-only, gone."""
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
            await loop.run_in_executor(self._thread, self._store, [one[:3] for one in batch])
        except Exception as problem:  # noqa: BLE001  whatever broke, these mails are not on disk: 451
            log.error("%d mails could not be stored: %s", len(batch), type(problem).__name__)
            if len(batch) > 1 and not isinstance(problem, StoreBusy):  # it may be one of them alone
                for one in batch:
                    await self._commit([one])
                return
            for *_, stored in batch:
                _settle(stored, NotStored())
            return
        for *_, stored in batch:
            _settle(stored, None)
        self._after()

    def _note_crowd(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._calming is not None:
            self._calming.cancel()
        self._calming = loop.call_later(CROWD_SECONDS, self._calm)

    def _calm(self) -> None:
        self._calming = None

    def _store(self, mails: list[tuple[bytes, Envelope, datetime]]) -> None:
        with self._database.beside() as session:
            inbox.accept(session, mails)

    def close(self) -> None:
        """Let the last commit end."""
        self._thread.shutdown(wait=True)


def _settle(stored: "asyncio.Future[None]", problem: Exception | None) -> None:
    if stored.done():
        return
    if problem is None:
        stored.set_result(None)
    else:
        stored.set_exception(problem)
