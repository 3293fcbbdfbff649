"""Other people's rosters as lines to be entered here: CSV, Mailman 3's output, and our own export."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from tldops_bot.roster.csv_file import undefused

MOST_BYTES = 50_000_000
EXPORT = "tldops-bot export 1"
MOST_FIELD_CHARACTERS = 10_000
# What people call the columns, without blanks and punctuation.
_COLUMNS = {
    "Name": ("name", "fullname", "displayname", "realname", "contact"),
    "Email": ("email", "emailaddress", "mail", "address", "member", "subscriber"),
    "Emergency-Email": ("emergencyemail", "emergencymail", "secondemail", "emergencyaddress"),
    "Phone": ("phone", "telephone", "tel", "phonenumber", "voice"),
    "Mobile": ("mobile", "mobilephone", "cell", "cellphone"),
    "Fax": ("fax",),
    "Postal": ("postal", "postaladdress"),
    "Organisation": ("organisation", "organization", "company", "registry"),
    "Timezone": ("timezone", "tz"),
    "Language": ("language", "lang"),
}
_TLDS = ("tld", "tlds", "cctld", "cctlds", "domain")
_FIELDS = {name: field_name for field_name, names in _COLUMNS.items() for name in names}


class NotARoster(Exception):
    """The file has no known form; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person as in the file: `number` is the line, or the place in a list, from 1."""

    number: int
    fields: Mapping[str, str]
    tlds: Sequence[str] = ()
    key: str = ""
    wrong: str = field(default="")


def read_import(octets: bytes) -> list[Line]:
    """The people in a file, in whatever form it is. Raises NotARoster."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotARoster("it is not UTF-8 text: save it as UTF-8") from None
    if not text.strip():
        raise NotARoster("it is empty")
    if text.lstrip()[:1] in "{[":
        return list(_json(text))
    found = list(_csv(text) if _is_table(text) else _plain(text))
    if not found:
        raise NotARoster("nobody is in it")
    return found


# --- CSV: a line of headings first


def _is_table(text: str) -> bool:
    first = next(one for one in text.splitlines() if one.strip())
    headings = [_plain_word(one) for one in re.split(r"[,;\t]", first)]
    return "@" not in first and any(_FIELDS.get(one) == "Email" for one in headings)


def _csv(text: str) -> Iterator[Line]:
    first = next(one for one in text.splitlines() if one.strip())
    separator = max(",;\t", key=first.count)
    csv.field_size_limit(MOST_FIELD_CHARACTERS)
    rows = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=separator, strict=True)
    try:
        headings = [_plain_word(one) for one in next(rows)]
        for row in rows:
            if any(one.strip() for one in row):
                yield _row(rows.line_num, headings, row)
    except csv.Error:
        raise NotARoster(
            f"line {rows.line_num} is not CSV: a quote is left open, or a field is too long"
        ) from None


def _row(number: int, headings: Sequence[str], row: Sequence[str]) -> Line:
    if len(row) > len(headings) and any(one.strip() for one in row[len(headings) :]):
        return Line(number, {}, wrong="has more fields than the first line has headings")
    found: dict[str, str] = {}
    tlds: list[str] = []
    for heading, value in zip(headings, map(undefused, row), strict=False):
        if heading in _TLDS:
            tlds += _words(value)
        elif heading in _FIELDS and value:
            found.setdefault(_FIELDS[heading], value)
    return Line(number, found, tuple(tlds))


def _plain_word(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _words(value: str) -> list[str]:
    return re.split(r"[\s,;|]+", value.strip()) if value.strip() else []


# --- what `mailman members LIST` prints: an address a line, with the name before it where there is one


def _plain(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        name, address = parseaddr(words)
        if "@" not in address:
            yield Line(number, {}, wrong="is not an address, such as Ann Example <ann@nic.example>")
        else:
            yield Line(number, {"Name": name, "Email": address} if name else {"Email": address})


# --- JSON: our own export, Mailman's answer to roster/member, or a list of objects


def _json(text: str) -> Iterator[Line]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise NotARoster("it begins like JSON, but is not valid JSON") from None
    if isinstance(whole, dict) and str(whole.get("format", "")).startswith("tldops-bot export"):
        if whole["format"] != EXPORT:
            raise NotARoster("it was exported by a newer version of this program; import it with that one")
        yield from _exported(whole.get("persons"))
        return
    persons = whole.get("entries", whole.get("members")) if isinstance(whole, dict) else whole
    if not isinstance(persons, list) or not persons:
        raise NotARoster("nobody is in it: persons are expected as a list, or under entries")
    for number, one in enumerate(persons, 1):
        yield _object(number, one)


def _object(number: int, one: Any) -> Line:
    if isinstance(one, str):
        return next(_plain(one), Line(number, {}, wrong="is empty"))
    if not isinstance(one, dict):
        return Line(number, {}, wrong="is not a person")
    found: dict[str, str] = {}
    tlds: list[str] = []
    for key, value in one.items():
        heading = _plain_word(str(key))
        if heading in _TLDS:
            tlds += [str(word) for word in value] if isinstance(value, list) else _words(str(value))
        elif heading in _FIELDS and isinstance(value, str) and _is_value(heading, value):
            found[_FIELDS[heading]] = value.strip()
    return Line(number, found, tuple(tlds))


def _is_value(heading: str, value: str) -> bool:
    """Mailman's `address` is a link, its `email` the address."""
    return bool(value.strip()) and not (_FIELDS[heading] == "Email" and "@" not in value)


def _exported(persons: Any) -> Iterator[Line]:
    """Those listed; anybody else is in an export as history."""
    if not isinstance(persons, list):
        raise NotARoster("its list of persons is missing")
    for number, one in enumerate(persons, 1):
        if not isinstance(one, dict) or not isinstance(one.get("entries"), list):
            yield Line(number, {}, wrong="is not a person")
            continue
        entries = [entry for entry in one["entries"] if isinstance(entry, dict)]
        tlds = [str(entry.get("tld")) for entry in entries if entry.get("state") == "listed"]
        if tlds:
            key = one.get("key")
            line = _object(number, {name: value for name, value in one.items() if name != "entries"})
            yield Line(number, line.fields, tuple(tlds), key if isinstance(key, str) else "")
