"""RETRACT: an alert was wrong or forged; everybody is told before everything else, and no copy of it goes any more."""

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alerts import RETRACTED, tell_keyless
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.request import Request
from tldops_bot.store import outbox_control


@command("RETRACT id reason", who=Who.MEMBER, changes=True)
def retract(ctx: Context, request: Request) -> Reply | Refused:
    """Take back an alert that was wrong; everybody hears it at once."""
    alert = _alert_news.named(ctx, request)
    if isinstance(alert, Refused):
        return alert
    because = request.rest
    if not because:
        return bad_arguments(retract)
    if alert.state == RETRACTED:
        return Refused("alert_not_open", {"id": alert.id, "state": alert.state})
    alert.state = RETRACTED
    stopped = outbox_control.drop_alert(ctx.session, alert.id, ctx.now, "retracted")
    made = _alert_news.keep(ctx, _alert_news.news(ctx, alert, _alert_news.RETRACT, because))
    told = _alert_news.tell(ctx, "letters/alert_retracted", alert, made)
    tell_keyless(ctx, told, "letters/alert_withdrawn", alert)
    return Reply("retracted", {"id": alert.id, "people": told.people, "stopped": stopped})
