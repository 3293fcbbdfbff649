"""Drops alerts that waited too long for a recipient's key, and tells the recipient."""

from collections import defaultdict
from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import outbox_control, people

KEPT = timedelta(days=30)


@job(every=timedelta(hours=1))
def drop_held(ctx: JobContext) -> list[Letter]:
    """Drop what waited 30 days for a key to be mended, with a word about each alert to its recipients."""
    dropped = outbox_control.drop_keyless(ctx.session, ctx.now - KEPT, ctx.now)
    served = people.served_among(ctx.session, {person_id for _, person_id in dropped})
    told: dict[str, set[int]] = defaultdict(set)
    for alert_id, person_id in dropped:
        if person_id in served:
            told[alert_id].add(person_id)
    return [
        _letters.notice(
            "jobs/drop_held",
            {"alert_id": alert_id, "days": KEPT.days},
            _letters.to_people(served[number] for number in sorted(numbers)),
        )
        for alert_id, numbers in sorted(told.items())
    ]
