"""CONFIRM: yes, to the question a token was sent with."""

from tldops_bot.commands._answers import confirm as answer_yes
from tldops_bot.commands._answers import find_live
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._freshness import confirmed
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import read_token


@command("CONFIRM token", who=Who.ANYONE)
def confirm(ctx: Context, request: Request) -> Reply | Refused:
    """Say yes to a question of this list."""
    words = read_token(request.arguments[0]) if request.arguments else None
    if words is None:
        return _without_token(ctx)
    token = find_live(ctx, words)
    return token if isinstance(token, Refused) else answer_yes(ctx, token)


def _without_token(ctx: Context) -> Reply | Refused:
    """A signed CONFIRM without a token says "all about me is still right"."""
    person = ctx.actor.person
    if person is None or not ctx.actor.is_signed:
        return Refused("token_unknown")
    return confirmed(ctx, person)
