"""`serve`: every part of the service started and stopped in order."""

import asyncio
import contextlib
import gc
import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from tldops_bot.adapters import checked_keys
from tldops_bot.adapters.apscheduler_ticks import Ticks
from tldops_bot.adapters.checked_keys import CheckedKeys
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.http_pages import Pages
from tldops_bot.adapters.inbox_acceptance import Acceptance
from tldops_bot.adapters.sequoia_encryption import MAX_CACHED, Encryption
from tldops_bot.adapters.smtp_listener import Listener, NotStored
from tldops_bot.app import App
from tldops_bot.config.values import host_and_port
from tldops_bot.domain.envelope import Envelope
from tldops_bot.intake import Handled
from tldops_bot.intake.workers import Workers
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._one_node import OneNode
from tldops_bot.store import recipients
from tldops_bot.store.database import StoreProblem

WORKERS_PER_PROCESSOR = 2  # while one waits for gpg or for its turn to write, another goes on
SHUTDOWN_SECONDS = 9.0
ENDLESS_SECONDS = 900.0  # three leases, and longer than everything a mail may have to wait for
PARSED_TOGETHER = 200
TEMPLATES_TICK = timedelta(minutes=1)
LIST_KEY_TICK = timedelta(minutes=1)
MACHINE_TICK = timedelta(minutes=10)
IANA_TICK = timedelta(hours=1)
KEYS_TICK = timedelta(hours=6)


