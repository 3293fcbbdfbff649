"""RELEASE: a second member lets an alert go that waits for one."""

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alerts import HELD, POSTED, fan_out
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts, people


@command("RELEASE id", who=Who.MEMBER, changes=True, after_probation=True)
def release(ctx: Context, request: Request) -> Reply | Refused:
    """Let an alert go that waits for a second member."""
    held = alerts.by_id(ctx.session, request.arguments[0]) if len(request.arguments) == 1 else None
    if held is None:
        return Refused("no_such_alert", {"id": request.words[:20]})
    update = alerts.held_news(ctx.session, held.id) if held.state == POSTED else None
    waiting = held if held.state == HELD else update
    if waiting is None:
        return Refused("alert_not_waiting", {"id": held.id})
    if waiting.person_id == ctx.actor.person_id:
        return Refused("on_oneself", {"verb": "RELEASE"})
    poster = people.by_fingerprint(ctx.session, waiting.fingerprint)
    if poster is not None and poster.key_blocked_at is not None:
        return Refused(
            "key_blocked_since", {"id": held.id, "verb": "ALERT" if update is None else "UPDATE-ALERT"}
        )
    found = fan_out(ctx, held) if update is None else _alert_news.fan_out_update(ctx, held, update)
    return Reply("released", {"id": held.id, "members": found.people})
