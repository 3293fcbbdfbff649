"""SUSPEND: the secretariat takes a contact out of service until the committee has decided."""

from tldops_bot.commands import _suspending
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._requests import number
from tldops_bot.commands._tlds import is_known
from tldops_bot.domain.entry_life import COMMITTEE
from tldops_bot.domain.organisation import parse_seat, shown
from tldops_bot.domain.request import Request
from tldops_bot.store import people
from tldops_bot.store.tables import Entry, Person


@command(
    "SUSPEND address tld reason",
    "SUSPEND address ALL reason",
    "SUSPEND address reason",
    who=Who.SECRETARIAT,
    changes=True,
)
def suspend(ctx: Context, request: Request) -> Reply | Refused:
    """Suspend a contact, for one TLD or all, until the committee has decided."""
    words = request.line.split(maxsplit=2)
    if len(words) < 3 or "@" not in words[1]:
        return bad_arguments(suspend)
    person = people.by_address(ctx.session, words[1].strip("<>,;"))
    listed = people.listed(person) if person else []
    if person is None or not listed:
        return Refused("nobody_to_suspend")
    if person is ctx.actor.person:
        return Refused("on_oneself", {"verb": "SUSPEND"})
    where = _where(ctx, listed, words[2])
    if isinstance(where, Refused):
        return where
    entries, because = where
    if not because:
        return bad_arguments(suspend)
    return _suspending.too_many(ctx, len(entries)) or _suspended(ctx, person, entries, because[:200])


def _where(ctx: Context, listed: list[Entry], text: str) -> tuple[list[Entry], str] | Refused:
    """For which TLDs, and why. Many words are TLDs ("is", "no", "in"): if it is not the person's, we ask."""
    first, _, rest = text.partition(" ")
    word = first.rstrip(",:;")
    if word.upper() == "ALL":
        return listed, rest.strip()
    tld = parse_seat(word)
    if tld is None or not is_known(ctx, tld):
        return listed, text.strip()
    held = [one for one in listed if one.tld == tld.a_label]
    return (held, rest.strip()) if held else Refused("suspend_where", {"tld": tld.shown})


def _suspended(ctx: Context, person: Person, entries: list[Entry], because: str) -> Reply:
    role = COMMITTEE if ctx.actor.standing.is_committee else "the secretariat"
    cases = [_suspending.suspend(ctx, entry, because, role, None, "letters/suspended") for entry in entries]
    values = {"name": person.name, "cases": [(shown(one.tld), number(one)) for one in cases]}
    return Reply("suspended", values)
