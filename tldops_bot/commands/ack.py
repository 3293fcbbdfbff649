"""ACK: a member has seen an alert; also from a phone without OpenPGP, by the word in that copy's Subject.

Whoever carries mail can read that word, and say "seen" with it: it never stands in the way of what the member signs.
"""

from datetime import datetime

from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.alert_reach import SIGNED
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import read_token
from tldops_bot.mail import seen_token
from tldops_bot.store import alerts, facts
from tldops_bot.store.tables import AlertRecipient


@command("ACK id [words]", who=Who.MEMBER, aliases=("SEEN",), by_mailbox="token")
def ack(ctx: Context, request: Request) -> Reply | Refused:
    """Say that you have seen an alert."""
    if not request.arguments:
        return bad_arguments(ack)
    word = request.arguments[0]
    token = read_token(word)
    mine = _by_token(ctx, token) if token is not None else _own(ctx, word)
    if mine is None and not ctx.actor.is_signed and token is None:
        return Refused("unsigned", {"verb": "ACK", "detail": ""})
    if mine is None:
        return Refused("no_such_alert", {"id": "" if token is not None else word[:20]})
    _note(mine, ctx.now, "token" if token is not None else SIGNED, request.rest)
    return Reply("seen", {"id": mine.alert_id}, is_silent=True)


def _note(mine: AlertRecipient, now: datetime, how: str, words: str) -> None:
    """The first time counts; the words are signed as `seen_how` says, and what is signed goes before what is not."""
    first = mine.seen_at is None
    mine.seen_at = mine.seen_at or now
    if first or (how == SIGNED and mine.seen_how != SIGNED):
        mine.seen_how, mine.words = how, words
    elif how == mine.seen_how:
        mine.words = words or mine.words


def _own(ctx: Context, word: str) -> AlertRecipient | None:
    """A member's own row, by the number of the alert."""
    alert = alerts.by_id(ctx.session, word)
    if alert is None or not ctx.actor.is_signed or not ctx.actor.standing.is_member:
        return None
    return alerts.recipient(ctx.session, alert.id, ctx.actor.person_id or 0)


def _by_token(ctx: Context, token: str) -> AlertRecipient | None:
    """The row of whoever that copy was sent to; whoever returns the word says it for them."""
    delivery_id = seen_token.read(token, facts.mac_keys(ctx.session))
    return None if delivery_id is None else alerts.recipient_of_delivery(ctx.session, delivery_id)
