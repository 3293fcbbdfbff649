"""NOTE: a few words beside a request or a TLD, for the secretariat and the committee."""

from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._fields import is_clean
from tldops_bot.commands._requests import number
from tldops_bot.commands._tlds import read_tlds
from tldops_bot.domain.request import Request
from tldops_bot.store import notes, requests

LIMIT = 500


@command("NOTE id text", "NOTE tld text", who=Who.SECRETARIAT, changes=True)
def note(ctx: Context, request: Request) -> Reply | Refused:
    """Keep a few words about a request or a TLD: PENDING and HISTORY show them to you and the committee."""
    words = request.line.split(maxsplit=2)
    if len(words) < 3:
        return bad_arguments(note)
    text = words[2].strip()
    if len(text) > LIMIT or not is_clean(text):
        return Refused("bad_note", {"limit": LIMIT})
    about = _about(ctx, words[1])
    if isinstance(about, Refused):
        return about
    key, tld, name = about
    notes.keep(ctx.session, key, text, ctx.actor.person_id, ctx.now)
    ctx.record("noted", tld=tld, about=key)
    held = notes.shown(ctx.session, key)
    return Reply("noted", {"about": name, "notes": held}, is_confidential=True)


def _about(ctx: Context, word: str) -> tuple[str, str, str] | Refused:
    """What the note is filed under, its TLD, and how people call it."""
    if any(char.isdigit() for char in word) and ":" not in word and not word.lower().startswith("xn--"):
        held = requests.by_number(ctx.session, word)
        if held is None:
            return Refused("no_such_request", {"number": word[:20]})
        return number(held), held.tld, number(held)
    tlds = read_tlds(ctx, [word])
    if isinstance(tlds, Refused):
        return tlds
    return tlds[0].a_label, tlds[0].a_label, tlds[0].dotted
