"""What a roster is: its contacts, which TLD has whom, which has nobody, and how much is covered."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.domain.organisation import KINDS, kind_of
from tldops_bot.domain.tld import REGIONS, Tld

CCTLD, GTLD = "cctld", "gtld"


class KnownTld(Protocol):
    """What the roster needs to know about a TLD in the root, besides its name."""

    @property
    def tld(self) -> Tld: ...
    @property
    def kind(self) -> str: ...
    @property
    def country_name(self) -> str: ...
    @property
    def region(self) -> str: ...


class Counted(Protocol):
    """What the figures of coverage need to know of a contact."""

    @property
    def tlds(self) -> tuple[Tld, ...]: ...
    @property
    def confirmed_at(self) -> datetime | None: ...
    @property
    def has_key(self) -> bool: ...
    @property
    def is_stale(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class RosterContact:
    """One contact as others may see it. Without a usable key, `fingerprint` and `key_blob` are empty."""

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
    """Which numbers were reported wrong, by when that was."""
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
    """A part of a total."""

    covered: int
    total: int

    @property
    def percent(self) -> int:
        """Rounded down, so that a hundred means all."""
        return 100 * self.covered // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many ccTLDs have a contact, and how well contacts are kept; gTLDs and organisations separately."""

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
        """The contacts who can't be sent encrypted mail."""
        return Share(self.contacts - self.with_key, self.contacts)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who is listed, at one moment. A rewritten history shows against `audit_head`."""

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
    tlds = by_tld(ordered, facts)
    uncovered = facts.keys() - {each.tld.a_label for each in tlds}
    missing = tuple(sorted((facts[one].tld for one in uncovered if facts[one].kind == CCTLD), key=place))
    return Roster(made_at, ordered, tlds, missing, coverage(made_at, ordered, facts.values()), audit_head)


def by_tld(contacts: Iterable[RosterContact], facts: Mapping[str, KnownTld]) -> tuple[TldContacts, ...]:
    """All TLDs that have contacts, in order; each with its contacts as they come, the stale ones last."""
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


def coverage(at: datetime, contacts: Iterable[Counted], known: Collection[KnownTld]) -> Coverage:
    """The figures. Only ccTLDs count; others made no promise to be here, and are counted separately."""
    people, every = list(contacts), [each for each in known if each.kind == CCTLD]
    covered = {tld.a_label for who in people for tld in who.tlds}
    confirmed = {tld.a_label for who in people if is_confirmed(who, at - FRESH_FOR) for tld in who.tlds}

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
        gtlds=share(each for each in known if each.kind == GTLD),
        organisations={kind: sum(kind_of(label) == kind for label in covered) for kind in KINDS},
    )


def is_confirmed(contact: Counted, since: datetime) -> bool:
    """Whether the contact has said since then that their entry is right."""
    return contact.confirmed_at is not None and contact.confirmed_at >= since


def place(tld: Tld) -> tuple[bool, bool, str]:
    """The sort order of TLDs: plain names, then other scripts by A-label; organisations come last."""
    return bool(kind_of(tld.a_label)), is_idn(tld), tld.a_label


def is_idn(tld: Tld) -> bool:
    """Whether the TLD is written in a script other than ASCII."""
    return tld.a_label != tld.u_label and not kind_of(tld.a_label)
