"""Lets new keys count whose wait is over and to which nobody concerned has said no."""

from datetime import timedelta

from tldops_bot.commands import _recovery
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import requests


@job(every=timedelta(minutes=10))
def finish_key_recoveries(ctx: JobContext) -> list[Letter]:
    """Register the new keys whose time to object ([membership] key_recovery_wait) has passed."""
    context = as_command(ctx)
    for request in requests.listing(ctx.session, (requests.WAITING,)):
        if request.state == requests.WAITING and _recovery.waits_until(request) <= ctx.now:
            _recovery.finish(context, request)
    return context.letters
