"""Who mailed it: our own mail server's verdict, else DKIM, SPF and DMARC checked here. Never raises."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from tldops_bot.adapters.dkimpy_signatures import check_signatures
from tldops_bot.adapters.dns_lookups import DnsLookups, MailLookups
from tldops_bot.adapters.pyspf_check import check_sender
from tldops_bot.domain.address import domain_of
from tldops_bot.domain.dmarc import Dmarc, Identifiers, Outcome
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.mail_authentication import NOT_LOOKED_AT, Authentication, Source
from tldops_bot.mail.authentication_results import Reported, trusted_results
from tldops_bot.mail.headers import author_of, split_entity


@dataclass(frozen=True, slots=True)
class MailAuthentication:
    """With trusted servers configured, one of them stands in front of us, so the peer is never the sender.

    Without `dns`, only what such a server says is known.
    """

    dns: DnsLookups | None
    trusted_servers: Collection[str] = ()

    def check(self, raw: bytes, envelope: Envelope) -> Authentication:
        """What is known of who mailed these octets; spends at most five seconds on the DNS."""
        headers, _ = split_entity(raw)
        author = author_of(headers)
        reported = trusted_results(headers, self.trusted_servers)
        if author is None:
            return NOT_LOOKED_AT
        lookups = self.dns.for_mail() if self.dns is not None else None
        if reported is not None:
            return _reported(reported, domain_of(author), lookups)
        if lookups is None:
            return NOT_LOOKED_AT
        return self._checked(raw, envelope, domain_of(author), lookups)

    def _checked(
        self, raw: bytes, envelope: Envelope, author_domain: str, lookups: MailLookups
    ) -> Authentication:
        dmarc = Dmarc(author_domain, lookups)
        signatures = check_signatures(raw, dmarc.could_align, lookups)
        sender = domain_of(envelope.mail_from)
        spf = "none"
        # What another domain says about the peer says nothing about the author.
        if self._is_first_hop(envelope.peer) and sender and dmarc.could_align(sender):
            spf = check_sender(envelope.peer, envelope.mail_from, envelope.helo, lookups)
        identifiers = Identifiers(
            spf=(sender,) if spf == "pass" else (),
            dkim=signatures.passed,
            troubled=(*signatures.troubled, *((sender,) if spf == "temperror" else ())),
        )
        return _result(dmarc.outcome(identifiers), spf, signatures.result, "checked")

    def _is_first_hop(self, peer: str) -> bool:
        """Did the sender's own server hand the mail to us? A private address is a server of ours."""
        try:
            return not self.trusted_servers and not is_local(peer)
        except ValueError:
            return False


def is_local(peer: str) -> bool:
    """Loopback, link-local and private networks (RFC 1918, 4193). Raises ValueError if it is no address."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return (
        address.is_loopback
        or address.is_link_local
        or any(address.version == network.version and address in network for network in _PRIVATE)
    )


_PRIVATE = tuple(
    ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


def _reported(reported: Reported, author_domain: str, lookups: MailLookups | None) -> Authentication:
    """Our server's word; where it says nothing of DMARC, or of the policy, that much is worked out here."""
    dkim = [word for word, _ in reported.dkim]
    word = "pass" if "pass" in dkim else next(iter(dkim), "none")
    outcome = Outcome(reported.dmarc or "none", reported.policy)
    if reported.author_domain not in ("", author_domain):
        outcome = Outcome("permerror")  # it read another From than we do
    elif lookups is not None and not reported.dmarc:
        outcome = Dmarc(author_domain, lookups).outcome(_identifiers(reported))
    elif lookups is not None and reported.dmarc == "fail" and not reported.policy:
        outcome = Outcome("fail", Dmarc(author_domain, lookups).policy().policy)
    elif reported.dmarc == "pass":
        outcome = Outcome("pass", reported.policy, author_domain)
    return _result(outcome, reported.spf or "none", word, "trusted header")


def _identifiers(reported: Reported) -> Identifiers:
    passed = tuple(domain for word, domain in reported.dkim if word == "pass" and domain)
    troubled = tuple(domain for word, domain in reported.dkim if word == "temperror" and domain)
    spf = (reported.spf_domain,) if reported.spf_domain else ()
    return Identifiers(
        spf=spf if reported.spf == "pass" else (),
        dkim=passed,
        troubled=(*troubled, *(spf if reported.spf == "temperror" else ())),
    )


def _result(outcome: Outcome, spf: str, dkim: str, source: Source) -> Authentication:
    return Authentication(spf, dkim, outcome.result, source, outcome.policy, outcome.aligned_domain)
