"""May this actor use this command? The one place where a command's `who` is enforced."""

from datetime import datetime

from tldops_bot.commands._command import Actor, Command, Refused, Who
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.standing import Standing


def refusal(command: Command, actor: Actor, now: datetime) -> Refused | None:
    """Why not, or None if the command may run. Signatures are settled by now; this only asks who it is."""
    if command.who is Who.ANYONE:
        return None
    if actor.person is None and not (command.by_mailbox and actor.address):
        return Refused("not_a_contact", {"verb": command.verb})
    standing = actor.standing
    allowed = {
        Who.CONTACT: standing.is_listed
        or bool(standing.suspended_tlds)
        or standing.has_office
        or command.by_mailbox,
        Who.MEMBER: standing.is_member or command.by_mailbox == "token",
        Who.COMMITTEE: standing.is_committee,
        Who.SECRETARIAT: standing.has_office,
    }[command.who]
    if not allowed and command.who is Who.MEMBER:
        return _no_member(command, standing)
    if not allowed:
        return Refused(f"not_{command.who.value}", {"verb": command.verb})
    if command.after_probation and standing.is_on_probation(now):
        return Refused("on_probation", {"verb": command.verb, "until": standing.on_probation_until})
    return None


def _no_member(command: Command, standing: Standing) -> Refused:
    """A suspension is not mended by a new key, nor is having left."""
    suspended = [shown(one) for one in standing.suspended_tlds if not standing.is_listed]
    return Refused("not_member", {"verb": command.verb, "has_key": standing.has_key, "suspended": suspended})
