"""Tells the committee what its members have decided, where that is not told at once."""

from datetime import timedelta

from tldops_bot.commands import _decisions
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job


@job(every=timedelta(minutes=30))
def tell_of_decisions(ctx: JobContext) -> list[Letter]:
    """Tell the rest of the committee, in one mail a day, about whose wish to join was decided."""
    context = as_command(ctx)
    _decisions.tell_together(context)
    return context.letters