class Service:
    """What `serve` runs; built once, run once."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.encryption = Encryption()
        self.delivery = app.delivery(self.encryption)
        self.waking = app.wake_delivery(self.delivery.wake)
        self.workers = Workers(
            app.database,
            app.intake,
            app.now,
            app.random_octets,
            after=self._wake_delivery,
            threads=WORKERS_PER_PROCESSOR * (os.cpu_count() or 1),
            is_crowded=lambda: self.acceptance.is_crowded,
            lease=app.config.database.lease,
            counted=self._count,
        )
        self.acceptance = Acceptance(app.database, app.now, self.workers.wake, app.disks.is_database_full)
        home = app.config.list.home
        self.listener = Listener(app.config.listener, home.domain, home.owns, self._accept)
        self.stopping = threading.Event()
        self.calls = self._calls()
        broke = app.metrics.job_broke if app.metrics is not None else _nothing
        self.ticks = Ticks(self.calls, on_broken=broke)
        self.pages: Pages | None = None
        self.watched_at: tuple[str, ...] = ()  # where the pages are

    def _calls(self) -> dict[str, tuple[timedelta, Callable[[], object]]]:
        """What the clock calls, and how often: every job, and whatever watches things outside the store."""
        app = self.app
        runner = app.job_runner(self._wake_delivery)
        one_node = OneNode(app.database, app.now, app.random_octets)
        stops = (_sleep_until(self.stopping), self.delivery.wake, self.stopping.is_set)
        calls: dict[str, tuple[timedelta, Callable[[], object]]] = {
            job.name: (job.every, partial(runner.run, job)) for job in JOBS.values()
        }
        calls["list_key"] = (LIST_KEY_TICK, app.list_key.look_again)
        checked = CheckedKeys(app.database, app.gnupg, app.now, stops[0], self.stopping.is_set)
        calls["checked_keys"] = (checked_keys.EVERY, checked.run)
        calls["machine"] = (MACHINE_TICK, app.machine_watch.note)
        iana = app.iana_refresh(*stops)
        calls["iana_refresh"] = (IANA_TICK, partial(one_node.run, "iana_refresh", iana.run))
        if (news := app.template_news(self._wake_delivery)) is not None:
            calls["templates"] = (TEMPLATES_TICK, news.run)
        if app.net.refreshed_keys.sources:
            keys = app.key_refresh(*stops)
            calls["key_refresh"] = (KEYS_TICK, partial(one_node.run, "key_refresh", keys.run))
        return calls

    async def run(
        self,
        stop: asyncio.Event,
        ready: Callable[[tuple[str, ...]], None],
        handed: Sequence[socket.socket] = (),
    ) -> None:
        """Serve until `stop` is set, on the sockets `handed` over if there are any; `ready` is told where."""
        await self._warm_up()
        try:
            where = await self.listener.start(handed)
            await self._show_pages()
        except OSError:  # perhaps another `serve` has the port: its work is left alone
            await self.listener.stop(0.0)
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

    def is_making_progress(self) -> bool:
        """Whether no mail has been in hand for so long that it will never be done."""
        return self.workers.longest_in_hand() < ENDLESS_SECONDS

    async def _show_pages(self) -> None:
        """Serve /metrics, /healthz and /readyz, if [metrics] is configured."""
        settings, metrics = self.app.config.metrics, self.app.metrics
        if settings is None or metrics is None:
            return
        # Here and not above: without [metrics], the library is never loaded.
        from tldops_bot.checks.pages import pages

        listener = self.listener
        self.pages = pages(self.app, metrics, lambda: listener.is_listening, lambda: listener.connections)
        self.watched_at = await self.pages.start(*host_and_port(settings.listen))

    async def _accept(self, octets: bytes, envelope: Envelope) -> None:
        """Take a mail in, and count whether it could be stored."""
        metrics = self.app.metrics
        try:
            await self.acceptance.accept(octets, envelope)
        except NotStored:
            if metrics is not None:
                metrics.not_stored(1)
            raise
        if metrics is not None:
            metrics.accepted(1)

    def _count(self, handled: Handled | None, seconds: float) -> None:
        """Count what became of a mail; None if it broke."""
        metrics = self.app.metrics
        if metrics is not None and handled is not None:
            metrics.mail(handled.judged.verdict.standing.value, handled.decision.kind, seconds)
        elif metrics is not None:
            metrics.broken_mail()

    def _wake_delivery(self) -> None:
        """There is something new to go out, by mail or as a wake-up call."""
        self.delivery.wake()
        if self.waking is not None:
            self.waking.wake()

    async def _warm_up(self) -> None:
        """Do now what is slow the first time; it saves half of what the first alert would take."""
        self.encryption.warm_up()
        await asyncio.to_thread(self.app.renderer.load_all)
        await asyncio.to_thread(self.app.intake.rehearse, self.app.now())
        with contextlib.suppress(GpgUnavailable):  # mails wait until gpg can sign
            await asyncio.to_thread(self.app.gnupg.sign_detached, b"")
        gc.collect()
        gc.freeze()  # what exists now stays for good; collections need not look through it again

    async def _parse_ahead(self) -> None:
        """Parse the certificates of all members in the background, a page at a time."""
        last = 0
        for _ in range(0, MAX_CACHED, PARSED_TOGETHER):
            page = await asyncio.to_thread(self._certificates, last)
            if not page:
                return
            await asyncio.to_thread(self.encryption.parse_ahead, [certificate for _, certificate in page])
            last = page[-1][0]

    def _certificates(self, after_person: int) -> list[tuple[int, bytes]]:
        try:
            with self.app.database.read() as session:
                return recipients.certificates(session, after_person, PARSED_TOGETHER)
        except StoreProblem:  # they will be parsed when they are needed
            return []

    async def _stop(self, delivering: "asyncio.Task[None]") -> None:
        """Finish what is in hand if a few seconds are enough; a gpg that hangs is killed."""
        self.stopping.set()
        ending = asyncio.get_running_loop().call_later(SHUTDOWN_SECONDS / 2, self.app.gnupg.end)
        await self.listener.stop(SHUTDOWN_SECONDS / 3)
        if self.pages is not None:
            await self.pages.stop()
        waits = [self.ticks.stop, self.workers.stop]
        if self.waking is not None:
            waits.append(partial(self.waking.stop, 1.0))
        await asyncio.gather(
            *(asyncio.to_thread(one) for one in waits), self.delivery.stop(SHUTDOWN_SECONDS / 3)
        )
        ending.cancel()
        await self.app.smarthost.close()
        self._close()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering

    def _close(self) -> None:
        self.acceptance.close()
        self.encryption.close()


def _nothing(_job: str) -> None:
    """Without [metrics] nobody counts the jobs that broke."""


def _sleep_until(stopping: threading.Event) -> Callable[[float], None]:
    """A sleep that ends early when the service does."""

    def sleep(seconds: float) -> None:
        stopping.wait(seconds)

    return sleep
