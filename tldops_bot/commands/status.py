"""STATUS: whom an alert has reached so far."""

from tldops_bot.commands._alert_news import history
from tldops_bot.commands._alerts import may_manage
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._reach import counts_of, line_of, response_words, tlds_reached, words_said
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts, wakes
from tldops_bot.store.tables import Alert


@command("STATUS id", who=Who.MEMBER, after_probation=True)
def status(ctx: Context, request: Request) -> Reply | Refused:
    """Whom an alert has reached, by TLD."""
    alert = alerts.by_id(ctx.session, request.arguments[0]) if len(request.arguments) == 1 else None
    if alert is None:
        return Refused("no_such_alert", {"id": request.words[:20]})
    in_scope = alerts.recipient(ctx.session, alert.id, ctx.actor.person_id or 0) is not None
    if not in_scope and not ctx.actor.standing.is_committee:
        return Refused("no_such_alert", {"id": request.words[:20]})
    reach = alerts.reach(ctx.session, alert)
    lines = tlds_reached(ctx.session, alert, reach)
    values = {
        "id": alert.id,
        "state": alert.state,
        "posted_at": alert.posted_at,
        "counts": counts_of(reach),
        "woken": wakes.counts(ctx.session, alert.id),
        "is_exercise": alert.is_exercise,
        "response": response_words(lines),
        "tlds": [line_of(one) for one in lines if _may_see(ctx, alert, one.tld)],
        "words": words_said(ctx.session, reach) if may_manage(ctx, alert) else [],
        "history": history(ctx, alert),
    }
    return Reply("reach", values, is_confidential=True)


def _may_see(ctx: Context, alert: Alert, tld: str) -> bool:
    """How quick a TLD was in an exercise is for that TLD and the committee; how far an alert got, for all it is for."""
    standing = ctx.actor.standing
    return not alert.is_exercise or standing.is_committee or tld in standing.tlds
