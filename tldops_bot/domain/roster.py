"""What a roster is: its contacts, which TLD has whom, which has nobody, and the figures of coverage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.domain.organisation import KINDS, kind_of
from tldops_bot.domain.tld import REGIONS, Tld

CCTLD, GTLD = "cctld", "gtld"


class KnownTld(Protocol):
    """What the roster needs to know of a TLD in the root, beside its name."""

    @property
    def tld(self) -> Tld: ...
    @property
    def kind(self) -> str: ...
    @property
    def country_name(self) -> str: ...
    @property
    def region(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RosterContact:
    """One contact as others may see it. Without a usable key `fingerprint` and `key_blob` are empty."""

    uid: str  # "urn:uuid:…", the same in every roster
    name: str
    email: str
    tlds: tuple[Tld, ...]
    since_at: datetime
    changed_at: datetime
    confirmed_at: datetime | None = None
    emergency_email: str = ""
    phone: str = ""
    phone_e164: str = ""
    mobile: str = ""
    mobile_e164: str = ""
    fax: str = ""
    fax_e164: str = ""
    postal: str = ""
    organisation: str = ""
    timezone: str = ""
    fingerprint: str = ""
    key_blob: bytes | None = None
    is_stale: bool = False
    mail_fails: bool = False
    wrong_numbers: tuple[str, ...] = ()  # "Phone", "Mobile": a caller reported that they lead nowhere

    @property
    def has_key(self) -> bool:
        """Mail can be encrypted to them: a member, not only a listed contact."""
        return bool(self.fingerprint)


def wrong_numbers(phone_at: datetime | None, mobile_at: datetime | None) -> tuple[str, ...]:
    """Which numbers somebody reported to be wrong, by when that was."""
    reported = (("Phone", phone_at), ("Mobile", mobile_at))
    return tuple(label for label, at in reported if at is not None)


@dataclass(frozen=True, slots=True)
class TldContacts:
    """One TLD and everybody who speaks for it."""

    tld: Tld
    country: str
    region: str
    contacts: tuple[RosterContact, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    covered: int
    total: int

    @property
    def percent(self) -> int:
        """Rounded down: a hundred means all of them."""
        return 100 * self.covered // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many ccTLDs have a contact, and how well the contacts are kept; gTLDs and organisations apart."""

    ascii_cctlds: Share
    idn_cctlds: Share
    cctlds: Share
    regions: Mapping[str, Share]
    confirmed: Share  # ccTLDs with a contact who confirmed their entry lately
    contacts: int
    with_key: int
    stale: int
    gtlds: Share = Share(0, 0)
    organisations: Mapping[str, int] = field(default_factory=dict)  # how many of each kind have a contact

    @property
    def keyless(self) -> Share:
        """So many of the contacts can't be sent encrypted mail."""
        return Share(self.contacts - self.with_key, self.contacts)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who is listed, at one moment. Against `audit_head` a rewritten history shows."""

    made_at: datetime
    contacts: tuple[RosterContact, ...]
    tlds: tuple[TldContacts, ...]
    missing: tuple[Tld, ...]
    coverage: Coverage
    audit_head: str

    @property
    def serial(self) -> str:
        """Tells two rosters apart and which is newer, as the serial of a zone does."""
        return self.made_at.strftime("%Y%m%d%H%M")


def build_roster(
    made_at: datetime, contacts: Iterable[RosterContact], known: Iterable[KnownTld], audit_head: str
) -> Roster:
    """Group the contacts by TLD and count; `known` are the TLDs in the root."""
    ordered = tuple(sorted(contacts, key=lambda contact: (contact.name.casefold(), contact.uid)))
    facts = {each.tld.a_label: each for each in known}
    cctlds = [each for each in facts.values() if each.kind == CCTLD]
    tlds = by_tld(ordered, facts)
    covered = {each.tld.a_label for each in tlds}
    missing = tuple(sorted((each.tld for each in cctlds if each.tld.a_label not in covered), key=place))
    gtlds = [each for each in facts.values() if each.kind == GTLD]
    figures = coverage(ordered, cctlds, covered, made_at - FRESH_FOR, gtlds)
    return Roster(made_at, ordered, tlds, missing, figures, audit_head)


def by_tld(contacts: Iterable[RosterContact], facts: Mapping[str, KnownTld]) -> tuple[TldContacts, ...]:
    """Every TLD that has contacts, in order; in each the contacts as they come, the stale ones last."""
    found: dict[Tld, list[RosterContact]] = {}
    for contact in contacts:
        for tld in contact.tlds:
            found.setdefault(tld, []).append(contact)
    grouped = []
    for tld in sorted(found, key=place):
        known = facts.get(tld.a_label)
        country, region = (known.country_name, known.region) if known else ("", "")
        doubtful_last = sorted(found[tld], key=lambda contact: contact.is_stale)
        grouped.append(TldContacts(tld, country, region, tuple(doubtful_last)))
    return tuple(grouped)


def coverage(
    contacts: Iterable[RosterContact],
    cctlds: Iterable[KnownTld],
    covered: set[str],
    since: datetime,
    gtlds: Iterable[KnownTld] = (),
) -> Coverage:
    """The figures. ccTLDs count; of the others nobody promises that they are here, and they are counted apart."""
    people, every = list(contacts), list(cctlds)
    confirmed = {tld.a_label for who in people if is_confirmed(who, since) for tld in who.tlds}

    def share(chosen: Iterable[KnownTld], counted: set[str] = covered) -> Share:
        labels = {each.tld.a_label for each in chosen}
        return Share(len(labels & counted), len(labels))

    return Coverage(
        ascii_cctlds=share(each for each in every if not is_idn(each.tld)),
        idn_cctlds=share(each for each in every if is_idn(each.tld)),
        cctlds=share(every),
        regions={code: share(each for each in every if each.region == code) for code in REGIONS},
        confirmed=share(every, confirmed),
        contacts=len(people),
        with_key=sum(contact.has_key for contact in people),
        stale=sum(contact.is_stale for contact in people),
        gtlds=share(gtlds),
        organisations={kind: sum(kind_of(label) == kind for label in covered) for kind in KINDS},
    )


def is_confirmed(contact: RosterContact, since: datetime) -> bool:
    """Whether the contact said at that moment or later that their entry is right."""
    return contact.confirmed_at is not None and contact.confirmed_at >= since


def place(tld: Tld) -> tuple[bool, bool, str]:
    """The order of TLDs: plain names first, then other scripts by A-label; after all TLDs the organisations."""
    return bool(kind_of(tld.a_label)), is_idn(tld), tld.a_label


def is_idn(tld: Tld) -> bool:
    """Whether the TLD is written in another script than ASCII."""
    return tld.a_label != tld.u_label and not kind_of(tld.a_label)
