"""Ends alerts and updates that waited in vain for a second member, and tells everybody who was asked."""

from datetime import datetime, timedelta

from tldops_bot.commands import _letters
from tldops_bot.commands._alerts import CANCELLED
from tldops_bot.commands._brakes import asked_to_release
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import alerts, audit
from tldops_bot.store.tables import Alert, AlertNews, Person

PATIENCE = timedelta(hours=24)  # yesterday's incident is better posted anew, with what is known by then


@job(every=timedelta(minutes=1))
def end_held_alerts(ctx: JobContext) -> list[Letter]:
    """End alerts that nobody released within a day; the poster and all who were asked hear it."""
    return [
        _ended(ctx, alert, held) for alert, held in alerts.held_since_before(ctx.session, ctx.now - PATIENCE)
    ]


def _ended(ctx: JobContext, alert: Alert, held: Alert | AlertNews) -> Letter:
    held.state = CANCELLED
    audit.record(ctx.session, ctx.now, CLOCK, "alert_not_released", "", held.person_id, alert=alert.id)
    poster = ctx.session.get(Person, held.person_id)
    told = [*([poster] if poster is not None else []), *asked_to_release(ctx.session, alert, poster)]
    values: dict[str, str | bool | datetime] = {
        "id": alert.id,
        "title": held.title,
        "is_update": held is not alert,
        "since": held.posted_at,
        "name": poster.name if poster is not None else "",
    }
    return _letters.notice("jobs/alert_not_released", values, _letters.to_people(told), is_confidential=True)
