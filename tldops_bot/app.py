"""Builds each part once and hands it down; no logic of its own.

What a part is made of is imported where it is built: most verbs of the command line need the database, and little else.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tldops_bot.config.settings import Config
from tldops_bot.config.shipped import shipped
from tldops_bot.config.values import host_and_port
from tldops_bot.store.database import Database, Session

if TYPE_CHECKING:
    from tldops_bot.adapters.gnupg_list_key import ListKey
    from tldops_bot.adapters.gnupg_verdicts import Gnupg
    from tldops_bot.adapters.iana_refresh import IanaKeeper, IanaRefresh
    from tldops_bot.adapters.key_refresh import KeyRefresh
    from tldops_bot.adapters.machine_disks import MachineDisks
    from tldops_bot.adapters.machine_watch import MachineWatch
    from tldops_bot.adapters.net_lookups import NetLookups
    from tldops_bot.adapters.outbox_delivery import Delivery
    from tldops_bot.adapters.prometheus_metrics import Metrics
    from tldops_bot.adapters.roster_press import RosterPress
    from tldops_bot.adapters.sequoia_encryption import Encryption
    from tldops_bot.adapters.smtp_delivery import Smarthost
    from tldops_bot.adapters.wake_delivery import WakeDelivery
    from tldops_bot.config.tld_table import TldTable
    from tldops_bot.intake import Intake, Surroundings
    from tldops_bot.intake.template_news import TemplateNews
    from tldops_bot.jobs._job import JobContext
    from tldops_bot.jobs._runner import JobRunner
    from tldops_bot.mail.render import Renderer
    from tldops_bot.store.schema import Schema


def utc_now() -> datetime:
    """The clock that every part is handed."""
    return datetime.now(UTC)


@dataclass
class App:
    """All parts for one configuration. `now` and `random_octets` come in here; no part fetches them."""

    config: Config
    now: Callable[[], datetime] = utc_now
    random_octets: Callable[[int], bytes] = secrets.token_bytes

    @cached_property
    def database(self) -> Database:
        return Database(self.config.database.url)

    @cached_property
    def metrics(self) -> Metrics | None:
        """What is counted for Prometheus; None without [metrics]."""
        if self.config.metrics is None:
            return None
        from tldops_bot.adapters.prometheus_metrics import Metrics
        from tldops_bot.jobs._all import JOBS

        return Metrics(tuple(JOBS))

    @cached_property
    def schema(self) -> Schema:
        from tldops_bot.store.schema import Schema

        return Schema(self.database, shipped("migrations"))

    @cached_property
    def gnupg(self) -> Gnupg:
        from tldops_bot.adapters.gnupg_list_key import chosen_fingerprint
        from tldops_bot.adapters.gnupg_runner import unobserved
        from tldops_bot.adapters.gnupg_verdicts import Gnupg

        settings = self.config.openpgp
        return Gnupg(
            settings.home,
            settings.passphrase_file,
            processes=max(2, os.cpu_count() or 2),
            max_message_bytes=self.config.listener.max_message_bytes,
            chosen_list_key=lambda: chosen_fingerprint(self.database),
            observe=unobserved if self.metrics is None else self.metrics.gpg,
        )

    @cached_property
    def list_key(self) -> ListKey:
        from tldops_bot.adapters.gnupg_list_key import ListKey

        return ListKey(self.gnupg.keyring)

    @cached_property
    def renderer(self) -> Renderer:
        from tldops_bot.mail.fallback_render import FallbackRenderer
        from tldops_bot.mail.render import Renderer

        own: Path | None = self.config.templates.directory
        ours, languages = shipped("templates"), self.config.templates.languages
        if own is None:
            return Renderer([ours], self.config.list, languages)
        return FallbackRenderer(own, ours, self.config.list, languages)

    def template_news(self, after: Callable[[], None]) -> TemplateNews | None:
        """News of the operator's broken templates; None if they have no templates of their own."""
        from tldops_bot.intake.template_news import TemplateNews
        from tldops_bot.mail.fallback_render import FallbackRenderer

        if not isinstance(self.renderer, FallbackRenderer):
            return None
        operator, post = self.config.operator.email, self.intake.post
        return TemplateNews(self.database, self.renderer.broken, operator, post, self.now, after)

    @cached_property
    def tlds(self) -> TldTable:
        from tldops_bot.config.tld_table import load_tld_table

        return load_tld_table()

    @cached_property
    def surroundings(self) -> Surroundings:
        from tldops_bot.intake import Surroundings

        return Surroundings(self.config, self.tlds, self.random_octets, self.list_key.armored)

    @cached_property
    def net(self) -> NetLookups:
        from tldops_bot.adapters.net_lookups import NetLookups

        return NetLookups(self.config, self.now)

    @cached_property
    def intake(self) -> Intake:
        from tldops_bot.adapters.key_finder import KeyFinder
        from tldops_bot.intake import Intake

        who_mailed = self.net.mail_authentication.check
        find_keys = KeyFinder(self.net.published_keys, time.monotonic).find
        return Intake(
            self.database,
            self.gnupg,
            self.renderer,
            self.surroundings,
            who_mailed,
            find_keys,
            # The press is built only when somebody asks for a roster.
            prepare_roster=lambda: self.roster_press.prepare(waits=False),
        )

    def job_context(self, session: Session, now: datetime) -> JobContext:
        """What work is given that no mail asked for."""
        from tldops_bot.jobs._job import JobContext

        return JobContext(session, now, self.config, self.tlds, self.random_octets)

    def key_refresh(
        self,
        sleep: Callable[[float], None] = time.sleep,
        after: Callable[[], None] = lambda: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> KeyRefresh:
        from tldops_bot.adapters.key_refresh import KeyRefresh

        return KeyRefresh(
            self.database,
            self.gnupg,
            self.net.refreshed_keys.find,
            self.job_context,
            self.intake.post,
            self.now,
            sleep=sleep,
            after=after,
            is_stopping=is_stopping,
        )

    def job_runner(self, after: Callable[[], None] = lambda: None) -> JobRunner:
        from tldops_bot.jobs._runner import JobRunner

        return JobRunner(
            self.database,
            self.job_context,
            self.now,
            self.intake.post,
            after,
            looks={"send_roster": self.roster_press.prepare_what_is_due},
        )

    @cached_property
    def roster_press(self) -> RosterPress:
        from tldops_bot.adapters.roster_press import RosterPress

        return RosterPress(self.database, self.gnupg, self.config, self.tlds, self.now)

    @cached_property
    def iana_keeper(self) -> IanaKeeper:
        from tldops_bot.adapters.iana_refresh import IanaKeeper

        return IanaKeeper(self.database, self.job_context, self.intake.post, self.now)

    def iana_refresh(
        self,
        sleep: Callable[[float], None] = time.sleep,
        after: Callable[[], None] = lambda: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> IanaRefresh:
        from tldops_bot.adapters.iana_refresh import IanaRefresh
        from tldops_bot.adapters.iana_whois import WhoisServer

        where = host_and_port(self.config.iana.whois)
        server = WhoisServer(*where, time.monotonic, is_stopping=is_stopping)
        every = self.config.iana.refresh
        kinds = ("cctld", *self.config.membership.constituencies)
        return IanaRefresh(
            self.iana_keeper, self.tlds, server, every, sleep, after, is_stopping=is_stopping, kinds=kinds
        )

    @cached_property
    def smarthost(self) -> Smarthost:
        from tldops_bot.adapters.smtp_delivery import Smarthost

        return Smarthost(self.config.smarthost, self.hostname)

    @cached_property
    def machine_watch(self) -> MachineWatch:
        from tldops_bot.adapters.machine_watch import MachineWatch

        return MachineWatch(self.database, self.gnupg, self.disks, self.hostname, self.now)

    @cached_property
    def disks(self) -> MachineDisks:
        from tldops_bot.adapters.machine_disks import MachineDisks

        return MachineDisks(self.database.file, self.config.openpgp.home)

    @cached_property
    def hostname(self) -> str:
        """What this machine calls itself."""
        return socket.getfqdn()

    def delivery(self, encryption: Encryption) -> Delivery:
        from tldops_bot.adapters.outbox_delivery import Delivery, uncounted
        from tldops_bot.jobs._keyless import Keyless
        from tldops_bot.jobs._too_large import TooLarge

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
            lease=3 * self.config.database.lease,
            counted=uncounted if self.metrics is None else self.metrics.delivery,
            on_keyless=Keyless(self.intake.post, self.now),
            on_too_large=TooLarge(self.intake.post, self.now, self.config.list.address),
        )

    def wake_delivery(self, after: Callable[[], None] = lambda: None) -> WakeDelivery | None:
        """What wakes members besides mail; None without gateways."""
        from tldops_bot.adapters.apprise_wake import AppriseWake
        from tldops_bot.adapters.wake_delivery import WakeDelivery

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
        """Close what was built and holds something open."""
        for name in ("gnupg", "database"):
            if name in self.__dict__:
                self.__dict__[name].close()
