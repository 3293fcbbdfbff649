"""DECLINE: no, to the question a token was sent with."""

from tldops_bot.commands._answers import decline as answer_no
from tldops_bot.commands._answers import find_live
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import read_token


@command("DECLINE token [reason]", who=Who.ANYONE)
def decline(ctx: Context, request: Request) -> Reply | Refused:
    """Say no to a question of this list."""
    words = read_token(request.arguments[0]) if request.arguments else None
    token = find_live(ctx, words) if words else Refused("token_unknown")
    if isinstance(token, Refused):
        return token
    return answer_no(ctx, token, " ".join(request.arguments[1:])[:200])
