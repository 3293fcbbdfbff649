"""CLOSE: an incident is over; everybody the alert went to is told."""

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alerts import CLOSED, POSTED
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request


@command("CLOSE id [words]", who=Who.MEMBER, changes=True)
def close(ctx: Context, request: Request) -> Reply | Refused:
    """Say that an incident is over."""
    alert = _alert_news.named(ctx, request)
    if isinstance(alert, Refused):
        return alert
    if alert.state != POSTED:
        return Refused("alert_not_open", {"id": alert.id, "state": alert.state})
    alert.state = CLOSED
    made = _alert_news.keep(ctx, _alert_news.news(ctx, alert, _alert_news.CLOSE, request.rest))
    told = _alert_news.tell(ctx, "letters/alert_closed", alert, made)
    return Reply("closed", {"id": alert.id, "people": told.people})
