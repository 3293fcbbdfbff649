"""REJECT: a committee member says no to a request, and why."""

from tldops_bot.commands import _deciding
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request


@command("REJECT id reason", who=Who.COMMITTEE, changes=True)
def reject(ctx: Context, request: Request) -> Reply | Refused:
    """Say no to a request that waits for the committee; the reason goes to the person."""
    if len(request.arguments) < 2:
        return Refused("bad_arguments", {"verb": "REJECT", "usage": reject.usage})
    held = _deciding.find_open(ctx, request.arguments[0])
    if isinstance(held, Refused):
        return held
    return _deciding.vote(ctx, held, approves=False, because=" ".join(request.arguments[1:])[:200])
