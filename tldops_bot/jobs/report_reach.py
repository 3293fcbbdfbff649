"""Reports how far each alert got, after 5 minutes, an hour and a day, with a sheet of whom to call."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tldops_bot.commands import _letters, _reach, _waking
from tldops_bot.commands._alerts import CLOSED
from tldops_bot.domain.alert_reach import REPORTED_AFTER, Reach, TldReach, due_report
from tldops_bot.domain.call_sheet import SheetHead, SheetLine, of_caller
from tldops_bot.domain.durations import say_duration
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.jobs._job import JobContext, Unfinished, job
from tldops_bot.roster import call_sheet, call_sheet_files
from tldops_bot.store import alerts, people, wakes
from tldops_bot.store.tables import Alert, Person

PATIENCE = timedelta(days=7)  # after a standstill, older alerts are no longer reported


@job(every=timedelta(minutes=1))
def report_reach(ctx: JobContext) -> list[Letter] | Unfinished:
    """Tell posters and the committee whom their alerts have reached, and whom to call."""
    due = [
        (one, report)
        for one in alerts.to_report(ctx.session, ctx.now - PATIENCE)
        if (report := due_report(one.posted_at, one.reports, ctx.now))
    ]
    if not due:
        return []
    alert, number = due[0]  # one at a time: making a sheet takes a while, and others want to write
    alert.reports = number
    letters = _reports(ctx, alert, number)
    return Unfinished(letters) if due[1:] else letters


def _reports(ctx: JobContext, alert: Alert, number: int) -> list[Letter]:
    reach = alerts.reach(ctx.session, alert)
    lines = _reach.tlds_reached(ctx.session, alert, reach)
    helpers = _reach.volunteers(ctx.session, reach)
    poster = ctx.session.get(Person, alert.person_id)
    own = {one.tld for one in poster.entries} if poster else set()  # they know: the alert is theirs
    sheet = (
        []
        if alert.state == CLOSED
        else _reach.call_sheet(
            ctx.session,
            [one for one in lines if one.tld not in own],
            ctx.tlds,
            [one.name for one in helpers],
            _waking.notes(ctx.session, alert),
        )
    )
    values = _values(ctx, alert, number, reach, lines)
    readers = [*people.office_holders(ctx.session, "committee"), *([poster] if poster else [])]
    head = SheetHead(alert.id, alert.title, alert.tlp, alert.is_exercise)
    whole = _letter(ctx, "jobs/report_reach", values | {"to_call": len(sheet)}, readers, sheet, head)
    parts = [
        _letter(
            ctx,
            "jobs/call_sheet",
            values | {"to_call": len(part), "name": one.name},
            [one],
            part,
            replace(head, caller=one.name),
        )
        for one in helpers
        if (part := of_caller(sheet, one.name))
    ]
    return [whole, *parts]


def _values(
    ctx: JobContext, alert: Alert, number: int, reach: Sequence[Reach], lines: Sequence[TldReach]
) -> dict[str, object]:
    by_state = {
        state: [_reach.line_of(one) for one in lines if one.state == state]
        for state in _reach.tld_counts(lines)
    }
    return {
        "id": alert.id,
        "title": alert.title,
        "tlp": alert.tlp,
        "is_exercise": alert.is_exercise,
        "is_closed": alert.state == CLOSED,
        "posted_at": alert.posted_at,
        "after": say_duration(REPORTED_AFTER[number - 1]),
        "is_last": number == len(REPORTED_AFTER),
        "people": _reach.counts_of(reach),
        "woken": wakes.counts(ctx.session, alert.id),
        "tlds": by_state,
        "response": _reach.response_words(lines),
        "regions": _reach.by_region(lines, ctx.tlds),
        "seconds": alerts.seconds_to_last_copy(ctx.session, alert),
        "words": _reach.words_said(ctx.session, reach),
    }


def _letter(
    ctx: JobContext,
    template: str,
    values: dict[str, object],
    to: Sequence[Person],
    sheet: Sequence[SheetLine],
    head: SheetHead,
) -> Letter:
    fonts = ctx.config.roster.fonts
    attachments = call_sheet_files.files(sheet, head, ctx.now, fonts) if sheet else ()
    lines = call_sheet.text_lines(sheet, ctx.now)
    return Letter(
        Kind.NOTICE,
        template,
        values | {"sheet": lines},
        _letters.to_people(to),
        is_confidential=True,
        attachments=attachments,
    )
