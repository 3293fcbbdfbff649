"""APPROVE: a committee member says yes to a request."""

from tldops_bot.commands import _deciding
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request


@command("APPROVE id [reason]", who=Who.COMMITTEE, changes=True)
def approve(ctx: Context, request: Request) -> Reply | Refused:
    """Say yes to a request that waits for the committee."""
    if not request.arguments:
        return Refused("bad_arguments", {"verb": "APPROVE", "usage": approve.usage})
    held = _deciding.find_open(ctx, request.arguments[0])
    if isinstance(held, Refused):
        return held
    return _deciding.vote(ctx, held, approves=True, because=" ".join(request.arguments[1:])[:200])
