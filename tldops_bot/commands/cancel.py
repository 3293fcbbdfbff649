"""CANCEL: an alert that still waits for its release is taken back."""

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alerts import ANNOUNCED, CANCELLED, HELD, may_manage
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts


@command("CANCEL id", who=Who.MEMBER, changes=True)
def cancel(ctx: Context, request: Request) -> Reply | Refused:
    """Take back an alert, or an update of one, that is not out yet."""
    held = alerts.by_id(ctx.session, request.arguments[0]) if len(request.arguments) == 1 else None
    if held is None or not may_manage(ctx, held):
        return Refused("no_such_alert", {"id": request.words[:20]})
    update = alerts.held_news(ctx.session, held.id)
    waiting = held if held.state in (HELD, ANNOUNCED) else update
    if waiting is None:
        return Refused("alert_not_waiting", {"id": held.id})
    if held.state == ANNOUNCED:
        _alert_news.tell_called_off(ctx, held)
    waiting.state = CANCELLED
    ctx.record("alert_cancelled", person_id=ctx.actor.person_id, alert=held.id)
    return Reply(
        "cancelled", {"id": held.id, "is_update": waiting is update, "is_exercise": held.is_exercise}
    )
