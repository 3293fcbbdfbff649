"""What changed at IANA between two answers about a TLD, and how much of it is believed at once."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tldops_bot.domain.address import address_key
from tldops_bot.domain.iana_record import ContactKind, IanaContact, IanaRecord
from tldops_bot.domain.tld import Tld

# Each has its words in templates/_iana.txt.j2.
What = Literal["delegated", "transferred", "retired", "contact_new", "contact_changed", "contact_gone"]

KINDS: tuple[ContactKind, ...] = ("administrative", "technical")
LONGEST = 255  # most that is kept of a field: IANA's own are far shorter

# 6 of 309 ccTLDs changed an address in 9 months; a back-end operator that moves changes 16.
MOST_TLDS_A_DAY = 30
VANISHING_SHARE = 0.1
VANISHING_FEW = 3  # a share of a handful means nothing
CONFIRMED_AFTER = timedelta(hours=12)  # the same answer a minute later comes from the same liar


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a before/after table."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed; `kind` says which contact, "" if it is the TLD itself."""

    what: What
    kind: ContactKind | Literal[""] = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changed about one TLD, and the addresses IANA no longer lists for it."""

    tld: Tld
    changes: tuple[Change, ...]
    gone: frozenset[str] = frozenset()

    @property
    def is_retired(self) -> bool:
        return any(one.what == "retired" for one in self.changes)

    @property
    def takes_away(self) -> bool:
        """Whether somebody is no longer listed and nobody is in their place."""
        return any(one.what in ("retired", "contact_gone") for one in self.changes)


def difference(before: IanaRecord | None, after: IanaRecord) -> Difference | None:
    """What is new in `after`; None if nothing is. The first answer about a TLD is not a change."""
    if before is None:
        return None
    changes = (*_of_tld(before, after), *_of_contacts(before, after))
    if not changes:
        return None
    return Difference(after.tld, changes, _addresses(before) - _addresses(after))


def not_listed(tld: Tld) -> IanaRecord:
    """What "nothing under this name" means for a TLD that was listed: it is assigned to nobody."""
    return IanaRecord(
        tld, assigned=False, organisation=(), status="", created=None, changed=None, contacts=(), whois=""
    )


def is_flood(found: Collection[Difference], asked: int, changed_lately: int) -> bool:
    """Whether so much changed in a day (`changed_lately` before this sync) that something is wrong."""
    vanishing = sum(one.takes_away for one in found)
    too_many_gone = vanishing > max(VANISHING_FEW, VANISHING_SHARE * asked)
    return len(found) + changed_lately > MOST_TLDS_A_DAY or too_many_gone


def is_confirmed(held: str, held_at: datetime, found: str, now: datetime) -> bool:
    """Whether an answer that was held back has been given again, long enough afterwards."""
    return held == found and now - held_at >= CONFIRMED_AFTER


def digest(record: IanaRecord) -> str:
    """Identifies what an answer says about the TLD and its contacts, ignoring dates and case of addresses."""
    contacts = [_kept(one) for kind in KINDS if (one := record.contact(kind)) is not None]
    words = [record.tld.a_label, str(record.assigned), _organisation(record)]
    words += [value for one in contacts for value in (one.kind, *(field for _, field in _fields(one)))]
    return hashlib.sha256("\x1f".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _of_tld(before: IanaRecord, after: IanaRecord) -> Iterator[Change]:
    if before.assigned and not after.assigned:
        yield Change("retired", fields=_organisations(before, after))
    elif after.assigned and not before.assigned:
        yield Change("delegated", fields=_organisations(before, after))
    elif after.assigned and _folded(_organisation(before)) != _folded(_organisation(after)):
        yield Change("transferred", fields=_organisations(before, after))


def _organisations(before: IanaRecord, after: IanaRecord) -> tuple[Field, ...]:
    return (Field("organisation", _organisation(before), _organisation(after)),)


def _of_contacts(before: IanaRecord, after: IanaRecord) -> Iterator[Change]:
    """The changes to contacts; not told one by one if the TLD is retired."""
    for kind in KINDS:
        was, now = before.contact(kind), after.contact(kind)
        fields = _differing(was, now)
        if now is None and was is not None:
            if after.assigned or not before.assigned:
                yield Change("contact_gone", kind, fields)
        elif was is None and now is not None:
            yield Change("contact_new", kind, fields)
        elif fields:
            yield Change("contact_changed", kind, fields)


def _differing(was: IanaContact | None, now: IanaContact | None) -> tuple[Field, ...]:
    nothing = IanaContact("administrative", "", "", "", "", "")
    pairs = zip(_fields(_kept(was or nothing)), _fields(_kept(now or nothing)), strict=True)
    return tuple(Field(label, old, new) for (label, old), (_, new) in pairs if old != new)


def _fields(contact: IanaContact) -> Sequence[tuple[str, str]]:
    return (
        ("name", contact.name),
        ("organisation", contact.organisation),
        ("phone", contact.phone),
        ("fax", contact.fax),
        ("e-mail", contact.email),
    )


def _kept(contact: IanaContact) -> IanaContact:
    """A contact as the store keeps it."""
    return replace(
        contact,
        name=contact.name[:LONGEST],
        phone=contact.phone[:LONGEST],
        fax=contact.fax[:LONGEST],
        email=address_key(contact.email) if contact.email else "",
    )


def _organisation(record: IanaRecord) -> str:
    return ", ".join(record.organisation)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _addresses(record: IanaRecord) -> frozenset[str]:
    return frozenset(address_key(one.email) for one in record.contacts if one.email)
