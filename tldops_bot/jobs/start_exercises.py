"""Starts exercises that were announced, when their time has come."""

from datetime import timedelta

from tldops_bot.commands._alerts import fan_out
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import alerts


@job(every=timedelta(minutes=1))
def start_exercises(ctx: JobContext) -> list[Letter]:
    """Send announced exercises when their time has come."""
    context = as_command(ctx)
    for alert in alerts.to_start(ctx.session, ctx.now):
        alert.received_at = ctx.now  # what the seconds to the last copy are counted from
        fan_out(context, alert)
    return context.letters
