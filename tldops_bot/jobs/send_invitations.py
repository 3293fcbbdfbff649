"""Sends what INVITE MISSING planned: a few a day, each after another look at whether it is still wanted."""

from datetime import timedelta

from tldops_bot.commands import _inviting
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.outreach import MISSING_A_DAY, ONE_DAY
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.jobs._joining import as_command
from tldops_bot.store import invitations


@job(every=timedelta(hours=1))
def send_invitations(ctx: JobContext) -> list[Letter]:
    """Send today's share of the invitations that wait for their turn."""
    waiting = invitations.planned(ctx.session)
    room = MISSING_A_DAY - invitations.sent_since(ctx.session, ctx.now - ONE_DAY)
    if not waiting or room <= 0:
        return []
    context = as_command(ctx)
    lacking = _inviting.missing(context)
    for row in waiting:
        if room > 0 and _inviting.send_planned(context, row, lacking):
            room -= 1
    return context.letters
