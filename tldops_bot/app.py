"""Builds each part once and hands it down; no logic of its own."""

import asyncio
import contextlib
import gc
import os
import random
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from tldops_bot.adapters.apprise_wake import AppriseWake
from tldops_bot.adapters.apscheduler_ticks import Ticks
from tldops_bot.adapters.dane_keys import DaneKeys
from tldops_bot.adapters.dns_lookups import DnsLookups
from tldops_bot.adapters.dns_questions import Allowance, Nameserver, Resolvers, system_resolvers
from tldops_bot.adapters.dnssec_chain import anchors
from tldops_bot.adapters.gnupg_list_key import ListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.adapters.iana_refresh import IanaKeeper, IanaRefresh
from tldops_bot.adapters.iana_whois import WhoisServer
from tldops_bot.adapters.inbox_acceptance import Acceptance
from tldops_bot.adapters.key_finder import KeyFinder, Published
from tldops_bot.adapters.key_refresh import KeyRefresh
from tldops_bot.adapters.mail_authentication import MailAuthentication
from tldops_bot.adapters.outbox_delivery import Delivery
from tldops_bot.adapters.roster_press import RosterPress
from tldops_bot.adapters.sequoia_encryption import MAX_CACHED, Encryption
from tldops_bot.adapters.smtp_delivery import Smarthost
from tldops_bot.adapters.smtp_listener import Listener
from tldops_bot.adapters.wake_delivery import WakeDelivery
from tldops_bot.adapters.wkd_keys import WebKeyDirectory
from tldops_bot.config.settings import Config
from tldops_bot.config.shipped import shipped
from tldops_bot.config.tld_table import TldTable, load_tld_table
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.intake import Intake, Surroundings
from tldops_bot.intake.workers import Workers
from tldops_bot.jobs import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs._keyless import Keyless
from tldops_bot.jobs._runner import JobRunner
from tldops_bot.mail.render import Renderer
from tldops_bot.store import facts, recipients
from tldops_bot.store.database import Database, DatabaseMissing, Session, StoreProblem
from tldops_bot.store.schema import Schema

SHUTDOWN_SECONDS = 9.0
PARSED_TOGETHER = 200
LIST_KEY_TICK = timedelta(minutes=1)
IANA_TICK = timedelta(hours=1)
KEYS_TICK = timedelta(hours=6)


def utc_now() -> datetime:
    """The clock everybody is handed."""
    return datetime.now(UTC)


