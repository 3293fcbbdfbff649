"""REJECT: a committee member says no to a request, and why."""

from tldops_bot.commands import _deciding
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.request import Request


@command("REJECT id [id…] reason", who=Who.COMMITTEE, changes=True)
def reject(ctx: Context, request: Request) -> Reply | Refused:
    """Say no to a request that waits for the committee; the reason goes to the person."""
    numbers, because = _deciding.read(request.arguments)
    if not because:
        return bad_arguments(reject)
    return _deciding.vote_on(ctx, numbers, approves=False, because=because)
