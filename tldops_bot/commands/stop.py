"""STOP: the committee halts the copies of an alert that are not yet on their way."""

from tldops_bot.commands import _alert_news, _letters
from tldops_bot.commands._alerts import CANCELLED, HELD, POSTED, STOPPED
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.alert_reach import REACHED, SEEN
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts, outbox_control, people
from tldops_bot.store.tables import Person


@command("STOP id [reason]", who=Who.COMMITTEE, changes=True)
def stop(ctx: Context, request: Request) -> Reply | Refused:
    """Halt the copies of an alert that have not gone yet."""
    word = request.arguments[0] if request.arguments else ""
    alert = alerts.by_id(ctx.session, word)
    if alert is None:
        return Refused("no_such_alert", {"id": word[:20]})
    if alert.state not in (POSTED, HELD):
        return Refused("alert_not_open", {"id": alert.id, "state": alert.state})
    # What never went out can't be taken back in front of everybody.
    was_held = alert.state == HELD
    alert.state = CANCELLED if was_held else STOPPED
    stopped = outbox_control.drop_alert(ctx.session, alert.id, ctx.now, "stopped")
    gone = sum(one.state in (REACHED, SEEN) for one in alerts.reach(ctx.session, alert))
    made = _alert_news.keep(ctx, _alert_news.news(ctx, alert, _alert_news.STOP, request.rest))
    poster = ctx.session.get(Person, alert.person_id)
    told = [*people.office_holders(ctx.session, "committee"), *([poster] if poster else [])]
    counts = {"stopped": stopped, "gone": gone, "was_held": was_held}
    values = _alert_news.news_values(ctx, alert, made, ctx.actor.person) | counts
    ctx.post(_letters.notice("letters/alert_stopped", values, _letters.to_people(told), is_confidential=True))
    return Reply("stopped", {"id": alert.id} | counts)
