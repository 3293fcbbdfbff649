"""Fields of SUBSCRIBE and UPDATE: each value is checked, and a mistake refused with how to write it right."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tldops_bot.commands._command import Context, Refused
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.candidate import LIMITS, Candidate, column_of
from tldops_bot.domain.language import read_language
from tldops_bot.domain.links import holds_host, is_link
from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.organisation import kind_of, kind_of_word, parse_organisation
from tldops_bot.domain.request import Field
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.mail.phones import parse_phone
from tldops_bot.mail.timezones import parse_timezone
from tldops_bot.store import iana, organisations, people

MAX_TLDS = 400  # in one command; there are 309 ccTLDs
_JOINERS = "\u200c\u200d"  # zero-width, but some scripts can't be written without them


def read_tlds(ctx: Context, words: Sequence[str]) -> list[Tld] | Refused:
    """What somebody named, each once: TLDs in the root or with contacts here, organisations; or why not.

    `CERT` and `REGIONAL` on their own stand for the actor's own organisations of that kind.
    """
    if not words:
        return Refused("no_tld")
    if len(words) > MAX_TLDS:
        return Refused("too_many_tlds", {"limit": MAX_TLDS})
    found: dict[str, Tld] = {}
    for word in words:
        kind = kind_of_word(word)
        named = _own_organisations(ctx, kind) if kind else [_organisation(ctx, word) or parse_tld(word)]
        if kind and not named:
            return Refused("which_organisation", {"word": word[:20], "kind": kind})
        for tld in named:
            if tld is None or not is_known(ctx, tld):
                return unknown(ctx, word, tld)
            found[tld.a_label] = tld
    return list(found.values())


def _organisation(ctx: Context, word: str) -> Tld | None:
    parsed = parse_organisation(word) if ":" in word else None
    return (organisations.by_label(ctx.session, parsed.a_label) or parsed) if parsed else None


def _own_organisations(ctx: Context, kind: str) -> list[Tld | None]:
    standing = ctx.actor.standing
    own = [label for label in (*standing.tlds, *standing.suspended_tlds) if kind_of(label) == kind]
    return [_organisation(ctx, label) for label in own]


def unknown(ctx: Context, word: str, tld: Tld | None) -> Refused:
    """Why that is not one, with the nearest that is."""
    if ":" in word:
        held = organisations.labels(ctx.session) if ctx.actor.is_signed else []
        near = nearest(tld.a_label if tld else word, held, within=2)
        return Refused("unknown_organisation", {"word": word[:80], "nearest": near})
    known = [facts.tld.a_label for facts in ctx.tlds]
    near = nearest(tld.a_label if tld else word, known, within=1)
    return Refused("unknown_tld", {"word": word[:80], "nearest": near})


def is_in_root(ctx: Context, tld: Tld) -> bool:
    """Whether the TLD exists: by IANA's own answer if we have it, else by the table we came with.

    An organisation exists once somebody was listed for it; strangers must not learn from this which ones do.
    """
    if kind_of(tld.a_label):
        return ctx.actor.person is None or organisations.by_label(ctx.session, tld.a_label) is not None
    known = iana.is_assigned(ctx.session, tld.a_label)
    return known if known is not None else tld in ctx.tlds


def is_known(ctx: Context, tld: Tld) -> bool:
    """Whether it can be named: even a TLD that has left the root, while it has contacts who may leave."""
    return is_in_root(ctx, tld) or bool(people.contacts_of(ctx.session, tld.a_label, people.LIVING))


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
            phone = parse_phone(value, "GB" if country == "UK" else country)  # the TLD is older than the code
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
