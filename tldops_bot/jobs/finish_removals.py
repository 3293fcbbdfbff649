"""Ends what REMOVE began: an entry that nobody restored within its time is gone for good."""

from datetime import timedelta

from sqlalchemy import select

from tldops_bot.commands import _letters
from tldops_bot.commands._forgetting import forget_due
from tldops_bot.commands._leaving import leave
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry, Request


@job(every=timedelta(minutes=10))
def finish_removals(ctx: JobContext) -> list[Letter]:
    """Make removals final whose 7 days have passed."""
    context = as_command(ctx)
    forget_due(context)
    query = select(Entry).where(Entry.state == people.SUSPENDED, Entry.final_at <= ctx.now)
    for entry in ctx.session.scalars(query).all():
        for question in ctx.session.scalars(
            select(Request).where(
                Request.kind == "objection",
                Request.person_id == entry.person_id,
                Request.tld == entry.tld,
                Request.state == requests.COMMITTEE,
            )
        ):
            requests.close(
                question, requests.REJECTED, "the clock", "the time to restore has passed", ctx.now
            )
        values = {
            "name": entry.person.name,
            "tld": leave(context, entry, "the clock"),
            "because": entry.suspended_because,
            "since": entry.suspended_at,
        }
        context.post(_letters.notice("letters/removal_final", values, _letters.to_person(entry.person)))
    return context.letters
