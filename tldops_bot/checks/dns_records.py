"""What the DNS says about the list's domain: where its mail goes, and who may send for it."""

import ipaddress
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tldops_bot.adapters.dns_lookups import DnsLookups, MailLookups
from tldops_bot.adapters.dns_questions import DnsTrouble, Resolvers
from tldops_bot.adapters.mail_authentication import is_local
from tldops_bot.adapters.pyspf_check import check_sender
from tldops_bot.app import App
from tldops_bot.domain.dmarc import walk
from tldops_bot.domain.finding import Finding, broken, ok, skipped, warning

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Zone:
    """The list's domain, how to ask about it, and the addresses its mail leaves from."""

    domain: str
    lookups: MailLookups
    sends_from: tuple[str, ...]


def dns_records(app: App) -> Iterator[Finding]:
    """For answers to arrive, and for our mail to be believed, these must be right."""
    if app.config.dns.resolver == "none":
        yield skipped("dns", '[dns] resolver is "none": nothing is asked')
        return
    resolvers = app.net.own_resolvers()
    lookups = DnsLookups(resolvers)
    domain = app.config.list.address.rpartition("@")[2]
    mx = lookups.for_mail().ask(domain, "MX")
    if mx.trouble:
        says = f"no answer from {_named(app)} ({mx.trouble})"
        mend = '/etc/resolv.conf names a resolver that answers; or set [dns] resolver = "ADDRESS:53"'
        yield broken("dns", says, mend)
        return
    hosts = tuple(one.partition(" ")[2].rstrip(".") for one in mx.values)
    try:
        sends_from = _sends_from(app, resolvers, hosts)
        yield _mx(domain, hosts, resolvers)
    except DnsTrouble as trouble:
        yield warning("mx", f"the DNS does not say where {', '.join(hosts)} are ({trouble})", "try again")
        sends_from = app.config.smarthost.sends_from
    zone = Zone(domain, lookups.for_mail(), sends_from)
    yield from _spf(zone, app.hostname)
    yield _dkim(zone)
    yield _dmarc(zone, app.config.operator.email)
    yield from _reverse(zone)


def _named(app: App) -> str:
    return ", ".join(f"{one.host}:{one.port}" for one in app.net.nameservers) or "anybody"


def _sends_from(app: App, resolvers: Resolvers, mx_hosts: Sequence[str]) -> tuple[str, ...]:
    """As configured; else the smarthost's addresses; else, if that is local, those mail comes in by."""
    settings = app.config.smarthost
    if settings.sends_from:
        return settings.sends_from
    try:
        addresses: tuple[str, ...] = (str(ipaddress.ip_address(settings.host)),)
    except ValueError:
        addresses = resolvers.addresses(settings.host, time.monotonic() + SECONDS)
    public = tuple(one for one in addresses if not is_local(one))
    if public or settings.host not in ("localhost", *(one for one in addresses if is_local(one))):
        return public
    found = [one for host in mx_hosts for one in resolvers.addresses(host, time.monotonic() + SECONDS)]
    return tuple(one for one in dict.fromkeys(found) if not is_local(one))


def _mx(domain: str, hosts: Sequence[str], resolvers: Resolvers) -> Finding:
    mend = f"{domain}. IN MX 10 HOST.  (HOST: the name of the machine that takes the list's mail)"
    if not hosts:
        return broken("mx", f"{domain} has no MX record: answers to the list arrive nowhere", mend)
    if hosts == ("",):
        return broken("mx", f'{domain} says by "MX 0 ." that it takes no mail', mend)
    lost = [one for one in hosts if not resolvers.addresses(one, time.monotonic() + SECONDS)]
    if lost:
        return broken(
            "mx", f"{lost[0]} has no address", f"{lost[0]}. IN A ADDRESS, or another MX for {domain}"
        )
    return ok("mx", f"{domain} takes mail at {', '.join(hosts)}")


