"""Asks mailboxes from which mail came back whether they are alive, and marks those that don't answer."""

from datetime import datetime, timedelta

from tldops_bot.commands import _mailboxes
from tldops_bot.commands._command import Context
from tldops_bot.domain import mailbox as rules
from tldops_bot.domain.address import address_key
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import bounces, mailboxes, people
from tldops_bot.store.tables import Person


@job(every=timedelta(hours=1))
def probe_mailboxes(ctx: JobContext) -> list[Letter]:
    """Probe the mailboxes from which two messages came back over three days, and mark the dead ones."""
    context = as_command(ctx)
    bounces.note_refusals(ctx.session)
    _follow_up(context)
    for (person_id, key), moments in bounces.of_people(ctx.session, ctx.now - rules.WITHIN).items():
        person = ctx.session.get_one(Person, person_id)
        is_theirs = _is_served(person) and _is_theirs(person, key)
        if is_theirs and _is_suspect(ctx, person_id, key, moments):
            _mailboxes.probe(context, person, mailboxes.take(ctx.session, person_id, key))
    return context.letters


def _is_suspect(ctx: JobContext, person_id: int, key: str, moments: list[datetime]) -> bool:
    """Not while it is being probed anyway; bounces before the last sign of life no longer count."""
    row = mailboxes.of(ctx.session, person_id, key)
    if row is None:
        return rules.is_suspect(moments)
    alive_at = row.alive_at or ctx.now
    return row.probed_at is None and rules.is_suspect([one for one in moments if one > alive_at])


def _follow_up(ctx: Context) -> None:
    """Mailboxes probed before: silence is an answer, too, and dead ones are asked again now and then."""
    for person, row in mailboxes.in_question(ctx.session):
        probed_at = row.probed_at or ctx.now
        if not _is_theirs(person, row.address_key):
            mailboxes.drop(ctx.session, row)
        elif not _is_served(person):
            continue
        elif row.failed_at is None and rules.is_dead(probed_at, ctx.now):
            _mailboxes.mark(ctx, person, row)
        elif row.failed_at is not None and rules.is_probe_due(probed_at, row.probes, ctx.now):
            _mailboxes.probe(ctx, person, row)


def _is_theirs(person: Person, key: str) -> bool:
    return key in {address_key(one) for one in people.addresses_of(person)}


def _is_served(person: Person) -> bool:
    return bool(person.offices or people.listed(person))
