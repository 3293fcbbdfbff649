"""OBJECT: a person concerned does not agree with a new contact."""

from tldops_bot.commands._answers import find_live, objected
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import read_token


@command("OBJECT token [reason]", who=Who.ANYONE)
def object_(ctx: Context, request: Request) -> Reply | Refused:
    """Object to a new contact of your TLD, within 14 days."""
    words = read_token(request.arguments[0]) if request.arguments else None
    token = find_live(ctx, words) if words else Refused("token_unknown")
    if isinstance(token, Refused):
        return token
    return objected(ctx, token, " ".join(request.arguments[1:])[:200])
