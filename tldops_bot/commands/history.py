"""HISTORY: what changed at a TLD, when, and by which key, as the audit chain has it."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._tlds import is_in_root, read_tlds
from tldops_bot.domain.organisation import kind_of_word, parse_seat, shown
from tldops_bot.domain.request import Request
from tldops_bot.domain.tld import Tld
from tldops_bot.store import audit, notes, people, requests
from tldops_bot.store.tables import AuditEntry, CertificateRow, Entry, Person

LIMIT = 200
EVERY_STATE = (people.LISTED, people.SUSPENDED, people.LEFT)
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_OPERATOR = ("operator", "the operator")


@command("HISTORY tld", who=Who.CONTACT)
def history(ctx: Context, request: Request) -> Reply | Refused:
    """What changed at your TLD, when, and by which key."""
    if len(request.arguments) != 1:
        return bad_arguments(history)
    standing = ctx.actor.standing
    tld = _meant(ctx, request.arguments[0])
    if isinstance(tld, Refused):
        return tld
    if tld is not None and not standing.is_committee and tld.a_label not in standing.tlds:
        return Refused("not_contact_of", {"tlds": [tld.shown]})
    ever = people.contacts_of(ctx.session, tld.a_label, EVERY_STATE) if tld else []
    if tld is None or not (ever or is_in_root(ctx, tld)):
        reason = "unknown_organisation" if ":" in request.arguments[0] else "unknown_tld"
        return Refused(reason, {"word": request.arguments[0][:80], "nearest": ""})
    found = audit.of_tld(ctx.session, tld.a_label, [one.person_id for one in ever], LIMIT)
    own = {one.person_id for one in ever}
    about = [one for one in found if _concerns(one, ever)]
    values = {
        "tld": shown(tld.a_label),
        "entries": [_line(ctx, one, own, names_all=standing.is_committee) for one in about],
        "is_cut": len(found) == LIMIT,
        "notes": notes.shown(ctx.session, tld.a_label) if standing.is_committee else [],
    }
    return Reply("history", values, is_confidential=True)


def _meant(ctx: Context, word: str) -> Tld | Refused | None:
    """The TLD or organisation; a TLD that has left the root still has a history."""
    if not kind_of_word(word):
        return parse_seat(word)
    own = read_tlds(ctx, [word])
    if isinstance(own, Refused):
        return own
    return (
        own[0]
        if len(own) == 1
        else Refused("which_organisation", {"word": word[:20], "kind": kind_of_word(word)})
    )


def _concerns(one: AuditEntry, ever: Collection[Entry]) -> bool:
    """What a person did to their own record belongs here while they were a contact of this TLD."""
    if one.tld:
        return True
    return any(
        entry.person_id == one.person_id
        and entry.since_at <= one.at
        and (entry.left_at is None or one.at <= entry.left_at)
        for entry in ever
    )


def _line(ctx: Context, one: AuditEntry, own: Collection[int], names_all: bool) -> dict[str, Any]:
    details: Mapping[str, Any] = json.loads(one.details)
    number = str(details.get("request", ""))
    return {
        "at": one.at,
        "action": one.action,
        "number": number,
        "who": _name(ctx, one.person_id) or (_asked_for(ctx, number) if names_all else ""),
        "key": str(details.get("key") or ""),
        "words": [
            str(word)
            for name in ("fields", "reasons", "why", "kind", "vote")
            for word in _many(details.get(name))
        ],
    } | _by(ctx, one, own)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _by(ctx: Context, one: AuditEntry, own: Collection[int]) -> dict[str, str]:
    """Who did it: the key, if there was one, and whose it is."""
    if one.actor in _OPERATOR:
        return {"by": "operator", "fingerprint": ""}
    if not _FINGERPRINT.fullmatch(one.actor):
        return {"by": one.actor, "fingerprint": ""}
    row = ctx.session.get(CertificateRow, one.actor)
    person = ctx.session.get(Person, row.person_id) if row and row.person_id else None
    roles = {office.role for office in person.offices} if person else set()
    if person is None:
        by = ""
    elif person.id == one.person_id:
        by = "own"
    elif person.id in own:
        by = person.name
    else:
        by = next((role for role in ("committee", "secretariat") if role in roles), "")
    return {"by": by, "fingerprint": one.actor}


def _name(ctx: Context, person_id: int | None) -> str:
    person = ctx.session.get(Person, person_id) if person_id else None
    return person.name if person else ""


def _asked_for(ctx: Context, number: str) -> str:
    """Whom a request that never led to a contact is about: for the committee only."""
    held = requests.by_number(ctx.session, number) if number else None
    return held.details.get("name", "") if held else ""