def _spf(zone: Zone, hostname: str) -> Iterator[Finding]:
    own = " ".join(f"ip{ipaddress.ip_address(one).version}:{one}" for one in zone.sends_from)
    texts = zone.lookups.texts(zone.domain)
    if texts is None:
        yield warning("spf", f"the DNS does not answer for {zone.domain}", "try again")
        return
    if not any(one.lower().startswith("v=spf1") for one in texts):
        mend = f'{zone.domain}. IN TXT "v=spf1 {own or "mx"} -all"'
        yield broken("spf", f"{zone.domain} has no SPF record: many will refuse the list's mail", mend)
        return
    if not zone.sends_from:
        says = "there is a record; whether it covers you is known only with your addresses"
        yield skipped("spf", says, "[smarthost] sends_from = [ADDRESS] tells them to this check")
    for address in zone.sends_from:
        yield _spf_of(zone, address, hostname)


def _spf_of(zone: Zone, address: str, hostname: str) -> Finding:
    result = check_sender(address, f"postmaster@{zone.domain}", hostname, zone.lookups)
    own = f"ip{ipaddress.ip_address(address).version}:{address}"
    mend = f"put {own} into the SPF record of {zone.domain}, before its end"
    match result:
        case "pass":
            return ok("spf", f"{address} may send for {zone.domain}")
        case "permerror":
            mistaken = f'one TXT record that begins with v=spf1, such as: "v=spf1 {own} -all"'
            return broken("spf", f"the SPF record of {zone.domain} has a mistake", mistaken)
        case "temperror":
            return warning("spf", "the DNS did not answer in time", "try again")
        case "fail" | "softfail":
            return broken("spf", f"{address} may not send for {zone.domain} ({result})", mend)
    return warning("spf", f"the SPF record of {zone.domain} does not say whether {address} may send", mend)


def _dkim(zone: Zone) -> Finding:
    """Nobody can list the names below; but a name with nothing below it does not exist (RFC 8020)."""
    answer = zone.lookups.ask(f"_domainkey.{zone.domain}", "TXT")
    if answer.trouble:
        return warning("dkim", f"the DNS does not answer ({answer.trouble})", "try again")
    if answer.is_nxdomain:
        says = f"{zone.domain} has no DKIM key: some will refuse the list's mail, or hide it"
        mend = f"have the smarthost sign, as OpenDKIM does: opendkim-genkey -d {zone.domain} -s list"
        return broken("dkim", says, mend)
    return ok("dkim", f"{zone.domain} has keys; `tldops-bot doctor --loop` looks at a signature")


def _dmarc(zone: Zone, operator: str) -> Finding:
    found = walk(zone.domain, zone.lookups.texts)
    mend = f'_dmarc.{zone.domain}. IN TXT "v=DMARC1; p=quarantine; rua=mailto:{operator}"'
    if found.applicable is not None:
        return ok("dmarc", f"said by {found.applicable.domain}")
    if found.is_troubled:
        return warning("dmarc", "the DNS does not answer", "try again")
    return warning("dmarc", f"{zone.domain} has no DMARC record: others can write in its name", mend)


def _reverse(zone: Zone) -> Iterator[Finding]:
    for address in zone.sends_from:
        yield _reverse_of(zone, address)


def _reverse_of(zone: Zone, address: str) -> Finding:
    """The name must lead back to the address, else large receivers refuse the connection."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    answer = zone.lookups.ask(pointer, "PTR")
    if answer.trouble:
        return warning("reverse name", f"the DNS does not answer for {address}", "try again")
    names = [one.rstrip(".") for one in answer.values]
    mend = f"have who gave you {address} set: {pointer}. IN PTR HOST., and HOST. IN A {address}"
    if not names:
        return broken("reverse name", f"{address} has none: many refuse mail from it", mend)
    kind = "AAAA" if ":" in address else "A"
    for name in names:
        there = zone.lookups.ask(name, "AAAA" if kind == "AAAA" else "A").values
        if address in {str(ipaddress.ip_address(one)) for one in there}:
            return ok("reverse name", f"{address} is {name}")
    return broken("reverse name", f"{address} is called {names[0]}, which does not lead back to it", mend)
