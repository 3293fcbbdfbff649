"""`serve`: every part of the service started and stopped in order."""

import asyncio
import contextlib
import gc
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from tldops_bot.adapters.apscheduler_ticks import Ticks
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.inbox_acceptance import Acceptance
from tldops_bot.adapters.sequoia_encryption import MAX_CACHED, Encryption
from tldops_bot.adapters.smtp_listener import Listener
from tldops_bot.app import App
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.intake.workers import Workers
from tldops_bot.jobs import JOBS
from tldops_bot.store import recipients
from tldops_bot.store.database import StoreProblem

SHUTDOWN_SECONDS = 9.0
PARSED_TOGETHER = 200
LIST_KEY_TICK = timedelta(minutes=1)
IANA_TICK = timedelta(hours=1)
KEYS_TICK = timedelta(hours=6)


class Service:
    """`serve`: listener, intake, delivery and clock, started and stopped in order."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.encryption = Encryption()
        self.delivery = app.delivery(self.encryption)
        self.waking = app.wake_delivery(self.delivery.wake)
        self.workers = Workers(
            app.database,
            app.intake,
            app.config.operator.email,
            app.now,
            app.random_octets,
            after=self._go,
            threads=max(2, os.cpu_count() or 2),
            is_crowded=lambda: self.acceptance.is_crowded,
        )
        self.acceptance = Acceptance(app.database, app.now, self.workers.wake)
        home = ListAddress.parse(app.config.list.address, app.config.list.delimiter)
        hostname = home.domain
        self.listener = Listener(app.config.listener, hostname, home.owns, self.acceptance.accept)
        runner = app.job_runner(self._go)
        self.stopping = threading.Event()
        refresh = app.iana_refresh(_sleep_until(self.stopping), self.delivery.wake, self.stopping.is_set)
        self.calls: dict[str, tuple[timedelta, Callable[[], object]]] = {
            job.name: (job.every, partial(runner.run, job)) for job in JOBS.values()
        }
        self.calls["list_key"] = (LIST_KEY_TICK, app.list_key.look_again)
        self.calls["iana_refresh"] = (IANA_TICK, refresh.run)
        if app.refreshed_keys.sources:
            keys = app.key_refresh(_sleep_until(self.stopping), self.delivery.wake, self.stopping.is_set)
            self.calls["key_refresh"] = (KEYS_TICK, keys.run)
        self.ticks = Ticks(self.calls)

    async def run(self, stop: asyncio.Event, ready: Callable[[tuple[str, ...]], None]) -> None:
        """Serve until `stop` is set; `ready` is told where the listener listens."""
        await self._warm_up()
        try:
            where = await self.listener.start()
        except OSError:  # perhaps another `serve` is there: nothing of its work is touched
            self._close()
            raise
        delivering = asyncio.create_task(self.delivery.run())
        parsing = asyncio.create_task(self._parse_ahead())
        try:
            await asyncio.to_thread(self.workers.start)
            if self.waking is not None:
                self.waking.start()
            self.ticks.start()
            ready(where)
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({stopping, delivering}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        finally:
            parsing.cancel()
            await self._stop(delivering)

    def _go(self) -> None:
        """Something was made that is to go out, by mail or beside it."""
        self.delivery.wake()
        if self.waking is not None:
            self.waking.wake()

    async def _warm_up(self) -> None:
        """Do now what is slow the first time: half of what the first alert would take goes here."""
        await self.encryption.warm_up()
        await asyncio.to_thread(self.app.renderer.load_all)
        await asyncio.to_thread(self.app.intake.rehearse, self.app.now())
        with contextlib.suppress(GpgUnavailable):  # mails will wait until it can
            await asyncio.to_thread(self.app.gnupg.sign_detached, b"")
        gc.collect()
        gc.freeze()  # what is there now stays; looking through it again and again would hold up mails

    async def _parse_ahead(self) -> None:
        """Have the certificates of all members parsed in the background, a few at a time."""
        last = 0
        for _ in range(0, MAX_CACHED, PARSED_TOGETHER):
            page = await asyncio.to_thread(self._certificates, last)
            if not page:
                return
            await self.encryption.parse_ahead([certificate for _, certificate in page])
            last = page[-1][0]

    def _certificates(self, after_person: int) -> list[tuple[int, bytes]]:
        try:
            with self.app.database.read() as session:
                return recipients.certificates(session, after_person, PARSED_TOGETHER)
        except StoreProblem:  # they will be parsed when they are needed
            return []

    async def _stop(self, delivering: "asyncio.Task[None]") -> None:
        self.stopping.set()
        await self.listener.stop(SHUTDOWN_SECONDS / 3)
        await asyncio.to_thread(self.ticks.stop)
        await asyncio.to_thread(self.workers.stop)
        if self.waking is not None:
            await asyncio.to_thread(self.waking.stop, 1.0)
        await self.delivery.stop(SHUTDOWN_SECONDS / 3)
        await self.app.smarthost.close()
        self._close()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering

    def _close(self) -> None:
        self.acceptance.close()
        self.encryption.close()


def _sleep_until(stopping: threading.Event) -> Callable[[float], None]:
    """A sleep that ends early when the service does."""

    def sleep(seconds: float) -> None:
        stopping.wait(seconds)

    return sleep
