"""NOTREACHED: a call found nobody; a wrong number is marked, and its owner asked."""

from tldops_bot.commands import _calls
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request


@command("NOTREACHED id tld [words]", who=Who.MEMBER, changes=True, after_probation=True)
def notreached(ctx: Context, request: Request) -> Reply | Refused:
    """Say that you called a TLD and reached nobody, and why."""
    return _calls.note(ctx, request, reached=False)
