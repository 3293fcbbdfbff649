"""Ends what REMOVE began: an entry that nobody restored within its time is gone for good."""

from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.commands._forgetting import forget_due
from tldops_bot.commands._leaving import leave
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import people, requests


@job(every=timedelta(minutes=10))
def finish_removals(ctx: JobContext) -> list[Letter]:
    """Make removals final whose 7 days have passed."""
    context = as_command(ctx)
    forget_due(context)
    for entry in people.final_by(ctx.session, ctx.now):
        for question in requests.questions_about(ctx.session, entry):
            because = "the time to restore has passed"
            requests.close(question, requests.REJECTED, CLOCK, because, ctx.now)
        values = {
            "name": entry.person.name,
            "tld": leave(context, entry, CLOCK),
            "because": entry.suspended_because,
            "since": entry.suspended_at,
        }
        context.post(_letters.notice("letters/removal_final", values, _letters.to_person(entry.person)))
    return context.letters
