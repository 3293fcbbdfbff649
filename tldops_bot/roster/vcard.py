"""The roster as vCards 4.0 (RFC 6350), one card a contact, to be kept on a phone."""

import base64
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import RosterContact
from tldops_bot.roster.text import confirmed, grouped, marks

MEDIA_TYPE = "text/vcard"
_LINE_OCTETS = 75  # section 3.2, without the line end
_KEY_TYPE = "application/pgp-keys"
_DIALLED = re.compile(r"\+[0-9][0-9 ().-]*")


def vcards(contacts: Iterable[RosterContact]) -> bytes:
    """All cards, one after the other."""
    return b"".join(fold(line) for contact in contacts for line in _card(contact))


def escape(text: str) -> str:
    """A text value (section 3.4): a line end becomes backslash and n, controls and hidden characters go."""
    lines = split_lines(text)
    quoted = (line.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;") for line in lines)
    return "\\n".join(quoted)


def fold(line: str) -> bytes:
    """One content line, broken so that no line has over 75 octets and no character is cut (section 3.2)."""
    octets, pieces, start, room = line.encode(), [], 0, _LINE_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, _LINE_OCTETS - 1  # the blank in front counts
    return b"\r\n ".join([*pieces, octets[start:]]) + b"\r\n"


def telephone(written: str, e164: str = "") -> str:
    """A `tel:` URI (RFC 3966), or "" for a number that isn't written internationally."""
    number = e164 or (re.sub("[^+0-9]", "", written) if _DIALLED.fullmatch(written) else "")
    return f"tel:{number}" if re.fullmatch(r"\+[0-9]{3,15}", number) else ""


def _card(contact: RosterContact) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield f"UID:{contact.uid}"
    yield "KIND:individual"
    name = escape(one_line(contact.name))
    yield f"FN:{name}"
    # Nobody is asked which part is the family name; without any N some phones show no name at all.
    yield f"N:;{name};;;"
    if contact.organisation:
        yield f"ORG:{escape(one_line(contact.organisation))}"
    yield from _ways(contact)
    if contact.postal:
        yield f"ADR;TYPE=work:;;{escape(contact.postal)};;;;"
    if contact.timezone:
        yield f"TZ;VALUE=text:{escape(one_line(contact.timezone))}"
    yield "CATEGORIES:" + ",".join(escape(tld.shown) for tld in contact.tlds)
    yield from _key(contact)
    yield f"NOTE:{escape(note(contact))}"
    yield f"REV:{_timestamp(contact.changed_at)}"
    yield "END:VCARD"


def _ways(contact: RosterContact) -> Iterator[str]:
    yield from _tel("work", "voice", contact.phone, contact.phone_e164, preference=1)
    yield from _tel("work", "cell", contact.mobile, contact.mobile_e164, preference=2)
    yield from _tel("work", "fax", contact.fax, "", preference=3)
    yield f"EMAIL;TYPE=work;PREF=1:{escape(contact.email)}"
    if contact.emergency_email:
        yield f"EMAIL;TYPE=work;PREF=2:{escape(contact.emergency_email)}"


def _tel(place: str, kind: str, written: str, e164: str, preference: int) -> Iterator[str]:
    if not written and not e164:
        return
    uri = telephone(written, e164)
    value = f"VALUE=uri:{uri}" if uri else f"VALUE=text:{escape(one_line(written))}"
    yield f"TEL;TYPE={place};TYPE={kind};PREF={preference};{value}"


def _key(contact: RosterContact) -> Iterator[str]:
    if contact.has_key:
        yield f"KEY;PREF=2:openpgp4fpr:{contact.fingerprint}"
    if contact.key_blob:
        octets = base64.b64encode(contact.key_blob).decode()
        yield f"KEY;PREF=1;MEDIATYPE={_KEY_TYPE}:data:{_KEY_TYPE};base64,{octets}"


def note(contact: RosterContact) -> str:
    """What a phone's address book has no field for: the TLDs, the key to compare, the marks."""
    lines = [", ".join(f".{tld.shown}" for tld in contact.tlds)]
    if contact.has_key:
        lines.append(f"OpenPGP {grouped(contact.fingerprint)}")
    if contact.emergency_email:
        lines.append(f"Emergency: {contact.emergency_email}")
    if month := confirmed(contact):
        lines.append(f"Confirmed {month}")
    return "\n".join([*lines, *marks(contact)])


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
