"""SHOW: a contact's own record, all of it, and who asked for it."""

from sqlalchemy import select

from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._details import record_of
from tldops_bot.commands._requests import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import people
from tldops_bot.store.tables import Lookup, Person


@command("SHOW", who=Who.CONTACT)
def show(ctx: Context, request: Request) -> Reply | Refused:
    """Your own record, and who asked for it."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "SHOW"})
    if request.arguments:
        return Refused("bad_arguments", {"verb": "SHOW", "usage": show.usage})
    row = people.usable_key(ctx.session, person, ctx.now)
    values = {
        "person": record_of(person),
        "fingerprint": person.fingerprint or "",
        "key_expires_at": row.expires_at if row else None,
        "key_blocked": person.key_blocked_because if person.key_blocked_at else "",
        "confirmed_at": person.confirmed_at,
        "is_stale": person.stale_at is not None,
        "offices": sorted(office.role for office in person.offices),
        "entries": [
            {
                "tld": shown(entry.tld),
                "state": entry.state,
                "since": entry.since_at,
                "vouched_by": entry.vouched_by,
                "opens_at": entry.probation_until if entry.probation_until > ctx.now else None,
            }
            for entry in person.entries
            if entry.state != people.LEFT
        ],
        "lookups": _lookups(ctx, person),
    }
    return Reply("record", values, is_confidential=True)


def _lookups(ctx: Context, person: Person) -> list[tuple[object, str, str]]:
    query = select(Lookup).where(Lookup.asked_id == person.id).order_by(Lookup.id.desc()).limit(50)
    found: list[tuple[object, str, str]] = []
    for lookup in ctx.session.scalars(query):
        by = ctx.session.get(Person, lookup.by_id)
        found.append((lookup.at, by.name if by else "", lookup.command))
    return found
