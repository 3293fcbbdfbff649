"""FORGET: a contact leaves everything, and what is held about them is removed."""

from sqlalchemy import delete

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._leaving import leave
from tldops_bot.domain.request import Request
from tldops_bot.store import audit, people, requests, tokens
from tldops_bot.store.tables import Lookup, Office

_EMPTIED = (
    "emergency_email",
    "phone",
    "phone_e164",
    "mobile",
    "mobile_e164",
    "fax",
    "postal",
    "organisation",
    "timezone",
    "key_blocked_because",
)


@command("FORGET", who=Who.CONTACT, changes=True, by_mailbox="keyless")
def forget(ctx: Context, request: Request) -> Reply | Refused:
    """Leave everything and have your data removed."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "FORGET"})
    if request.arguments:
        return Refused("bad_arguments", {"verb": "FORGET", "usage": forget.usage})
    farewell = _letters.to_address(person.email)
    ctx.session.execute(delete(Office).where(Office.person_id == person.id))
    tlds = [leave(ctx, one) for one in person.entries if one.state in (people.LISTED, people.SUSPENDED)]
    ctx.session.execute(delete(Lookup).where(Lookup.asked_id == person.id))
    for held in requests.concerning(ctx.session, person):
        if held.state in requests.OPEN:
            requests.close(held, requests.WITHDRAWN, "the contact", "", ctx.now)
        held.details, held.email_key, held.asked_by = {}, "", ""
    tokens.forget_person(ctx.session, person, ctx.now)
    people.forget_keys(ctx.session, person, ctx.now)
    for column in _EMPTIED:
        setattr(person, column, "")
    person.name, person.email, person.email_key = "", "", f"forgotten-{person.id}"
    person.emergency_proven_at = person.fingerprint = None
    person.forgotten_at = ctx.now
    audit.record(ctx.session, ctx.now, ctx.actor.fingerprint or "mailbox", "forgotten", "", person.id)
    ctx.post(_letters.notice("letters/forgotten", {"tlds": tlds}, farewell))
    return Reply("forgotten", {"tlds": tlds}, is_silent=True)
