"""APPROVE: a committee member says yes to a request."""

from tldops_bot.commands import _deciding
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.request import Request


@command("APPROVE id [id…] [reason]", who=Who.COMMITTEE, changes=True)
def approve(ctx: Context, request: Request) -> Reply | Refused:
    """Say yes to a request that waits for the committee."""
    numbers, because = _deciding.read(request.arguments)
    if not numbers:
        return bad_arguments(approve)
    return _deciding.vote_on(ctx, numbers, approves=True, because=because)
