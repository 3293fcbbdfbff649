"""HELP: what you may do, in examples that can be pasted."""

from collections.abc import Collection

from tldops_bot.commands._command import Command, Context, Refused, Reply, Who, command
from tldops_bot.commands._policy import refusal
from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.organisation import kind_of_word
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.domain.request import Request


@command("HELP [command]", who=Who.ANYONE)
def help_(ctx: Context, request: Request) -> Reply | Refused:
    """What you may do here, in examples to paste."""
    from tldops_bot.commands._all import COMMANDS  # all have been found by the time one runs

    key = Attachment("tld-ops-list-key.asc", "application/pgp-keys", ctx.list_certificate)
    if request.arguments:
        wanted = request.arguments[0].upper()
        if wanted not in COMMANDS:
            near = nearest(wanted, COMMANDS)
            return Refused("unknown_verb", {"line": request.line[:80], "nearest": near})
        return Reply("one", {"command": _shown(ctx, COMMANDS[wanted])}, attachments=(key,))
    is_known = ctx.actor.person is not None
    open_to = [one for one in COMMANDS.values() if is_known or one.who is Who.ANYONE]
    yours = [one for one in open_to if refusal(one, ctx.actor, ctx.now) is None]
    later = [one for one in COMMANDS.values() if one not in yours and one.who in (Who.CONTACT, Who.MEMBER)]
    values = {
        "yours": [_shown(ctx, one) for one in yours],
        "later": [_shown(ctx, one) for one in later],
        "is_member": ctx.actor.standing.is_member,
        "is_known": is_known,
        "is_office": ctx.actor.standing.has_office,
    }
    return Reply("commands", values, attachments=(key,))


def _shown(ctx: Context, one: Command) -> dict[str, object]:
    served = ctx.config.membership.constituencies
    return {
        "verb": one.verb,
        "usage": tuple(usage for usage in one.usage if _is_served(usage, served)),
        "summary": one.summary,
        "fields": one.fields,
        "has_text": one.has_text,
        "who": one.who.value,
        "names_list": one.changes,
    }


def _is_served(usage: str, served: Collection[str]) -> bool:
    """What is for organisations without a TLD is of no use where there are none."""
    kind = kind_of_word(usage.split()[-1])
    return not kind or kind in served
