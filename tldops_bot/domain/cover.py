"""How well a ccTLD can be reached, in the few steps that a map can show."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from tldops_bot.domain.roster import RosterContact, is_confirmed


class Cover(Enum):
    """From the best to the worst."""

    CONFIRMED = "confirmed"
    HELD = "held"  # there is a contact, who has not confirmed lately
    STALE = "stale"
    KEYLESS = "keyless"
    NONE = "none"


def cover(contacts: Sequence[RosterContact], since: datetime | None) -> Cover:
    """The state of a TLD, which is that of its best contact.

    Without `since`, what everybody may see: nothing about freshness beyond the mark in the roster.
    """
    if not contacts:
        return Cover.NONE
    with_key = [contact for contact in contacts if contact.has_key]
    if not with_key:
        return Cover.KEYLESS
    kept = [contact for contact in with_key if not contact.is_stale]
    if not kept:
        return Cover.STALE
    if since is not None and any(is_confirmed(contact, since) for contact in kept):
        return Cover.CONFIRMED
    return Cover.HELD
