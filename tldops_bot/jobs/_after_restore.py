"""What changes when a service is restored from a backup: nothing is done twice, no wait ends unheard."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tldops_bot.commands import _joining, _letters, _requests
from tldops_bot.commands._alerts import CANCELLED
from tldops_bot.commands._suspending import FINAL_AFTER
from tldops_bot.domain.alert_reach import due_report
from tldops_bot.domain.key_expiry import reached_rung
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.schedule import last_due
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs.report_reach import PATIENCE
from tldops_bot.store import (
    alerts,
    audit,
    dump,
    facts,
    inbox,
    outbox_control,
    outbox_copies,
    outbox_leases,
    overview,
    people,
    requests,
    roster_sends,
    tokens,
    wakes,
)
from tldops_bot.store.tables import Alert

HELD = "restored"  # why a copy waits for the operator
FRESH = timedelta(hours=1)  # younger copies go out by themselves
ALERTS_SKIPPED, OTHERS_SKIPPED = 100, 1000


def settle(ctx: JobContext, made_at: datetime) -> list[Letter]:
    """Turn the rows of a backup into those of a service that knows it was restored; returns what to tell."""
    facts.put(ctx.session, facts.RESTORED_AT, ctx.now.isoformat())
    facts.only_mac_key(ctx.session, ctx.random)
    # Whoever had these in hand works with another database: no lease of theirs need run out here.
    inbox.take_back(ctx.session, ctx.now)
    outbox_leases.take_back(ctx.session, ctx.now, everything=True)
    alerts.leave_gap(ctx.session, ctx.now, ALERTS_SKIPPED)
    # Rows that were lost have numbers that people know from their mail.
    for numbered in ("requests", "invitations"):
        dump.leave_gap(ctx.session.connection(), numbered, OTHERS_SKIPPED)
    ended = tokens.void_all(ctx.session, ctx.now)
    outbox_control.drop_questions(ctx.session, ctx.now)
    outbox_copies.write_all(ctx.session, ctx.now)
    held = outbox_control.hold_older(ctx.session, ctx.now - FRESH, HELD)
    wakes.end_all(ctx.session, ctx.now)
    _count_roster_as_sent(ctx)
    _count_reports_as_written(ctx)
    _count_warnings_as_sent(ctx)
    context = as_command(ctx)
    over = [one.id for one in _end_what_waited_to_go_out(ctx)]
    _begin_waits_anew(ctx)
    waiting = requests.listing(ctx.session)
    _joining.to_committee(context, requests.listing(ctx.session, (requests.WAITING,)), ("restored",))
    audit.record(
        ctx.session, ctx.now, "operator", "restored_backup", made_at=made_at, tokens=ended, held=held
    )
    values = {
        "made_at": made_at,
        "at": ctx.now,
        "held": held,
        "alerts": over,
        "requests": [_requests.number(one) for one in waiting],
    }
    to = (
        *_letters.to_people(people.office_holders(ctx.session, "committee")),
        *_letters.to_address(ctx.config.operator.email),
    )
    return [*context.letters, _letters.notice("letters/restored_backup", values, to)]


def _count_roster_as_sent(ctx: JobContext) -> None:
    period_at = last_due(ctx.config.roster.schedule, ZoneInfo(ctx.config.roster.timezone), ctx.now)
    roster_sends.count_as_sent(ctx.session, period_at, ctx.now)


def _count_reports_as_written(ctx: JobContext) -> None:
    """Reports due by now were written, or would be of no use to anybody any more."""
    for alert in alerts.to_report(ctx.session, ctx.now - PATIENCE):
        alert.reports = max(alert.reports, due_report(alert.posted_at, alert.reports, ctx.now))


def _count_warnings_as_sent(ctx: JobContext) -> None:
    """Expiring keys and waiting cases: the warnings due by now were sent, or the next will do."""
    for person, key in overview.keys_in_use(ctx.session):
        person.key_rung = reached_rung(key.expires_at, ctx.now)
    for case in requests.listing(ctx.session, (requests.COMMITTEE,)):
        told_at = ctx.now.isoformat()
        case.details = {**case.details, "committee_reminded_at": told_at, "told_long_at": told_at}


def _end_what_waited_to_go_out(ctx: JobContext) -> Iterator[Alert]:
    """Held alerts, and exercises whose time has come, may have gone out since the backup."""
    found = [
        *alerts.held_since_before(ctx.session, ctx.now),
        *((one, one) for one in alerts.to_start(ctx.session, ctx.now)),
    ]
    for alert, held in found:
        held.state = CANCELLED
        audit.record(ctx.session, ctx.now, "operator", "alert_cancelled", "", held.person_id, alert=alert.id)
        yield alert


def _begin_waits_anew(ctx: JobContext) -> None:
    """A removal or a FORGET may have been undone since the backup: allow the whole time for that again."""
    until = ctx.now + FINAL_AFTER
    for entry in people.final_by(ctx.session, until):
        entry.final_at = until
    for person in people.forgotten_by(ctx.session, until):
        person.forget_at = until
