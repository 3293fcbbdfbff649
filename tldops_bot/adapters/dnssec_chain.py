"""Validates a DNS answer from the root's trust anchors down, here, whichever resolver brought it.

Only proven records are of use, so absence and insecurity are never proven: a missing link simply means no.
That keeps the validator this small, and the AD bit of a resolver, which anybody on the path could set, is not
needed. RFC 4035 section 5; limits against CVE-2023-50387.
"""

from collections.abc import Callable, Iterable

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG

# https://data.iana.org/root-anchors/root-anchors.xml: KSK-2017 and KSK-2024.
ROOT_ANCHORS = (
    "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
STRONG_ALGORITHMS = frozenset({8, 10, 13, 14, 15, 16})  # RFC 8624 section 3.1, without SHA-1
STRONG_DIGESTS = frozenset({2, 4})
MAX_QUESTIONS = 40
MAX_KEYS = 16
MAX_SIGNATURES = 4
_REVOKED, _ZONE = 0x0080, 0x0100

Ask = Callable[[dns.name.Name, dns.rdatatype.RdataType], dns.message.Message]


class NotSecure(Exception):
    """The record exists, but nothing proves it."""


class NotThere(Exception):
    """Nobody returned such a record."""


def anchors(texts: Iterable[str] = ROOT_ANCHORS) -> tuple[DS, ...]:
    """Trust anchors as DS records."""
    found = (dns.rdata.from_text("IN", "DS", text) for text in texts)
    return tuple(one for one in found if isinstance(one, DS))


class Chain:
    """The proofs for one look-up; each zone's keys are proven once. `now` is in seconds since 1970."""

    def __init__(self, ask: Ask, trusted: tuple[DS, ...], now: float) -> None:
        self._ask, self._trusted, self._now = ask, trusted, now
        self._zones: dict[dns.name.Name, dns.rdataset.Rdataset] = {}
        self._questions = 0

    def proven(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset:
        """The records of exactly this name. Raises NotSecure, NotThere."""
        records, signatures = self._signed(name, kind)
        signer = signatures[0].signer
        # Stricter than DNSSEC: no record from a wildcard, and none proven by a zone above a cut.
        is_exact = all(one.labels == len(name.labels) - 1 for one in signatures)
        if not is_exact or not name.is_subdomain(signer):
            raise NotSecure
        if kind == dns.rdatatype.DS and signer == name:
            raise NotSecure  # only the parent speaks for the child's keys
        self._check(records, signatures, signer, self._keys(signer))
        return records

    def _keys(self, zone: dns.name.Name) -> dns.rdataset.Rdataset:
        """The keys of a zone, proven by the parent's DS or the trust anchors."""
        if zone not in self._zones:
            links = self._links(zone)
            records, signatures = self._signed(zone, dns.rdatatype.DNSKEY)
            keys = [one for one in records if isinstance(one, DNSKEY) and _is_usable(one)][:MAX_KEYS]
            linked = [key for key in keys if any(_matches(zone, key, link) for link in links)]
            if not linked:
                raise NotSecure
            self._check(records, signatures, zone, dns.rdataset.from_rdata_list(0, linked))
            self._zones[zone] = dns.rdataset.from_rdata_list(0, keys)
        return self._zones[zone]

    def _links(self, zone: dns.name.Name) -> list[DS]:
        if zone == dns.name.root:
            return list(self._trusted)
        try:
            found = self.proven(zone, dns.rdatatype.DS)
        except NotThere:
            raise NotSecure from None  # the zone is unsigned, or somebody claims so
        return [one for one in found if isinstance(one, DS)][:MAX_KEYS]

    def _signed(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> tuple[dns.rrset.RRset, list[RRSIG]]:
        """The records and the few signatures by one signer that are looked at."""
        self._questions += 1
        if self._questions > MAX_QUESTIONS:
            raise NotSecure
        answer = self._ask(name, kind)
        records = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, kind)
        if records is None:
            raise NotThere
        held = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, kind)
        signatures = [one for one in held or () if isinstance(one, RRSIG)]
        usable = [one for one in signatures if one.algorithm in STRONG_ALGORITHMS]
        if not usable:
            raise NotSecure
        same = [one for one in usable if one.signer == usable[0].signer]
        return records, same[:MAX_SIGNATURES]

    def _check(
        self,
        records: dns.rrset.RRset,
        signatures: list[RRSIG],
        signer: dns.name.Name,
        keys: dns.rdataset.Rdataset,
    ) -> None:
        held = (records.name, dns.rdataset.from_rdata_list(0, signatures))
        try:
            dns.dnssec.validate(records, held, {signer: keys}, now=self._now)
        except (dns.exception.DNSException, ValueError) as failed:
            raise NotSecure from failed


def _is_usable(key: DNSKEY) -> bool:
    is_zone_key = bool(key.flags & _ZONE) and not key.flags & _REVOKED and key.protocol == 3
    return is_zone_key and key.algorithm in STRONG_ALGORITHMS


def _matches(zone: dns.name.Name, key: DNSKEY, link: DS) -> bool:
    if link.digest_type not in STRONG_DIGESTS or link.algorithm != key.algorithm:
        return False
    if link.key_tag != dns.dnssec.key_id(key):
        return False
    made = dns.dnssec.make_ds(zone, key, link.digest_type, validating=True)
    return bool(made == link)
