"""The look-ups on the net about an author or a key, and which nameservers they use; each built once."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tldops_bot.adapters.dane_keys import DaneKeys
from tldops_bot.adapters.dns_lookups import DnsLookups
from tldops_bot.adapters.dns_questions import Allowance, Nameserver, Resolvers, system_resolvers
from tldops_bot.adapters.dnssec_chain import anchors
from tldops_bot.adapters.key_finder import Published
from tldops_bot.adapters.mail_authentication import MailAuthentication
from tldops_bot.adapters.wkd_keys import WebKeyDirectory
from tldops_bot.config.settings import Config
from tldops_bot.config.values import host_and_port


@dataclass
class NetLookups:
    """All of them for one configuration; if [dns] names no resolver, nothing is looked up on the net."""

    config: Config
    now: Callable[[], datetime]

    @cached_property
    def nameservers(self) -> tuple[Nameserver, ...]:
        """The nameservers to ask; () for none."""
        named = self.config.dns.resolver
        if named in ("none", "system"):
            return system_resolvers() if named == "system" else ()
        return (Nameserver(*host_and_port(named)),)

    def own_resolvers(self) -> Resolvers:
        """For what we ask on our own behalf; no flood of mails holds it up."""
        return Resolvers(self.nameservers, time.monotonic)

    @cached_property
    def resolvers(self) -> Resolvers:
        """For what mails make us ask: all of them share one allowance."""
        return Resolvers(self.nameservers, time.monotonic, Allowance())

    @cached_property
    def mail_authentication(self) -> MailAuthentication:
        servers = self.config.listener.trusted_authserv_ids
        is_asked = self.config.dns.resolver != "none"
        return MailAuthentication(DnsLookups(self.resolvers) if is_asked else None, servers)

    @cached_property
    def published_keys(self) -> Published:
        """WKD, then DANE, for the authors of mails."""
        return self._published(self.resolvers)

    @cached_property
    def refreshed_keys(self) -> Published:
        """The same for the keys we hold."""
        return self._published(self.own_resolvers())

    def _published(self, resolvers: Resolvers) -> Published:
        if not self.nameservers:
            return Published(())
        web = WebKeyDirectory(resolvers.addresses, ssl.create_default_context(), time.monotonic)
        return Published((web, DaneKeys(resolvers, anchors(), self.now)))
