"""UNSUBSCRIBE: a contact leaves one TLD, several, or all; key and mailbox both say so, or a week passes."""

from tldops_bot.commands import _farewell
from tldops_bot.commands._command import Context, Refused, Reply, Who, command
from tldops_bot.commands._tlds import read_tlds
from tldops_bot.domain.request import Request
from tldops_bot.store import people


@command(
    "UNSUBSCRIBE tld [tld…]",
    "UNSUBSCRIBE CERT",
    "UNSUBSCRIBE REGIONAL",
    "UNSUBSCRIBE ALL",
    who=Who.CONTACT,
    changes=True,
    by_mailbox="keyless",
)
def unsubscribe(ctx: Context, request: Request) -> Reply | Refused:
    """Leave one TLD, or all of them."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "UNSUBSCRIBE"})
    held = people.living(person)
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
    if ctx.actor.is_signed:
        return _farewell.ask_mailbox(ctx, person, held, forgets=False)
    return _farewell.begin(ctx, person, held, forgets=False)
