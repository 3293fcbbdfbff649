"""UPDATE: a contact changes their own record; the secretariat enters a change for somebody, who has the last word."""

from tldops_bot.commands import _updating
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.candidate import UPDATE_FIELDS
from tldops_bot.domain.request import Request
from tldops_bot.store import people


@command("UPDATE", who=Who.CONTACT, changes=True, fields=UPDATE_FIELDS, by_mailbox="keyless")
def update(ctx: Context, request: Request) -> Reply | Refused:
    """Change your own record: fields as in SUBSCRIBE, `-` to empty one."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "UPDATE"})
    if request.arguments:
        return _for_somebody(ctx, request)
    if not request.fields:
        return Refused("field_missing", {"fields": ("Phone", "Mobile", "Email", "Organisation")})
    change = _updating.read(ctx, person, request.fields)
    if isinstance(change, Refused):
        return change
    if not ctx.actor.is_signed and person.fingerprint is not None and change.leads_mail:
        # Else a thief of the mailbox has the key blocked first, and then alone leads all mail elsewhere.
        return Refused("key_first")
    return _updating.carry_out(ctx, person, change)


def _for_somebody(ctx: Context, request: Request) -> Reply | Refused:
    """The secretariat's word proves nothing: the person is asked."""
    may = ctx.actor.is_signed and ctx.actor.standing.has_office
    if not may or len(request.arguments) != 1 or not request.fields:
        return bad_arguments(update)
    person = people.by_address(ctx.session, request.arguments[0].strip("<>"))
    if person is None or not people.living(person):
        return Refused("nobody_to_update")
    return _updating.propose(ctx, person, request.fields)
