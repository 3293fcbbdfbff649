"""Sends the roster of the period to every member, once, however often the clock ticks.

After a time of standing still only the newest period is sent: two rosters at once would say the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tldops_bot.commands import _letters
from tldops_bot.commands._roster_files import roster_files
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_changes import Changes, changes, snapshot
from tldops_bot.domain.schedule import last_due
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.roster import parts
from tldops_bot.store import roster_sends
from tldops_bot.store.roster_rows import load_roster
from tldops_bot.store.roster_sends import Reader
from tldops_bot.store.tables import Person

TEMPLATE = "jobs/send_roster"


@job(every=timedelta(minutes=1))
def send_roster(ctx: JobContext) -> list[Letter]:
    """Send the roster that is due by [roster] schedule, if it has not been sent."""
    settings = ctx.config.roster
    period_at = last_due(settings.schedule, ZoneInfo(settings.timezone), ctx.now)
    if roster_sends.period_is_sent(ctx.session, period_at):
        return _made_up_for(ctx)
    return roster_letters(ctx, period_at)


def roster_letters(ctx: JobContext, period_at: datetime) -> list[Letter]:
    """The letters of a period (or, with the present moment, of a roster sent out of turn), noted as sent."""
    readers = roster_sends.recipients_due(ctx.session, period_at, ctx.now)
    return [*_missed_by_now(ctx, period_at), *_sent_to(ctx, period_at, readers)]


def _missed_by_now(ctx: JobContext, period_at: datetime) -> list[Letter]:
    """Whose key is of no use now hears that a roster waits, and nothing of it."""
    missed = roster_sends.note_missed(ctx.session, period_at, ctx.now)
    return [waiting(missed)] if missed else []


def waiting(people: Iterable[Person]) -> Letter:
    """That a roster waits for them until their key is mended."""
    return _letters.notice("jobs/roster_waiting", {}, _letters.to_people(people))


def _made_up_for(ctx: JobContext) -> list[Letter]:
    """Whose key was of no use when the roster went gets the present one as soon as it is mended."""
    letters: list[Letter] = []
    for period_at in roster_sends.missed_and_mended(ctx.session, ctx.now):
        readers = roster_sends.recipients_due(ctx.session, period_at, ctx.now, only_missed=True)
        letters += _sent_to(ctx, period_at, readers)
    return letters


def _sent_to(ctx: JobContext, period_at: datetime, readers: Sequence[Reader]) -> list[Letter]:
    if not readers:
        return []
    roster = load_roster(ctx.session, ctx.now, ctx.tlds)
    held = _snapshots(ctx, readers)  # read before the new one is noted and the old ones go
    people = [reader.person_id for reader in readers]
    fresh = roster_sends.record_send(ctx.session, period_at, people, ctx.now, snapshot(roster))
    return _by_news(ctx, roster, (reader for reader in readers if reader.person_id in fresh), held)


def _snapshots(ctx: JobContext, readers: Iterable[Reader]) -> dict[str, Mapping[str, Any] | None]:
    names = {reader.last_snapshot for reader in readers}
    return {name: roster_sends.held_snapshot(ctx.session, name) for name in names}


def _by_news(
    ctx: JobContext, roster: Roster, readers: Iterable[Reader], held: Mapping[str, Mapping[str, Any] | None]
) -> list[Letter]:
    """One letter for all who are told the same changes since the same day: it is signed once."""
    by_last: dict[tuple[str, str], list[Reader]] = defaultdict(list)
    for reader in readers:
        since_on = f"{reader.last_made_at:%Y-%m-%d}" if held[reader.last_snapshot] is not None else ""
        by_last[reader.last_snapshot, since_on].append(reader)
    groups: dict[tuple[Changes | None, str], list[Reader]] = defaultdict(list)
    for (name, since_on), group in by_last.items():
        groups[changes(held[name], roster), since_on].extend(group)
    files = roster_files(ctx.session, roster, ctx.config, ctx.tlds, ctx.now)
    common = parts.values(roster, ctx.config)
    return [
        Letter(
            kind=Kind.ROSTER,
            template=TEMPLATE,
            values=common | parts.change_values(new, since_on),
            to=tuple(recipient for reader in group for recipient in _recipients(reader)),
            is_confidential=True,
            attachments=files,
        )
        for (new, since_on), group in groups.items()
    ]


def _recipients(reader: Reader) -> list[Recipient]:
    """Every proven address: the one under the own TLD may fall with it."""
    return [
        Recipient(address, Entitled.MEMBER, reader.person_id, reader.fingerprint)
        for address in reader.addresses
    ]
