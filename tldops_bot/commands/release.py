"""RELEASE: a second member lets an alert go that waits for one."""

from tldops_bot.commands._alerts import HELD, fan_out, scope_of
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts


@command("RELEASE id", who=Who.MEMBER, changes=True, after_probation=True)
def release(ctx: Context, request: Request) -> Reply | Refused:
    """Let an alert go that waits for a second member."""
    held = alerts.by_id(ctx.session, request.arguments[0]) if len(request.arguments) == 1 else None
    if held is None:
        return Refused("no_such_alert", {"id": request.words[:20]})
    if held.state != HELD:
        return Refused("alert_not_waiting", {"id": held.id})
    if held.person_id == ctx.actor.person_id:
        return Refused("on_oneself", {"verb": "RELEASE"})
    found = fan_out(ctx, held, scope_of(held))
    return Reply("released", {"id": held.id, "members": len(found)})
