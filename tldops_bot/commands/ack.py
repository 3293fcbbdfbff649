"""ACK: a member has seen an alert."""

from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts


@command("ACK id [words]", who=Who.MEMBER, aliases=("SEEN",))
def ack(ctx: Context, request: Request) -> Reply | Refused:
    """Say that you have seen an alert."""
    if not request.arguments:
        return Refused("bad_arguments", {"verb": "ACK", "usage": ack.usage})
    alert = alerts.by_id(ctx.session, request.arguments[0])
    mine = alerts.recipient(ctx.session, alert.id, ctx.actor.person_id or 0) if alert else None
    if alert is None or mine is None:
        return Refused("no_such_alert", {"id": request.arguments[0][:20]})
    words = " ".join(request.arguments[1:])[:500]
    if mine.seen_at is None:
        mine.seen_at, mine.seen_how = ctx.now, "signed"
    mine.words = words or mine.words
    return Reply("seen", {"id": alert.id}, is_silent=True)