@dataclass
class App:
    """All parts for one configuration. `now` and `random_octets` are handed in so that nobody fetches them."""

    config: Config
    now: Callable[[], datetime] = utc_now
    random_octets: Callable[[int], bytes] = secrets.token_bytes

    @cached_property
    def database(self) -> Database:
        return Database(self.config.database.url)

    @cached_property
    def schema(self) -> Schema:
        return Schema(self.database, shipped("migrations"))

    @cached_property
    def gnupg(self) -> Gnupg:
        settings = self.config.openpgp
        return Gnupg(
            settings.home,
            settings.passphrase_file,
            processes=max(2, os.cpu_count() or 2),
            max_message_bytes=self.config.listener.max_message_bytes,
            chosen_list_key=self._chosen_list_key,
        )

    def _chosen_list_key(self) -> str:
        with contextlib.suppress(DatabaseMissing, StoreProblem):  # while `init` is at work
            self.database.must_exist()
            with self.database.read() as session:
                return facts.get(session, facts.LIST_KEY)
        return ""

    @cached_property
    def list_key(self) -> ListKey:
        return ListKey(self.gnupg.keyring)

    @cached_property
    def renderer(self) -> Renderer:
        own: Path | None = self.config.templates.directory
        return Renderer([*([own] if own else []), shipped("templates")], self.config.list)

    @cached_property
    def tlds(self) -> TldTable:
        return load_tld_table()

    @cached_property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.config, self.tlds, self.random_octets, self.list_key.armored)

    @cached_property
    def intake(self) -> Intake:
        who_mailed = self.mail_authentication.check
        find_keys = KeyFinder(self.published_keys, time.monotonic).find
        return Intake(
            self.database,
            self.gnupg,
            self.renderer,
            self.surroundings,
            who_mailed,
            find_keys,
            lambda: self.roster_press.prepare(),
        )

    @cached_property
    def nameservers(self) -> tuple[Nameserver, ...]:
        """Whom the DNS is asked through; () for nobody, and then nothing is looked for on the net."""
        named = self.config.dns.resolver
        if named in ("none", "system"):
            return system_resolvers() if named == "system" else ()
        host, _, port = named.rpartition(":")
        return (Nameserver(host.strip("[]"), int(port)),)

    @cached_property
    def resolvers(self) -> Resolvers:
        """For whatever mails make us ask: together they have one allowance."""
        return Resolvers(self.nameservers, time.monotonic, Allowance())

    @cached_property
    def published_keys(self) -> Published:
        """WKD, then DANE, for the authors of mails."""
        return self._published(self.resolvers)

    @cached_property
    def refreshed_keys(self) -> Published:
        """The same for the keys we hold, which no flood of mails holds up."""
        return self._published(Resolvers(self.nameservers, time.monotonic))

    def _published(self, resolvers: Resolvers) -> Published:
        if not self.nameservers:
            return Published(())
        web = WebKeyDirectory(resolvers.addresses, ssl.create_default_context(), time.monotonic)
        return Published((web, DaneKeys(resolvers, anchors(), self.now)))

    def key_refresh(
        self,
        sleep: Callable[[float], None] = time.sleep,
        after: Callable[[], None] = lambda: None,
        is_stopping: Callable[[], bool] = bool,
    ) -> KeyRefresh:
        def context(session: Session, now: datetime) -> JobContext:
            return JobContext(session, now, self.config, self.tlds, self.random_octets)

        return KeyRefresh(
            self.database,
            self.gnupg,
            self.refreshed_keys.find,
            context,
            self.intake.post,
            self.now,
            sleep,
            after,
            is_stopping,
        )

    @cached_property
    def mail_authentication(self) -> MailAuthentication:
        servers = self.config.listener.trusted_authserv_ids
        is_asked = self.config.dns.resolver != "none"
        return MailAuthentication(DnsLookups(self.resolvers) if is_asked else None, servers)

    def job_runner(self, after: Callable[[], None] = lambda: None) -> JobRunner:
        return JobRunner(
            self.database,
            self.config,
            self.tlds,
            self.random_octets,
            self.now,
            self.intake.post,
            after,
            {"send_roster": self.roster_press.prepare_what_is_due},
        )

    @cached_property
    def roster_press(self) -> RosterPress:
        return RosterPress(self.database, self.gnupg, self.config, self.tlds, self.now)

    @cached_property
    def iana_keeper(self) -> IanaKeeper:
        def context(session: Session, now: datetime) -> JobContext:
            return JobContext(session, now, self.config, self.tlds, self.random_octets)

        return IanaKeeper(self.database, context, self.intake.post, self.now)

    def iana_refresh(
        self,
        sleep: Callable[[float], None] = time.sleep,
        after: Callable[[], None] = lambda: None,
        is_stopping: Callable[[], bool] = bool,
    ) -> IanaRefresh:
        host, _, port = self.config.iana.whois.rpartition(":")
        host = host.strip("[]")
        server = WhoisServer(host, int(port), time.monotonic, is_stopping=is_stopping)
        every = self.config.iana.refresh
        kinds = ("cctld", *self.config.membership.constituencies)
        return IanaRefresh(
            self.iana_keeper, self.tlds, server, every, sleep, after, is_stopping=is_stopping, kinds=kinds
        )

    @cached_property
    def smarthost(self) -> Smarthost:
        return Smarthost(self.config.smarthost, socket.getfqdn())

    def delivery(self, encryption: Encryption) -> Delivery:
        settings = self.config.smarthost
        return Delivery(
            self.database,
            self.config.list,
            self.gnupg,
            encryption,
            self.smarthost,
            connections=settings.connections,
            now=self.now,
            jitter=random.SystemRandom().random,
            random_octets=self.random_octets,
            on_keyless=Keyless(self.intake.post, self.now),
            on_too_large=lambda _session, _claimed: None,
        )

    def wake_delivery(self, after: Callable[[], None] = lambda: None) -> WakeDelivery | None:
        """What wakes members beside mail; None where there are no gateways."""
        settings = self.config.wake
        if not settings.gateways:
            return None
        urls = {name: url.get_secret_value() for name, url in settings.gateways.items()}
        return WakeDelivery(
            self.database,
            AppriseWake(urls),
            tuple(urls),
            settings.per_minute,
            self.renderer.fragment,
            self.intake.post,
            self.now,
            self.random_octets,
            after,
        )

    def close(self) -> None:
        """Give everything back that was built."""
        for name in ("gnupg", "database"):
            if name in self.__dict__:
                self.__dict__[name].close()


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
