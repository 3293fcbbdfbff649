"""A new key for somebody already listed: registered when everybody who must agree has agreed."""

from sqlalchemy import select

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.store import audit, outbox_control, people, requests
from tldops_bot.store.tables import CertificateRow, Person, Request, Token


def proven(ctx: Context, token: Token) -> Reply | Refused:
    """The new key, announced by the old one, has answered from the stored mailbox: it counts from now on."""
    person = ctx.session.get(Person, token.person_id) if token.person_id else None
    if person is None or token.fingerprint is None or person.fingerprint != token.details.get("old"):
        return Refused("token_void")
    return _register(ctx, person, token.fingerprint, "the old key")


def settle(ctx: Context, request: Request, by: str) -> None:
    """One TLD's voucher (or the committee) agrees to the key; it counts once no TLD is left to ask."""
    requests.close(request, requests.DONE, by, "", ctx.now)
    ctx.session.flush()
    still_open = select(Request.id).where(
        Request.kind == "key",
        Request.person_id == request.person_id,
        Request.fingerprint == request.fingerprint,
        Request.state.in_(requests.OPEN),
    )
    person = ctx.session.get(Person, request.person_id) if request.person_id else None
    if person is not None and request.fingerprint and ctx.session.scalar(still_open.limit(1)) is None:
        _register(ctx, person, request.fingerprint, by)


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
    audit.record(
        ctx.session, ctx.now, before or by, "key_changed", "", person.id, ctx.mail.inbox_id, key=fingerprint
    )
    values = {"name": person.name, "fingerprint": fingerprint, "is_first": before is None}
    ctx.post(_letters.notice("letters/key_registered", values, _letters.to_person(person)))
    others = {
        one.address: one
        for entry in person.entries
        if entry.state == people.LISTED
        for one in _letters.others_concerned(ctx.session, entry.tld, person)
    }
    if others:
        ctx.post(_letters.notice("letters/key_told", values, tuple(others.values())))
    return Reply("key_registered", {"fingerprint": fingerprint})
