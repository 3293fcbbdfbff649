"""A new key that the old one has not announced: proven and vouched for, it waits, and whoever is concerned may say no.

The table of who can get in and who can lock whom out is in docs/keys.md; each row of it is a test.
"""

from collections.abc import Sequence
from datetime import datetime

from tldops_bot.commands import _keys, _letters, _requests
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import address_key
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.outgoing import Entitled, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import KeyWait, read_details
from tldops_bot.store import iana, people, requests, tokens
from tldops_bot.store.tables import Person, Request, Token

# How long the tokens of a wait are good: the committee may take its time after it.
_SPARE = 2


def begin(ctx: Context, request: Request, shown: dict[str, object]) -> None:
    """Let the request of one TLD wait, and tell everybody who could know better; `shown` describes it."""
    person = ctx.session.get_one(Person, request.person_id)
    until = ctx.now + ctx.config.membership.key_recovery_wait
    request.state = requests.WAITING
    request.details = {**request.details, "waits_until": until.isoformat()}
    ctx.record("key_waits", actor="the voucher", tld=request.tld, person_id=person.id)
    values = {
        "name": person.name,
        "tld": shown["tld"],
        "fingerprint": request.fingerprint,
        "old": person.fingerprint or "",
        "until": until,
    }
    _ask_owner(ctx, request, person, values)
    listed = [entry.person for entry in people.contacts_of(ctx.session, request.tld)]
    for other in listed:
        if other is not person:
            _ask_colleague(ctx, request, other, values)
    known = {address_key(address) for one in listed for address in people.addresses_of(one)}
    for address in dict.fromkeys(one.email for one in iana.current_contacts(ctx.session, request.tld)):
        if address and address_key(address) not in known:
            _ask_to_stop(ctx, request, values | {"is_own": False}, _letters.to_address(address)[0])
    _tell_committee(ctx, request, values | {"request": shown})


def waits_until(request: Request) -> datetime:
    """When a waiting request counts if nobody says no."""
    return datetime.fromisoformat(request.details["waits_until"])


def finish(ctx: Context, request: Request) -> None:
    """The time has passed and nobody said no: the key counts, if all is still as it was."""
    if _is_unchanged(ctx, request):
        _keys.settle(ctx, request, CLOCK)
    elif _was_the_last_word(ctx, request):
        _requests.end(ctx, request, "left")
    else:
        requests.close(request, requests.EXPIRED, CLOCK, "things have changed", ctx.now)


def still_waiting(ctx: Context, token: Token) -> list[Request]:
    """The requests a token answers for that still wait, with all as it was when they were made."""
    asked = tokens.requests_of(ctx.session, token)
    return [one for one in asked if one.state == requests.WAITING and _is_unchanged(ctx, one)]


def cosign(ctx: Context, waiting: Sequence[Request]) -> list[Request]:
    """Another contact of the TLD has signed for the new key: nothing to wait for any more."""
    person = ctx.actor.person
    done = [one for one in waiting if person is not None and _may_cosign(ctx, one, person)]
    for request in done:
        _keys.settle(ctx, request, "another contact of the TLD")
    return done


def stopped(ctx: Context, token: Token, because: str) -> list[Request]:
    """Who was asked says no: these requests are for the committee; nobody is locked out by a no alone."""
    asked = tokens.requests_of(ctx.session, token)
    if read_details(KeyWait, token.details).is_own and asked:
        asked = requests.of_new_key(ctx.session, asked[0].person_id or 0, asked[0].fingerprint or "")
    held = [one for one in asked if one.state in (requests.WAITING, requests.VOUCHING)]
    for request in held:
        request.details = {**request.details, "declined_because": because[:200]}
    return held


def _may_cosign(ctx: Context, request: Request, person: Person) -> bool:
    """Listed for the TLD before the new key was asked for, and past probation: no accomplice who has just come."""
    entry = people.entry_of(ctx.session, person, request.tld)
    if entry is None or entry.state != people.LISTED or person.id == request.person_id:
        return False
    return entry.since_at < request.asked_at and entry.probation_until <= ctx.now


def _is_unchanged(ctx: Context, request: Request) -> bool:
    person = ctx.session.get(Person, request.person_id)
    if person is None or person.fingerprint != request.details.get("old"):
        return False
    entry = people.entry_of(ctx.session, person, request.tld)
    return not request.tld or (entry is not None and entry.state == people.LISTED)


def _was_the_last_word(ctx: Context, request: Request) -> bool:
    """Whether they have left this TLD, are listed for another, and nothing else would let the key in any more."""
    person = ctx.session.get(Person, request.person_id)
    if person is None or person.fingerprint != request.details.get("old"):
        return False
    open_ones = requests.of_new_key(ctx.session, person.id, request.fingerprint or "")
    return bool(people.listed(person)) and open_ones == [request]


def _ask_owner(ctx: Context, request: Request, person: Person, values: dict[str, object]) -> None:
    """Every stored mailbox, and whoever holds the old key, each with a token of its own."""
    for address in people.addresses_of(person):
        # In clear: the mailbox's word is asked for, and the key may be in wrong hands.
        _ask_to_stop(ctx, request, values | {"is_own": True}, Recipient(address, Entitled.ADDRESS, person.id))
    if people.usable_key(ctx.session, person, ctx.now) is not None:
        by_key = Recipient(person.email, Entitled.KEY, person.id, person.fingerprint)
        _ask_to_stop(ctx, request, values | {"is_own": True}, by_key)


def _ask_colleague(ctx: Context, request: Request, other: Person, values: dict[str, object]) -> None:
    """With a key they can sign for the new one, or against it; without one they can only say no."""
    if people.usable_key(ctx.session, other, ctx.now) is None:
        for recipient in _letters.to_person(other):
            _ask_to_stop(ctx, request, values | {"is_own": False}, recipient)
        return
    to = tuple(
        Recipient(address, Entitled.KEY, other.id, other.fingerprint)
        for address in people.addresses_of(other)
    )
    shown = values | {"signs_with": other.fingerprint, "is_own": False}
    _ask(ctx, request, Purpose.KEY_COSIGN, "letters/recovery_cosign", shown, to)


def _ask_to_stop(ctx: Context, request: Request, values: dict[str, object], to: Recipient) -> None:
    template = "letters/recovery_stop_signed" if to.fingerprint else "letters/recovery_stop"
    _ask(ctx, request, Purpose.KEY_STOP, template, values, (to,))


def _ask(
    ctx: Context,
    request: Request,
    purpose: Purpose,
    template: str,
    values: dict[str, object],
    to: tuple[Recipient, ...],
) -> None:
    lifetime = _SPARE * ctx.config.membership.key_recovery_wait + ctx.config.membership.request_lifetime
    _letters.ask(
        ctx,
        purpose,
        template,
        to,
        ctx.now + lifetime,
        values,
        is_confidential=purpose is Purpose.KEY_COSIGN,
        requests=[request],
        fingerprint=to[0].fingerprint,
        person_id=to[0].person_id,
        details=KeyWait(is_own=bool(values["is_own"])),
    )


def _tell_committee(ctx: Context, request: Request, values: dict[str, object]) -> None:
    holders = people.office_holders(ctx.session, "committee")
    if holders:
        to = _letters.to_people(holders)
        ctx.post(_letters.notice("letters/recovery_waits", values, to, is_confidential=True))
        return
    operator = _letters.to_address(ctx.config.operator.email)
    ctx.post(_letters.notice("letters/decide_operator", values | {"has_committee": False}, operator))
