"""The roster as vCards 3.0 (RFC 2426), one card per contact, to be kept on a phone.

Not 4.0 (RFC 6350): Android's own contacts app accepts only 2.1 and 3.0 and rejects the whole file, and
Apple's and Nextcloud's write 3.0 themselves. What 4.0 adds, no phone shows.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import RosterContact
from tldops_bot.roster.text import confirmed, grouped, marks

MEDIA_TYPE = "text/vcard"
_LINE_OCTETS = 75  # section 2.6, without the line end
_DIALLED = re.compile(r"\+[0-9][0-9 ().-]*")


def vcards(contacts: Iterable[RosterContact], with_keys: bool = True) -> bytes:
    """All cards, one after the other; the keys themselves only if there is room for them."""
    return b"".join(fold(line) for contact in contacts for line in _card(contact, with_keys))


def escape(text: str) -> str:
    """A text value (section 4): a line end becomes backslash and n; control and hidden characters go."""
    lines = split_lines(text)
    quoted = (line.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;") for line in lines)
    return "\\n".join(quoted)


def fold(line: str) -> bytes:
    """One content line, broken so that no line exceeds 75 octets and no character is cut (section 2.6)."""
    octets, pieces, start, room = line.encode(), [], 0, _LINE_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, _LINE_OCTETS - 1  # the blank in front counts
    return b"\r\n ".join([*pieces, octets[start:]]) + b"\r\n"


def telephone(written: str, e164: str = "") -> str:
    """A number as a phone dials it, or "" for one that is not written internationally."""
    number = e164 or (re.sub("[^+0-9]", "", written) if _DIALLED.fullmatch(written) else "")
    return number if re.fullmatch(r"\+[0-9]{3,15}", number) else ""


def _card(contact: RosterContact, with_keys: bool) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"UID:{contact.uid}"
    name = escape(one_line(contact.name))
    yield f"FN:{name}"
    # Nobody is asked which part is the family name, but without N some phones show no name at all.
    yield f"N:;{name};;;"
    if contact.organisation:
        yield f"ORG:{escape(one_line(contact.organisation))}"
    yield from _ways(contact)
    if contact.postal:
        yield f"ADR;TYPE=work:;;{escape(contact.postal)};;;;"
    if contact.timezone:
        yield f"TZ;VALUE=text:{escape(one_line(contact.timezone))}"
    yield "CATEGORIES:" + ",".join(escape(tld.shown) for tld in contact.tlds)
    if with_keys and contact.key_blob:
        yield f"KEY;TYPE=PGP;ENCODING=b:{base64.b64encode(contact.key_blob).decode()}"
    yield f"NOTE:{escape(note(contact))}"
    yield f"REV:{_timestamp(contact.changed_at)}"
    yield "END:VCARD"


def _ways(contact: RosterContact) -> Iterator[str]:
    yield from _tel("TYPE=work;TYPE=voice;TYPE=pref", contact.phone, contact.phone_e164)
    yield from _tel("TYPE=cell", contact.mobile, contact.mobile_e164)
    yield from _tel("TYPE=work;TYPE=fax", contact.fax, contact.fax_e164)
    yield f"EMAIL;TYPE=internet;TYPE=work;TYPE=pref:{escape(contact.email)}"
    if contact.emergency_email:
        yield f"EMAIL;TYPE=internet:{escape(contact.emergency_email)}"


def _tel(types: str, written: str, e164: str) -> Iterator[str]:
    if written or e164:
        yield f"TEL;{types}:{telephone(written, e164) or escape(one_line(written))}"


def note(contact: RosterContact) -> str:
    """What a phone's address book has no field for: the TLDs, the key to compare, the marks."""
    lines = [", ".join(tld.dotted for tld in contact.tlds)]
    if contact.has_key:
        lines.append(f"OpenPGP {grouped(contact.fingerprint)}")
    if contact.emergency_email:
        lines.append(f"Emergency: {contact.emergency_email}")
    if month := confirmed(contact):
        lines.append(f"Confirmed {month}")
    return "\n".join([*lines, *marks(contact)])


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
