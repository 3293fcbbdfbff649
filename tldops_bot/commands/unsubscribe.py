"""UNSUBSCRIBE: a contact leaves one TLD, several, or all."""

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._fields import read_tlds
from tldops_bot.commands._leaving import leave
from tldops_bot.domain.request import Request
from tldops_bot.store import people


@command("UNSUBSCRIBE tld [tld…]", "UNSUBSCRIBE ALL", who=Who.CONTACT, changes=True, by_mailbox="keyless")
def unsubscribe(ctx: Context, request: Request) -> Reply | Refused:
    """Leave one TLD, or all of them."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "UNSUBSCRIBE"})
    held = [entry for entry in person.entries if entry.state in (people.LISTED, people.SUSPENDED)]
    if request.words.upper() != "ALL":
        tlds = read_tlds(ctx, request.arguments)
        if isinstance(tlds, Refused):
            return tlds
        wanted = {tld.a_label: tld for tld in tlds}
        missing = [tld.shown for label, tld in wanted.items() if label not in {one.tld for one in held}]
        if missing:
            return Refused("not_contact_of", {"tlds": missing})
        held = [entry for entry in held if entry.tld in wanted]
    if not held:
        return Refused("not_a_contact", {"verb": "UNSUBSCRIBE"})
    left = [leave(ctx, entry) for entry in held]
    values = {"name": person.name, "tlds": left}
    if not ctx.actor.is_signed:
        ctx.post(_letters.notice("letters/left", values, _letters.to_person(person)))
    return Reply("left", values)
