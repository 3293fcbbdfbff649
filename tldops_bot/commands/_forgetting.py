"""Removes what is held about a person; that entries began and ended stays on record, without the name."""

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.commands._leaving import leave
from tldops_bot.commands._requests import number
from tldops_bot.domain.candidate import COLUMNS
from tldops_bot.domain.entry_life import CLOCK, CONTACT
from tldops_bot.domain.outgoing import Entitled, Recipient
from tldops_bot.store import (
    audit,
    forgetting,
    mailboxes,
    notes,
    people,
    people_keys,
    printed_rosters,
    requests,
    tokens,
    wakes,
)
from tldops_bot.store.tables import Person


def forget(ctx: Context, person: Person, by: str) -> list[str]:
    """End every entry and office, and empty the record; returns the TLDs that were left, for the answer."""
    # Its address goes once it is sent.
    farewell = (Recipient(person.email, Entitled.ADDRESS, person.id, language=person.language),)
    people.leave_offices(ctx.session, person)
    tlds = [leave(ctx, one, by) for one in people.living(person)]
    forgetting.empty(ctx.session, person, ctx.mail.inbox_id)
    concerning = requests.concerning(ctx.session, person)
    notes.forget_about(ctx.session, *(number(one) for one in concerning))
    for held in concerning:
        if held.state in requests.OPEN:
            requests.close(held, requests.WITHDRAWN, CONTACT, "", ctx.now)
        held.details, held.email_key, held.asked_by, held.decided_because = {}, "", "", ""
    tokens.forget_person(ctx.session, person, ctx.now)
    people_keys.forget_keys(ctx.session, person, ctx.now)
    mailboxes.forget_person(ctx.session, person)
    wakes.forget_person(ctx.session, person.id, ctx.now)
    printed_rosters.forget(ctx.session)
    for column in (*COLUMNS, "key_blocked_because"):
        setattr(person, column, "")
    person.email_key = f"forgotten-{person.id}"
    person.emergency_proven_at = person.fingerprint = person.forget_at = None
    person.forgotten_at = ctx.now
    audit.record(ctx.session, ctx.now, by, "forgotten", "", person.id)
    ctx.post(_letters.notice("letters/forgotten", {"tlds": tlds}, farewell))
    return tlds


def forget_due(ctx: Context) -> None:
    """Forget those who asked by a mailbox alone and were not put back in the days that followed."""
    for person in people.forgotten_by(ctx.session, ctx.now):
        forget(ctx, person, CLOCK)
