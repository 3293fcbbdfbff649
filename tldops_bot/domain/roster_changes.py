"""What changed between two rosters, of which only digests of the older one are kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.roster import Roster, RosterContact
from tldops_bot.domain.tld import Tld

_VERSION = 1
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new since the older roster. Of those who left, only the TLD is told and what it has left."""

    joined: tuple[tuple[Tld, tuple[RosterContact, ...]], ...] = ()
    left_tlds: tuple[tuple[Tld, int], ...] = ()
    changed: tuple[RosterContact, ...] = ()
    stale: tuple[RosterContact, ...] = ()
    new_keys: tuple[RosterContact, ...] = ()
    lost_keys: tuple[RosterContact, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether both rosters say the same."""
        return self == Changes()


@dataclass(frozen=True, slots=True)
class _Before:
    """What is remembered about one contact."""

    details: str
    key: str
    is_stale: bool
    tlds: frozenset[str]


def snapshot(roster: Roster) -> dict[str, Any]:
    """What must be remembered about a roster to tell later what changed: digests and TLDs, nobody's words."""
    return {
        "version": _VERSION,
        "contacts": {
            contact.uid: [
                _details(contact),
                _key(contact),
                contact.is_stale,
                sorted(tld.a_label for tld in contact.tlds),
            ]
            for contact in roster.contacts
        },
    }


def changes(before: Mapping[str, Any] | None, now: Roster) -> Changes | None:
    """What is new in this roster; None if nothing is remembered about an older one."""
    held = _read(before)
    if held is None:
        return None
    stayed = [(contact, held[contact.uid]) for contact in now.contacts if contact.uid in held]
    return Changes(
        joined=_joined(held, now),
        left_tlds=_left_tlds(held, now),
        changed=tuple(who for who, then in stayed if then.details != _details(who)),
        stale=tuple(who for who, then in stayed if who.is_stale and not then.is_stale),
        new_keys=tuple(who for who, then in stayed if who.has_key and then.key != _key(who)),
        lost_keys=tuple(who for who, then in stayed if then.key and not who.has_key),
    )


def _joined(held: Mapping[str, _Before], now: Roster) -> tuple[tuple[Tld, tuple[RosterContact, ...]], ...]:
    found = []
    for each in now.tlds:
        label = each.tld.a_label
        new = [who for who in each.contacts if who.uid not in held or label not in held[who.uid].tlds]
        if new:
            found.append((each.tld, tuple(new)))
    return tuple(found)


def _left_tlds(held: Mapping[str, _Before], now: Roster) -> tuple[tuple[Tld, int], ...]:
    remaining = {each.tld.a_label: {who.uid for who in each.contacts} for each in now.tlds}
    left = {
        label
        for uid, then in held.items()
        for label in then.tlds
        if uid not in remaining.get(label, frozenset())
    }
    return tuple(
        (parse_seat(label) or Tld(label, label), len(remaining.get(label, ()))) for label in sorted(left)
    )


def _read(before: Mapping[str, Any] | None) -> dict[str, _Before] | None:
    """A snapshot of a different version is ignored."""
    if not before or before.get("version") != _VERSION:
        return None
    rows = before["contacts"].items()
    return {uid: _Before(details, key, stale, frozenset(tlds)) for uid, (details, key, stale, tlds) in rows}


def _details(contact: RosterContact) -> str:
    words = [contact.name, contact.email, contact.emergency_email, contact.phone, contact.mobile, contact.fax]
    return _digest(contact.uid, *words, contact.postal, contact.organisation, contact.timezone)


def _key(contact: RosterContact) -> str:
    return _digest(contact.uid, contact.fingerprint) if contact.has_key else ""


def _digest(*words: str) -> str:
    """Keyed with the contact's own uid, so that equal numbers of two people don't show."""
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:_DIGEST_LENGTH]
