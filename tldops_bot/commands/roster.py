"""ROSTER: everybody's contacts, now, with the files to keep."""

from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._roster_files import as_it_stands
from tldops_bot.domain.request import Request
from tldops_bot.domain.roster_changes import changes, snapshot
from tldops_bot.domain.roster_edition import kinds_of, read_choice
from tldops_bot.roster import parts
from tldops_bot.store import roster_sends


@command("ROSTER", "ROSTER vcf pdf csv json keys", who=Who.MEMBER, after_probation=True)
def roster(ctx: Context, request: Request) -> Reply | Refused:
    """The whole roster, now; name some of its files to get only these."""
    person = ctx.actor.person
    named = read_choice(" ".join(request.arguments)) if request.arguments else None
    if person is None or (request.arguments and named is None):
        return bad_arguments(roster)
    ready = ctx.roster or as_it_stands(ctx.session, ctx.config, ctx.tlds, ctx.now)
    held, edition, common = ready.roster, ready.edition, ready.common
    made_at, before = roster_sends.last_send(ctx.session, person.id)
    since_on = f"{made_at:%Y-%m-%d}" if made_at is not None and before is not None else ""
    new, said = changes(before, held), snapshot(held)
    choice = person.roster_files if named is None else named
    by_name = kinds_of(choice) if named is not None else None
    found = parts.enclosed(edition, choice, common) if by_name is None else parts.asked_for(edition, by_name)
    roster_sends.record_send(ctx.session, ctx.now, [person.id], ctx.now, said, is_asked=True)
    values = {**common, **parts.change_values(new, since_on)}
    values |= parts.file_values(found, choice, is_unmade=edition is None and bool(kinds_of(choice)))
    return Reply("roster", values, attachments=found.attachments, is_confidential=True)
