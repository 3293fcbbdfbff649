"""Limits how often a mailbox is asked to prove itself: strangers must not make us a nuisance."""

from collections.abc import Mapping

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import same_address
from tldops_bot.domain.durations import DAY, HOUR
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.token_details import Proof, read_details
from tldops_bot.store import requests, strangers, tokens
from tldops_bot.store.tables import Person, Request

A_DAY_AND_ADDRESS = 3
AN_HOUR_IN_ALL = 60


def may_ask(ctx: Context, address: str, person: Person | None) -> bool:
    """Whether this address may be asked for another proof now.

    People who ask for themselves by their registered key may. If the domain confirms that the mail is the
    address's own (DMARC), mails that others sent in its name don't count against it. Members are not held up
    by a flood.
    """
    actor = ctx.actor
    if actor.is_signed and actor.person is not None and actor.person is person:
        return True
    is_own = is_from(ctx, address)
    asked = tokens.proofs_since(ctx.session, ctx.now - DAY, address)
    if sum(read_details(Proof, one.details).own is is_own for one in asked) >= A_DAY_AND_ADDRESS:
        return False
    if is_own or (actor.is_signed and actor.standing.is_member):
        return True
    lately = tokens.proofs_since(ctx.session, ctx.now - HOUR)
    return sum(not read_details(Proof, one.details).imported for one in lately) < AN_HOUR_IN_ALL


def is_from(ctx: Context, address: str) -> bool:
    """Whether the domain of this address confirms that the mail in hand is from it."""
    return ctx.mail.is_authentic and same_address(ctx.mail.author, address)


def asked_in_vain(ctx: Context, person: Person, tlds: tuple[str, ...]) -> None:
    """Tell a stored person that somebody tried to enter them; once a day, since it may have been anybody."""
    if strangers.may_answer(ctx.session, person.email, "asked_in_vain", ctx.now) is strangers.May.SILENCE:
        return
    values = {"name": person.name, "tlds": [shown(one) for one in tlds]}
    ctx.post(_letters.notice("letters/asked_in_vain", values, _letters.to_person(person)))


def already_asked(
    ctx: Context, email: str, tld: str, fingerprint: str | None, details: RequestDetails
) -> Request | None:
    """The request that makes another one needless: already proven, with the same key, or in the same words.

    An unproven one by somebody else does not count: it is in nobody's way.
    """
    for held in requests.open_for(ctx.session, email, tld):
        if held.state != requests.PROVING:
            return held
        same_key = held.fingerprint == fingerprint and held.details.get("signed") == details["signed"]
        if same_key and (details["signed"] or _words(held.details) == _words(details)):
            return held
    return None


def _words(details: Mapping[str, object]) -> dict[str, object]:
    ours = ("authentication", "entered_by", "mails", "is_suspect", "key_algorithm")
    return {name: value for name, value in details.items() if name not in ours}
