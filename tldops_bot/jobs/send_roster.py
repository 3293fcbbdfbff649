"""Sends the roster of the period to every member, once, however often the clock ticks.

Its files are made and signed before, outside of any transaction; until they are, nothing goes. Those who are told
the same get theirs in one transaction; whatever stops the job in between, it goes on with the others.

After a time of standing still only the newest period is sent: two rosters at once would say the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tldops_bot.commands import _letters
from tldops_bot.commands._roster_files import Ready, as_it_stands
from tldops_bot.config.settings import Config
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.roster_changes import Changes, changes, snapshot
from tldops_bot.domain.roster_edition import Edition
from tldops_bot.domain.schedule import last_due
from tldops_bot.jobs._job import JobContext, Unfinished, job
from tldops_bot.roster import parts
from tldops_bot.store import roster_sends
from tldops_bot.store.database import Session
from tldops_bot.store.roster_sends import Reader
from tldops_bot.store.tables import Person

TEMPLATE = "jobs/send_roster"


@dataclass(frozen=True, slots=True)
class News:
    """What sets one member's mail apart: what is new to them since which day, and their files."""

    changes: Changes | None
    since_on: str
    files: str


@job(every=timedelta(minutes=1))
def send_roster(ctx: JobContext) -> list[Letter] | Unfinished:
    """Send the roster that is due by [roster] schedule, if it has not been sent."""
    period_at = _period(ctx.session, ctx.config, ctx.now)
    return roster_letters(ctx, period_at) if period_at is not None else _made_up_for(ctx)


def is_wanted(session: Session, config: Config, now: datetime) -> bool:
    """Whether the next run would send a roster, so that its files must be there."""
    period_at = _period(session, config, now)
    if period_at is not None:
        return bool(roster_sends.recipients_due(session, period_at, now))
    missed = roster_sends.missed_and_mended(session, now)
    return any(roster_sends.recipients_due(session, one, now, only_missed=True) for one in missed)


def _period(session: Session, config: Config, now: datetime) -> datetime | None:
    """The period whose roster is to go out, or is under way."""
    period_at = last_due(config.roster.schedule, ZoneInfo(config.roster.timezone), now)
    if not roster_sends.period_is_sent(session, period_at):
        return period_at
    return roster_sends.under_way(session)


def roster_letters(ctx: JobContext, period_at: datetime) -> list[Letter] | Unfinished:
    """A batch of a period (or, with the present moment, of a roster sent out of turn), noted as sent."""
    readers = roster_sends.recipients_due(ctx.session, period_at, ctx.now)
    missed = _missed_by_now(ctx, period_at)
    letters, rest = _batch(ctx, period_at, readers)
    if letters:
        roster_sends.note_under_way(ctx.session, period_at if rest else None)
    elif not readers and roster_sends.under_way(ctx.session) == period_at:
        roster_sends.note_under_way(ctx.session, None)
    return Unfinished([*missed, *letters]) if letters and rest else [*missed, *letters]


def _missed_by_now(ctx: JobContext, period_at: datetime) -> list[Letter]:
    """Tell those whose key has become unusable that a roster waits, and nothing of what it says."""
    missed = roster_sends.note_missed(ctx.session, period_at, ctx.now)
    return [waiting(missed)] if missed else []


def waiting(people: Iterable[Person]) -> Letter:
    """The notice that a roster waits for them until their key is mended."""
    return _letters.notice("jobs/roster_waiting", {}, _letters.to_people(people))


def _made_up_for(ctx: JobContext) -> list[Letter] | Unfinished:
    """Send the present roster to those whose key was unusable when it went, once that is mended."""
    for period_at in roster_sends.missed_and_mended(ctx.session, ctx.now):
        readers = roster_sends.recipients_due(ctx.session, period_at, ctx.now, only_missed=True)
        letters, _ = _batch(ctx, period_at, readers)
        if letters:
            return Unfinished(letters)
    return []


def _batch(ctx: JobContext, period_at: datetime, readers: Sequence[Reader]) -> tuple[list[Letter], int]:
    """The letter for the largest group that is told the same (it is signed once), and how many are left."""
    if not readers:
        return [], 0
    made: Ready = ctx.seen or as_it_stands(ctx.session, ctx.config, ctx.tlds, ctx.now)
    roster, edition = made.roster, made.edition
    if edition is None:
        return [], len(readers)
    names = {reader.last_snapshot for reader in readers}
    told = {name: roster_sends.held_snapshot(ctx.session, name) for name in names}
    new = {name: changes(snapshot_, roster) for name, snapshot_ in told.items()}
    groups: dict[News, list[Reader]] = defaultdict(list)
    for reader in readers:
        groups[news_for(reader, new[reader.last_snapshot])].append(reader)
    news, group = max(groups.items(), key=lambda pair: len(pair[1]))
    people = [reader.person_id for reader in group]
    fresh = roster_sends.record_send(ctx.session, period_at, people, ctx.now, snapshot(roster))
    to = tuple(one for reader in group if reader.person_id in fresh for one in _recipients(reader))
    return [letter_to(to, made.common, edition, news)], len(readers) - len(group)


def news_for(reader: Reader, new: Changes | None) -> News:
    """What this reader is told; `new` is what differs from their last roster."""
    since_on = f"{reader.last_made_at:%Y-%m-%d}" if new is not None else ""
    return News(new, since_on, reader.files)


def letter_to(
    to: tuple[Recipient, ...], common: Mapping[str, Any], edition: Edition | None, news: News
) -> Letter:
    """The roster as these people are told it."""
    found = parts.enclosed(edition, news.files, common)
    own = parts.change_values(news.changes, news.since_on)
    own |= parts.file_values(found, news.files, is_unmade=edition is None)
    return Letter(
        kind=Kind.ROSTER,
        template=TEMPLATE,
        values={**common, **own},
        to=to,
        is_confidential=True,
        attachments=found.attachments,
    )


def _recipients(reader: Reader) -> list[Recipient]:
    """Every proven address: one under their own TLD may fall with it."""
    return [
        Recipient(address, Entitled.MEMBER, reader.person_id, reader.fingerprint)
        for address in reader.addresses
    ]
