"""A key of somebody already listed: registered when everybody who must agree has agreed, or blocked."""

from tldops_bot.commands import _letters, _requests
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.outgoing import Recipient
from tldops_bot.domain.token_details import KeyChange, read_details
from tldops_bot.store import outbox_control, people, people_keys, requests, tokens
from tldops_bot.store.tables import CertificateRow, Person, Request, Token


def proven(ctx: Context, token: Token) -> Reply | Refused:
    """The new key, announced by the old one, has answered from the stored mailbox: it counts from now on."""
    person = tokens.person_of(ctx.session, token)
    if (
        person is None
        or token.fingerprint is None
        or person.fingerprint != read_details(KeyChange, token.details).old
    ):
        return Refused("token_void")
    return _register(ctx, person, token.fingerprint, "the old key")


def block(ctx: Context, person: Person, why: str) -> dict[str, object]:
    """Block a key from now on, and tell everybody concerned. `why`: lost, stolen, revoked."""
    person.key_blocked_at, person.key_blocked_because = ctx.now, why
    tokens.void_for_person(ctx.session, person.id, ctx.now)
    _begin_anew(ctx, person)
    ctx.record("key_blocked", person_id=person.id, why=why)
    committee = _letters.to_committee(ctx.session, ctx.config)
    told = _letters.each_once(_letters.to_person(person), _concerned(ctx, person), committee)
    values: dict[str, object] = {"name": person.name, "why": why, "fingerprint": person.fingerprint}
    ctx.post(_letters.notice("letters/key_blocked", values, told))
    return values


def keep_proven(ctx: Context, certificate: Certificate) -> None:
    """Keep what a copy of a held certificate proved about it: a new expiry, new subkeys, a revocation."""
    row = people_keys.certificate_for(ctx.session, certificate.fingerprint)
    if row is None:  # forgotten since the mail was judged
        return
    was_revoked = row.is_revoked
    people_keys.hold_certificate(ctx.session, certificate, ctx.now)
    person = people.by_fingerprint(ctx.session, certificate.fingerprint)
    if person is None:  # a candidate's, or one that was replaced
        return
    if people.usable_key(ctx.session, person, ctx.now) is not None:
        outbox_control.release_held(ctx.session, person.id, ctx.now)
    elif certificate.is_revoked and not was_revoked and person.key_blocked_at is None:
        block(ctx, person, "revoked")


def settle(ctx: Context, request: Request, by: str) -> None:
    """One TLD's voucher (or the committee) agrees to the key; it counts once no TLD is left to ask."""
    if is_taken(ctx, request):
        _requests.end(ctx, request, "key_taken")
        return
    requests.close(request, requests.DONE, by, "", ctx.now)
    tokens.void_for_request(ctx.session, request, ctx.now)
    ctx.session.flush()
    person, fingerprint = ctx.session.get_one(Person, request.person_id), request.fingerprint or ""
    if not requests.of_new_key(ctx.session, person.id, fingerprint):
        _register(ctx, person, fingerprint, by)


def is_taken(ctx: Context, request: Request) -> bool:
    """Whether the key has been registered for somebody else since: one that names two addresses can be."""
    holder = people.by_fingerprint(ctx.session, request.fingerprint or "")
    return holder is not None and holder.id != request.person_id


def _begin_anew(ctx: Context, person: Person) -> None:
    """The old key was blocked and can't say no any more: the others get the whole time again."""
    until = ctx.now + ctx.config.membership.key_recovery_wait
    for request in requests.of_new_key(ctx.session, person.id):
        if request.state == requests.WAITING:
            request.details = {**request.details, "waits_until": until.isoformat()}


def _concerned(ctx: Context, person: Person) -> tuple[Recipient, ...]:
    """The other contacts and the IANA contacts of all TLDs of a person, each address once."""
    listed = [entry.tld for entry in people.listed(person)]
    return _letters.each_once(*(_letters.others_concerned(ctx.session, tld, person) for tld in listed))


def _register(ctx: Context, person: Person, fingerprint: str, by: str) -> Reply | Refused:
    row = ctx.session.get(CertificateRow, fingerprint)
    holder = people.by_fingerprint(ctx.session, fingerprint)
    if row is None or (holder is not None and holder.id != person.id):
        return Refused("token_void")
    before = person.fingerprint
    old = ctx.session.get(CertificateRow, before) if before else None
    if old is not None:
        old.replaced_at = ctx.now
    row.person_id, row.replaced_at = person.id, None
    person.fingerprint, person.key_blocked_at, person.key_blocked_because = fingerprint, None, ""
    ctx.session.flush()
    outbox_control.release_held(ctx.session, person.id, ctx.now)
    ctx.record("key_changed", actor=before or by, person_id=person.id, key=fingerprint)
    values = {"name": person.name, "fingerprint": fingerprint, "is_first": before is None}
    ctx.post(_letters.notice("letters/key_registered", values, _letters.to_person(person)))
    others = _concerned(ctx, person)
    if others:
        ctx.post(_letters.notice("letters/key_told", values, others))
    return Reply("key_registered", {"fingerprint": fingerprint})
