"""KEY: a first key for a listed contact, a new one for a member; KEY LOST and KEY STOLEN block it at once."""

from collections.abc import Sequence

from tldops_bot.commands import _keys, _letters, _proving, _requests
from tldops_bot.commands._asked_before import is_from, may_ask
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, bad_arguments, command
from tldops_bot.domain.certificate import Certificate, fitness
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Entitled, Recipient
from tldops_bot.domain.request import Request
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import KeyChange
from tldops_bot.store import people, people_keys, requests
from tldops_bot.store.tables import Person
from tldops_bot.store.tables import Request as RequestRow


@command("KEY", "KEY LOST", "KEY STOLEN", "KEY STOLEN address", who=Who.ANYONE, by_mailbox="always")
def key(ctx: Context, request: Request) -> Reply | Refused:
    """Register or replace your key (attach it), or block it; KEY STOLEN address blocks one of your TLD's contacts."""
    word = request.arguments[0].upper() if request.arguments else ""
    if word in ("LOST", "STOLEN") and len(request.arguments) <= 2:
        return _block(ctx, word, request.arguments[1:])
    if word:
        return bad_arguments(key)
    if not ctx.mail.certificates:
        return Refused("no_key_attached")
    signer = ctx.actor.person if ctx.actor.is_signed else None
    return _replace(ctx, signer) if signer else _offer(ctx)


def _block(ctx: Context, word: str, of: Sequence[str]) -> Reply | Refused:
    person = _colleague(ctx, of[0]) if of else ctx.actor.person
    if isinstance(person, Refused):
        return person
    if person is None:
        return Refused("not_a_contact", {"verb": f"KEY {word}"})
    if person.fingerprint is None:
        return Refused("has_no_key")
    if person.key_blocked_at is not None:
        values = {"name": person.name, "why": person.key_blocked_because, "fingerprint": person.fingerprint}
        return Reply("blocked", values)
    return Reply("blocked", _keys.block(ctx, person, word.lower()))


def _colleague(ctx: Context, address: str) -> Person | Refused:
    """Whom a contact may name: themselves, or another contact of a TLD of theirs, in a signed mail."""
    person = people.by_address(ctx.session, address.strip("<>"))
    if person is not None and person is ctx.actor.person:
        return person
    mine = ctx.actor.standing.tlds
    shared = [tld for tld in mine if person is not None and people.entry_of(ctx.session, person, tld)]
    if person is None or not shared or not ctx.actor.is_signed:
        return Refused("nobody_there", {"tld": shown(mine[0]) if mine else ""})
    return person


def _replace(ctx: Context, person: Person) -> Reply | Refused:
    """Signed by the registered key: the new one proves itself from the stored mailbox, and counts."""
    others = [one for one in ctx.mail.certificates if one.fingerprint != person.fingerprint]
    if not others:
        return Reply("renewed", {"fingerprint": person.fingerprint})
    # Whatever is outside the signed part may have been added by whoever carried the mail.
    offered = [one for one in others if one.fingerprint in ctx.mail.covered]
    if not offered:
        return Refused("key_not_covered", {"fingerprint": others[0].fingerprint})
    checked = _check(ctx, offered[0], person)
    if checked is not None:
        return checked
    people_keys.hold_certificate(ctx.session, offered[0], ctx.now)
    until = ctx.now + ctx.config.membership.request_lifetime
    to = Recipient(person.email, Entitled.KEY, person.id, offered[0].fingerprint)
    _letters.ask(
        ctx,
        Purpose.KEY_NEW,
        "letters/prove_key",
        (to,),
        until,
        {"name": person.name, "fingerprint": to.fingerprint, "until": until},
        is_confidential=True,
        fingerprint=to.fingerprint,
        person_id=person.id,
        details=KeyChange(person.fingerprint or ""),
    )
    return Reply("waiting", {"fingerprint": offered[0].fingerprint, "needs_word": False}, Status.WAITING)


def _offer(ctx: Context) -> Reply | Refused:
    """Signed by a key nobody is registered with: proof, then the IANA contacts' word, or the committee's.

    Anybody can make a key that names somebody; whether that is a contact is told to the stored mailbox only.
    """
    offered = next((one for one in ctx.mail.certificates if one.fingerprint == ctx.actor.fingerprint), None)
    if offered is None:
        return Refused("no_key_attached")
    if unfit := fitness(offered, ctx.now):
        return Refused(unfit, {"fingerprint": offered.fingerprint})
    person = _owner(ctx, offered)
    held = _already_asked(ctx, person, offered) if person is not None else None
    if held is not None and held.fingerprint == offered.fingerprint and held.proven_at is not None:
        values = {"tld": shown(held.tld), "number": _requests.number(held), "own": True}
        return Refused("already_asked", values)
    if person is not None and held is None:
        _ask(ctx, person, offered)
    return Reply("waiting", {"fingerprint": offered.fingerprint, "needs_word": True}, Status.WAITING)


def _ask(ctx: Context, person: Person, offered: Certificate) -> None:
    """Ask the stored mailbox, unless it has been asked enough, or there is nobody to be served by it."""
    standing = people.standing(ctx.session, person, ctx.now)
    # Members of only the committee or the secretariat have no voucher: the committee decides.
    tlds = standing.tlds or (("",) if standing.has_office else ())
    if not tlds or _check(ctx, offered, person) is not None or not may_ask(ctx, person.email, person):
        return
    made = [_request(ctx, person, tld, offered) for tld in tlds]
    people_keys.hold_certificate(ctx.session, offered, ctx.now)
    _proving.ask_for_proof(ctx, made, offered.fingerprint, is_from(ctx, person.email))


def _already_asked(ctx: Context, person: Person, offered: Certificate) -> RequestRow | None:
    """The request that must end first. An unproven one is not in the way: a stranger may have sent it."""
    open_ones = requests.of_new_key(ctx.session, person.id)
    same = [one for one in open_ones if one.fingerprint == offered.fingerprint]
    proven = [one for one in open_ones if one.proven_at is not None]
    return next(iter([*same, *proven]), None)


def _owner(ctx: Context, offered: Certificate) -> Person | None:
    """The one stored person whose own address the key names."""
    named = [people.by_address(ctx.session, address) for address in offered.addresses]
    found = {person.id: person for person in named if person is not None}
    return next(iter(found.values())) if len(found) == 1 else None


def _check(ctx: Context, offered: Certificate, person: Person) -> Refused | None:
    if people.by_fingerprint(ctx.session, offered.fingerprint) is not None:
        return Refused("key_in_use", {"fingerprint": offered.fingerprint})
    if not offered.names(person.email):
        return Refused("key_names_another", {"fingerprint": offered.fingerprint})
    unfit = fitness(offered, ctx.now)
    return Refused(unfit, {"fingerprint": offered.fingerprint}) if unfit else None


def _request(ctx: Context, person: Person, tld: str, offered: Certificate) -> RequestRow:
    details: RequestDetails = {
        "name": person.name,
        "email": person.email,
        "old": person.fingerprint or "",
        "authentication": ctx.mail.authentication,
        "key_algorithm": offered.algorithm,
    }
    row = RequestRow(
        kind=RequestKind.KEY,
        state=requests.PROVING,
        tld=tld,
        email_key=person.email_key,
        details=details,
        fingerprint=offered.fingerprint,
        person_id=person.id,
        asked_by=ctx.mail.author,
        asked_at=ctx.now,
        expires_at=ctx.now + ctx.config.membership.request_lifetime,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row
