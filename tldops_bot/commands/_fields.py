"""Fields of SUBSCRIBE and UPDATE: each value is checked, and a mistake refused with how to write it right."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tldops_bot.commands._command import Context, Refused
from tldops_bot.domain.address import mask_address, mask_phone, parse_address
from tldops_bot.domain.candidate import LIMITS, Candidate, column_of
from tldops_bot.domain.language import read_language
from tldops_bot.domain.links import holds_host, is_link
from tldops_bot.domain.request import Field
from tldops_bot.domain.tld import Tld
from tldops_bot.mail.phones import parse_phone
from tldops_bot.mail.timezones import parse_timezone

EMPTY = ("-", "none", "")  # a value that means "nothing"
# What leads somebody to a person: in clear, just enough of it for its owner to recognise.
MASKED = {
    "Email": mask_address,
    "Emergency-Email": mask_address,
    "Phone": mask_phone,
    "Mobile": mask_phone,
    "Fax": mask_phone,
}
_JOINERS = "\u200c\u200d"  # zero-width, but some scripts can't be written without them


def country_of(ctx: Context, tlds: Iterable[Tld]) -> str:
    """The country (ISO 3166) whose numbers may be written without +CC: that of the first of these we know."""
    code = next((facts.country for tld in tlds if (facts := ctx.tlds.get(tld))), "")
    return "GB" if code == "UK" else code  # the TLD is older than the code


def blocks(fields: Sequence[Field]) -> Iterator[tuple[Field, ...]]:
    """The fields of one person after another: each `Name:` begins the next."""
    held: list[Field] = []
    for one in fields:
        if one.name == "Name" and any(other.name == "Name" for other in held):
            yield tuple(held)
            held = []
        held.append(one)
    if held:
        yield tuple(held)


def read_candidate(ctx: Context, fields: Sequence[Field], country: str = "") -> Candidate | Refused:
    """A candidate from fields; empty ones stay empty. If one is wrong, which, and how to write it."""
    found = Candidate()
    for one in fields:
        if one.name == "Replaces" or not one.value.strip():
            continue
        outcome = _take(ctx, found, one, country)
        if isinstance(outcome, Refused):
            return outcome
        found = outcome
    return found


def _take(ctx: Context, held: Candidate, field: Field, country: str) -> Candidate | Refused:
    if getattr(held, column_of(field.name)):
        return Refused("field_twice", {"field": field.name})
    found = _columns(ctx, field.name, " ".join(field.value.split()), country)
    return found if isinstance(found, Refused) else replace(held, **found)


def _columns(ctx: Context, name: str, value: str, country: str) -> dict[str, str] | Refused:
    """What a field says, by the columns of a candidate; or what is wrong with it."""
    column, found = column_of(name), None
    match name:
        case "Email" | "Emergency-Email":
            found = parse_address(value.strip("<>"))
        case "Phone" | "Mobile" | "Fax":
            phone = parse_phone(value, country)
            if phone is None:
                return Refused("bad_phone", {"field": name, "value": value[:40]})
            return {column: phone.written, f"{column}_e164": phone.e164}
        case "Timezone":
            found = parse_timezone(value)
        case "Language":
            offered = ctx.config.templates.languages
            found = read_language(value, offered)
            if not found:
                return Refused("unknown_language", {"value": value[:40], "languages": list(offered)})
        case _:
            found = value if _is_fit(name, value) else None
    if not found:
        return Refused("bad_field", {"field": name, "value": value[:80], "limit": _exceeded(name, value)})
    return {column: found}


def _is_fit(name: str, value: str) -> bool:
    """Whether free text may stand in this field, for others to read."""
    if _exceeded(name, value) or not is_clean(value) or is_link(value):
        return False
    is_named = len(value) >= 2 and any(char.isalpha() for char in value) and not holds_host(value)
    return is_named or name != "Name"


def _exceeded(name: str, value: str) -> int:
    """The most characters a field may have, if it has more; else 0."""
    limit = LIMITS.get(name, 0)
    return limit if 0 < limit < len(value) else 0


def is_clean(value: str) -> bool:
    """No control, invisible or direction-changing characters, and no link for others to click."""
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    seen = all(char in _JOINERS or unicodedata.category(char) not in hidden for char in value)
    return seen and "://" not in value
