"""PENDING: what waits for a decision, with what is known of each case."""

from tldops_bot.commands._case import known
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._requests import describe
from tldops_bot.domain.request import Request
from tldops_bot.store import requests


@command("PENDING", who=Who.SECRETARIAT)
def pending(ctx: Context, request: Request) -> Reply | Refused:
    """What waits for a decision."""
    if request.arguments:
        return Refused("bad_arguments", {"verb": "PENDING", "usage": pending.usage})
    held = requests.listing(ctx.session)
    values = {
        "decide": [known(ctx.session, one, ctx.now) for one in held if one.state == requests.COMMITTEE],
        "others": [describe(one) | {"state": one.state} for one in held if one.state != requests.COMMITTEE],
    }
    return Reply("pending", values, is_confidential=True)
