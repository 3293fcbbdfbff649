"""The roster as JSContact cards (RFC 9553), for programs: an array with one card per contact."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import RosterContact
from tldops_bot.roster.vcard import note, telephone

MEDIA_TYPE = "application/json"


def jscontact(contacts: Iterable[RosterContact]) -> bytes:
    """The file: UTF-8, one card per line."""
    cards = (json.dumps(card(contact), ensure_ascii=False, separators=(",", ":")) for contact in contacts)
    return ("[\n" + ",\n".join(cards) + "\n]\n").encode()


def card(contact: RosterContact) -> dict[str, Any]:
    """One Card object (RFC 9553 section 2). What is not known is left out, never empty.

    So is the type of an inner object, where only one is possible (section 1.3.4).
    """
    members: dict[str, Any] = {
        "@type": "Card",
        "version": "1.0",
        "uid": contact.uid,
        "kind": "individual",
        "updated": _timestamp(contact.changed_at),
        "name": {"full": one_line(contact.name)},
        "organizations": _organisation(contact),
        "emails": _emails(contact),
        "phones": _phones(contact),
        "addresses": _addresses(contact),
        "cryptoKeys": _keys(contact),
        "keywords": {tld.a_label: True for tld in contact.tlds},
        "notes": {"n1": {"note": "\n".join(split_lines(note(contact)))}},
    }
    return {name: value for name, value in members.items() if value}


def _organisation(contact: RosterContact) -> dict[str, Any]:
    if not contact.organisation:
        return {}
    return {"o1": {"name": one_line(contact.organisation)}}


def _emails(contact: RosterContact) -> dict[str, Any]:
    found = {"personal": (contact.email, 1), "emergency": (contact.emergency_email, 2)}
    return {
        name: {"address": one_line(address), "pref": preference}
        for name, (address, preference) in found.items()
        if address
    }


def _phones(contact: RosterContact) -> dict[str, Any]:
    found = (
        ("phone", "voice", contact.phone, contact.phone_e164),
        ("mobile", "mobile", contact.mobile, contact.mobile_e164),
        ("fax", "fax", contact.fax, contact.fax_e164),
    )
    return {
        name: {"number": _number(written, e164), "features": {feature: True}}
        for name, feature, written, e164 in found
        if written or e164
    }


def _number(written: str, e164: str) -> str:
    """A `tel:` URI (RFC 3966) if the number can be dialled from everywhere, else the words."""
    dialled = telephone(written, e164)
    return f"tel:{dialled}" if dialled else one_line(written)


def _addresses(contact: RosterContact) -> dict[str, Any]:
    """The postal address; a time zone has no other place in a card."""
    address: dict[str, Any] = {}
    if contact.postal:
        address["full"] = "\n".join(split_lines(contact.postal))
    if zone := _zone(one_line(contact.timezone)):
        address["timeZone"] = zone
    return {"a1": address} if address else {}


def _zone(written: str) -> str:
    """A name of the time zone database, as RFC 9553 wants it: it has them for whole hours, with the sign turned."""
    if not written.startswith(("UTC+", "UTC-")):
        return written
    sign, hours, minutes = written[3], int(written[4:6]), written[7:9]
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if minutes == "00" else ""


def _keys(contact: RosterContact) -> dict[str, Any]:
    """Only the fingerprint: the keys themselves are in a file of their own, and most of a roster's size."""
    if not contact.has_key:
        return {}
    return {"k1": {"uri": f"openpgp4fpr:{contact.fingerprint}"}}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
