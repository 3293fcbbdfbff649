"""REACHED brings back what the calls found, so that nobody is called twice."""

from tldops_bot.commands import _calls
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request


@command("REACHED id tld [tld…] [words]", who=Who.MEMBER, changes=True, after_probation=True)
def reached(ctx: Context, request: Request) -> Reply | Refused:
    """Say which TLDs you have reached by phone."""
    return _calls.note(ctx, request, reached=True)
