"""Who leaves proves two things, or gets a week to come back: one mailbox alone, or one key alone, ends nothing for good.

By a signature, the stored mailbox is asked, and its yes (unsigned is enough) ends the entry at once: one mail more for
who really leaves, and a thief of the key brings about nothing but a warning. By the mailbox alone (no key, or one that
is blocked or has ended) the entry is out of service at once and final after 7 days, as with REMOVE: whoever leaves
has nothing more to do, and a no from any stored mailbox, or the committee, brings everything back.
"""

from collections.abc import Sequence

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._forgetting import forget
from tldops_bot.commands._leaving import leave, put_back
from tldops_bot.commands._suspending import FINAL_AFTER, suspend
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Leaving, Staying, read_details
from tldops_bot.store import people, tokens
from tldops_bot.store.tables import Entry, Person, Token

BOTH = "the key and the mailbox"
MAILBOX = "the contact's mailbox"
WISHES_A_DAY = 3


def ask_mailbox(ctx: Context, person: Person, entries: Sequence[Entry], forgets: bool) -> Reply:
    """Signed: ask every stored mailbox, too; one yes is enough, one no ends it. Not again within a day."""
    tlds = [entry.tld for entry in entries]
    until = ctx.now + ctx.config.membership.request_lifetime
    values = {"name": person.name, "tlds": [shown(tld) for tld in tlds], "forgets": forgets, "until": until}
    wish = Leaving(tuple(tlds), forgets)
    if not _asked_enough(ctx, person, wish):
        # In clear: the mailbox's word is asked for, and the key may be in wrong hands.
        for address in people.addresses_of(person):
            to = _letters.to_address(address)
            _letters.ask(
                ctx, Purpose.LEAVE, "letters/leave", to, until, values, details=wish, person_id=person.id
            )
    return Reply("asked", values, Status.WAITING)


def agreed(ctx: Context, token: Token) -> Reply | Refused:
    """The mailbox says yes to what the key has signed."""
    person = tokens.person_of(ctx.session, token)
    if person is None or person.forgotten_at is not None:
        return Refused("token_void")
    wish = read_details(Leaving, token.details)
    if wish.forgets:
        return Reply("left", {"tlds": forget(ctx, person, BOTH)}, is_silent=True)
    held = [entry for entry in people.living(person) if entry.tld in wish.tlds]
    if not held:
        return Refused("token_void")
    left = [leave(ctx, entry, BOTH) for entry in held]
    tokens.void_for_person(ctx.session, person.id, ctx.now, Purpose.LEAVE)
    ctx.post(_letters.notice("letters/left", {"name": person.name, "tlds": left}, _letters.to_person(person)))
    return Reply("left", {"tlds": left}, is_silent=True)


def stays(ctx: Context, token: Token) -> Reply:
    """The mailbox says no: none of it is done, whichever mailbox was asked."""
    if token.person_id is not None:
        tokens.void_for_person(ctx.session, token.person_id, ctx.now, Purpose.LEAVE)
    return Reply("dropped", {"what": Purpose.LEAVE})


def begin(ctx: Context, person: Person, entries: Sequence[Entry], forgets: bool) -> Reply:
    """By the mailbox alone: out of service at once, final after a week; told to everybody concerned."""
    final_at = ctx.now + FINAL_AFTER
    fresh = [entry for entry in entries if entry.state == people.LISTED]
    hastened = {str(entry.id): entry.final_at for entry in entries if entry not in fresh}
    for entry in fresh:
        because = "asked to leave, by a mail from their own mailbox"
        suspend(ctx, entry, because, MAILBOX, final_at, "letters/removed", tells_person=False)
    for entry in entries:
        entry.final_at = min(entry.final_at or final_at, final_at)
    if forgets:
        person.forget_at = final_at
    tlds = [shown(entry.tld) for entry in entries]
    values = {"name": person.name, "tlds": tlds, "forgets": forgets, "until": final_at}
    details = Staying(tuple(entry.id for entry in fresh), hastened)
    for address in people.addresses_of(person):  # in clear, as above
        to = _letters.to_address(address)
        _letters.ask(
            ctx, Purpose.STAY, "letters/stay", to, final_at, values, details=details, person_id=person.id
        )
    return Reply("waiting", values, Status.WAITING, is_silent=True)


def put_all_back(ctx: Context, token: Token) -> Reply | Refused:
    """A stored mailbox says that its owner did not wish it."""
    person = tokens.person_of(ctx.session, token)
    if person is None or person.forgotten_at is not None:
        return Refused("token_void")
    before = read_details(Staying, token.details)
    was_to_be_forgotten, person.forget_at = person.forget_at is not None, None
    back = [entry for entry in person.entries if entry.id in before.fresh and entry.state == people.SUSPENDED]
    for entry in back:
        put_back(ctx, entry, MAILBOX, by_owner=True)
    others = [
        one for one in person.entries if str(one.id) in before.hastened and one.state == people.SUSPENDED
    ]
    for entry in others:
        entry.final_at = before.hastened[str(entry.id)]
    if not (back or others or was_to_be_forgotten):
        return Refused("token_void")
    tokens.void_for_person(ctx.session, person.id, ctx.now, Purpose.STAY)
    return Reply("stays", {"tlds": [shown(entry.tld) for entry in back]})


def _asked_enough(ctx: Context, person: Person, wish: Leaving) -> bool:
    """Whoever has only the key must not be able to flood the mailbox with questions."""
    lately = tokens.lately(ctx.session, Purpose.LEAVE, person.id, ctx.now - DAY)
    held = [one for one in lately if one.used_at is None and one.void_at is None]
    is_open = any(read_details(Leaving, one.details) == wish for one in held)
    return is_open or len({one.made_at for one in lately}) >= WISHES_A_DAY
