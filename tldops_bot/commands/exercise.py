"""EXERCISE: the committee tries the whole way of an alert, announced a week ahead unless it says otherwise."""

from datetime import datetime, timedelta

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alert_writing import asked_scope, draft_of, unfit_text, written
from tldops_bot.commands._alerts import ANNOUNCED, fan_out, notice_values
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.domain.alert import (
    EXERCISE_FIELDS,
    EXERCISE_STRICT_FIELDS,
    read_when,
    read_yes,
)
from tldops_bot.domain.request import Request
from tldops_bot.store.tables import Alert

AHEAD = timedelta(days=7)
FURTHEST = timedelta(days=366)


@command(
    "EXERCISE",
    who=Who.COMMITTEE,
    changes=True,
    fields=EXERCISE_FIELDS,
    has_text=True,
    strict_fields=EXERCISE_STRICT_FIELDS,
)
def exercise(ctx: Context, request: Request) -> Reply | Refused:
    """Try the way of an alert, with all or some; announced a week ahead."""
    if unfit := unfit_text(ctx, request, "EXERCISE"):
        return unfit
    scope = asked_scope(ctx, request)
    if isinstance(scope, Refused):
        return scope
    starts_at = _starts_at(ctx, request)
    if isinstance(starts_at, Refused):
        return starts_at
    wrote = written(ctx, request, scope, is_exercise=True)
    if read_yes(request.get("Draft")) is not False:
        return draft_of(ctx, wrote)
    made, values = wrote.alert, wrote.values | {"starts_at": starts_at}
    made.posted_at = starts_at
    ctx.session.add(made)
    ctx.session.flush()
    if starts_at <= ctx.now:
        return Reply("started", values | {"people": fan_out(ctx, made).people}, is_confidential=True)
    return Reply("announced", values | {"people": _announce(ctx, made)}, is_confidential=True)


def _starts_at(ctx: Context, request: Request) -> datetime | Refused:
    """`When:` a moment, or "now"; without it a week from now."""
    wanted = request.get("When")
    if wanted is None:
        return ctx.now + AHEAD
    moment = read_when(wanted, ctx.now)
    if moment is None or not ctx.now <= moment <= ctx.now + FURTHEST:
        return Refused("bad_when", {"value": wanted[:40], "example": ctx.now + AHEAD})
    return moment


def _announce(ctx: Context, made: Alert) -> int:
    made.state = ANNOUNCED
    ctx.record("exercise_announced", person_id=ctx.actor.person_id, alert=made.id)
    values = notice_values(made, ctx.actor.person) | {"starts_at": made.posted_at}
    return _alert_news.announce_to(ctx, "letters/exercise_announced", made, values)
