"""DECLINE: no, to the question a token was sent with."""

from tldops_bot.commands._answers import decline as answer_no
from tldops_bot.commands._answers import find_live, take_back
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import read_token


@command("DECLINE token [reason]", who=Who.ANYONE)
def decline(ctx: Context, request: Request) -> Reply | Refused:
    """Say no to a question of this list."""
    words = read_token(request.arguments[0]) if request.arguments else None
    because = " ".join(request.arguments[1:])[:200]
    token = find_live(ctx, words) if words else Refused("token_unknown")
    if not isinstance(token, Refused):
        return answer_no(ctx, token, because)
    taken_back = take_back(ctx, words, because) if words else None
    return token if taken_back is None else taken_back
