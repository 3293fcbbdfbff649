"""ROSTER: everybody's contacts, now, with the files to keep."""

from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._roster_files import roster_files
from tldops_bot.domain.request import Request
from tldops_bot.domain.roster_changes import changes
from tldops_bot.roster import parts
from tldops_bot.store import roster_sends
from tldops_bot.store.roster_rows import load_roster


@command("ROSTER", who=Who.MEMBER, after_probation=True)
def roster(ctx: Context, request: Request) -> Reply | Refused:
    """The whole roster, now."""
    if request.arguments or ctx.actor.person_id is None:
        return Refused("bad_arguments", {"verb": "ROSTER", "usage": roster.usage})
    held = load_roster(ctx.session, ctx.now, ctx.tlds)
    made_at, before = roster_sends.last_send(ctx.session, ctx.actor.person_id)
    since_on = f"{made_at:%Y-%m-%d}" if made_at is not None and before is not None else ""
    new = changes(before, held)
    values = parts.values(held, ctx.config) | parts.change_values(new, since_on)
    files = roster_files(ctx.session, held, ctx.config, ctx.tlds, ctx.now)
    return Reply("roster", values, attachments=files, is_confidential=True)
