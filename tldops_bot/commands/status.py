"""STATUS: whom an alert has reached so far."""

from collections import defaultdict
from collections.abc import Sequence

from tldops_bot.commands._alert_news import history
from tldops_bot.commands._alerts import may_manage
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._requests import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts, people
from tldops_bot.store.alerts import Reach
from tldops_bot.store.tables import Person

_BEST_FIRST = ("seen", "reached", "waiting", "failed")


@command("STATUS id", who=Who.MEMBER, after_probation=True)
def status(ctx: Context, request: Request) -> Reply | Refused:
    """Whom an alert has reached, by TLD."""
    alert = alerts.by_id(ctx.session, request.arguments[0]) if len(request.arguments) == 1 else None
    if alert is None:
        return Refused("no_such_alert", {"id": request.words[:20]})
    in_scope = alerts.recipient(ctx.session, alert.id, ctx.actor.person_id or 0) is not None
    if not in_scope and not ctx.actor.standing.is_committee:
        return Refused("no_such_alert", {"id": request.words[:20]})
    reach = alerts.reach(ctx.session, alert.id)
    lines = by_tld(ctx, reach)
    values = {
        "id": alert.id,
        "state": alert.state,
        "posted_at": alert.posted_at,
        "counts": {word: sum(one.state == word for one in reach) for word in _BEST_FIRST},
        "tlds": lines,
        "words": _words(ctx, reach) if may_manage(ctx, alert) else [],
        "history": history(ctx, alert),
    }
    return Reply("reach", values, is_confidential=True)


def by_tld(ctx: Context, reach: Sequence[Reach]) -> list[dict[str, object]]:
    """Per TLD the best that any of its contacts got, and why where it failed."""
    found: dict[str, list[Reach]] = defaultdict(list)
    for one in reach:
        person = ctx.session.get(Person, one.person_id)
        for entry in person.entries if person else ():
            if entry.state == people.LISTED:
                found[entry.tld].append(one)
    lines: list[dict[str, object]] = []
    for tld in sorted(found):
        best = min(found[tld], key=lambda one: _BEST_FIRST.index(one.state))
        lines.append(
            {"tld": shown(tld), "state": best.state, "why": best.why if best.state == "failed" else ""}
        )
    return lines


def _words(ctx: Context, reach: Sequence[Reach]) -> list[tuple[str, str]]:
    """What people said with their ACK."""
    said = []
    for one in reach:
        person = ctx.session.get(Person, one.person_id) if one.words else None
        if person is not None:
            said.append((person.name, one.words))
    return said
