"""May this actor use this command? The one place where a command's `who` is enforced."""

from datetime import datetime

from tldops_bot.commands._command import Actor, Command, Refused, Who


def refusal(command: Command, actor: Actor, now: datetime) -> Refused | None:
    """Why not, or None when the command may run. Signatures are settled before; this asks only who it is."""
    if command.who is Who.ANYONE:
        return None
    if actor.person is None and not (command.by_mailbox and actor.address):
        return Refused("not_a_contact", {"verb": command.verb})
    standing = actor.standing
    allowed = {
        Who.CONTACT: standing.is_listed
        or bool(standing.suspended_tlds)
        or _has_office(actor)
        or command.by_mailbox,
        Who.MEMBER: standing.is_member or command.by_mailbox == "token",
        Who.COMMITTEE: standing.is_committee,
        Who.SECRETARIAT: standing.is_secretariat or standing.is_committee,
    }[command.who]
    if not allowed:
        return Refused(f"not_{command.who.value}", {"verb": command.verb})
    if command.after_probation and standing.is_on_probation(now):
        return Refused("on_probation", {"verb": command.verb, "until": standing.on_probation_until})
    return None


def _has_office(actor: Actor) -> bool:
    return actor.standing.is_committee or actor.standing.is_secretariat
