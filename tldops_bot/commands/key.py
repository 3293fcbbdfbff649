"""KEY: a first key for a listed contact, a new one for a member; KEY LOST and KEY STOLEN block it at once."""

from tldops_bot.commands import _joining, _letters
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.domain.address import address_key
from tldops_bot.domain.certificate import Certificate, fitness
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.request import Request
from tldops_bot.store import audit, people, requests, tokens
from tldops_bot.store.tables import Person
from tldops_bot.store.tables import Request as RequestRow


@command("KEY", "KEY LOST", "KEY STOLEN", who=Who.ANYONE, by_mailbox="always")
def key(ctx: Context, request: Request) -> Reply | Refused:
    """Register or replace your key (attach it), or have it blocked."""
    word = request.words.upper()
    if word in ("LOST", "STOLEN"):
        return _block(ctx, word)
    if word:
        return Refused("bad_arguments", {"verb": "KEY", "usage": key.usage})
    if not ctx.actor.is_signed:
        return Refused("unsigned", {"verb": "KEY"})
    if not ctx.mail.certificates:
        return Refused("no_key_attached")
    return _replace(ctx, ctx.actor.person) if ctx.actor.person else _offer(ctx)


def _block(ctx: Context, word: str) -> Reply | Refused:
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": f"KEY {word}"})
    if person.fingerprint is None:
        return Refused("has_no_key")
    person.key_blocked_at, person.key_blocked_because = ctx.now, word.lower()
    tokens.void_for_person(ctx.session, person.id, ctx.now)
    audit.record(
        ctx.session,
        ctx.now,
        ctx.actor.fingerprint or "mailbox",
        "key_blocked",
        "",
        person.id,
        ctx.mail.inbox_id,
    )
    values = {"name": person.name, "why": word.lower(), "fingerprint": person.fingerprint}
    told = {one.address: one for one in _letters.to_person(person)}
    for tld in ctx.actor.standing.tlds:
        told |= {one.address: one for one in _letters.others_concerned(ctx.session, tld, person)}
    told |= {one.address: one for one in _letters.to_committee(ctx.session, ctx.config)}
    ctx.post(_letters.notice("letters/key_blocked", values, tuple(told.values())))
    return Reply("blocked", values)


def _replace(ctx: Context, person: Person) -> Reply | Refused:
    """Signed by the registered key: the new one proves itself from the stored mailbox, and counts."""
    offered = [one for one in ctx.mail.certificates if one.fingerprint != person.fingerprint]
    if not offered:
        return Reply("renewed", {"fingerprint": person.fingerprint})
    checked = _check(ctx, offered[0], person)
    if checked is not None:
        return checked
    people.hold_certificate(ctx.session, offered[0], ctx.now)
    until = ctx.now + ctx.config.membership.request_lifetime
    minted = tokens.mint(
        ctx.session,
        ctx.random,
        "key_new",
        person.email,
        ctx.now,
        until,
        fingerprint=offered[0].fingerprint,
        person_id=person.id,
        details={"old": person.fingerprint},
    )
    values = {
        "token": minted.words,
        "name": person.name,
        "fingerprint": offered[0].fingerprint,
        "until": until,
    }
    to = (Recipient(person.email, Entitled.KEY, person.id, offered[0].fingerprint),)
    ctx.post(Letter(Kind.TOKEN, "letters/prove_key", values, to, is_confidential=True, route=minted.route))
    return Reply("waiting", {"fingerprint": offered[0].fingerprint, "needs_word": False}, Status.WAITING)


def _offer(ctx: Context) -> Reply | Refused:
    """Signed by a key nobody is registered with: proof, then the word of the IANA contacts, or the committee."""
    offered = next((one for one in ctx.mail.certificates if one.fingerprint == ctx.actor.fingerprint), None)
    person = _owner(ctx, offered) if offered is not None else None
    if offered is None or person is None:
        return Refused("not_a_contact", {"verb": "KEY"})
    checked = _check(ctx, offered, person)
    if checked is not None:
        return checked
    made = [_request(ctx, person, tld, offered) for tld in people.standing(ctx.session, person, ctx.now).tlds]
    if not made:
        return Refused("not_a_contact", {"verb": "KEY"})
    people.hold_certificate(ctx.session, offered, ctx.now)
    _joining.ask_for_proof(ctx, made, offered.fingerprint)
    return Reply("waiting", {"fingerprint": offered.fingerprint, "needs_word": True}, Status.WAITING)


def _owner(ctx: Context, offered: Certificate) -> Person | None:
    """The one stored person whose own address the key names."""
    named = [people.by_address(ctx.session, address) for address in offered.addresses]
    found = {person.id: person for person in named if person is not None}
    return next(iter(found.values())) if len(found) == 1 else None


def _check(ctx: Context, offered: Certificate, person: Person) -> Refused | None:
    if people.by_fingerprint(ctx.session, offered.fingerprint) is not None:
        return Refused("key_in_use", {"fingerprint": offered.fingerprint})
    if address_key(person.email) not in {address_key(one) for one in offered.addresses}:
        return Refused("key_names_another", {"fingerprint": offered.fingerprint})
    unfit = fitness(offered, ctx.now)
    return Refused(unfit, {"fingerprint": offered.fingerprint}) if unfit else None


def _request(ctx: Context, person: Person, tld: str, offered: Certificate) -> RequestRow:
    row = RequestRow(
        kind="key",
        state=requests.PROVING,
        tld=tld,
        email_key=person.email_key,
        details={
            "name": person.name,
            "email": person.email,
            "old": person.fingerprint or "",
            "authentication": ctx.mail.authentication,
        },
        fingerprint=offered.fingerprint,
        person_id=person.id,
        asked_by=ctx.mail.author,
        asked_at=ctx.now,
        expires_at=ctx.now + ctx.config.membership.request_lifetime,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row
