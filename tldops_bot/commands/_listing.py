"""Lists a person for a TLD: the stored person, the entry, the welcome, and a word to everybody concerned."""

from collections.abc import Sequence
from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.commands._details import tlds_of
from tldops_bot.commands._proving import prove_emergency_address
from tldops_bot.commands._requests import asked_for
from tldops_bot.commands._suspending import FINAL_AFTER, suspend
from tldops_bot.commands._vouching import voucher_addresses, words_given
from tldops_bot.domain.candidate import candidate_from
from tldops_bot.domain.joining import probation_end
from tldops_bot.domain.organisation import kind_of, shown
from tldops_bot.domain.outgoing import Kind, Letter, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.store import organisations, people, requests, tokens
from tldops_bot.store.tables import CertificateRow, Entry, Person, Request

OBJECTIONS_FOR = timedelta(days=14)


def join(ctx: Context, asked: Sequence[Request], by: str, by_peer: bool) -> None:
    """List one person for the TLDs of their requests: the entries, one welcome, one word to all concerned."""
    if not asked:
        return
    person = _person_of(ctx, asked[0])
    entries = [_enter(ctx, person, request, by, by_peer) for request in asked]
    ctx.session.flush()
    ctx.session.refresh(person)
    for request in asked:
        _replace(ctx, request)
    _welcome(ctx, person, entries)
    _tell_others(ctx, person, entries)
    _tell_of_namesakes(ctx, person, entries)
    if not by_peer:
        _tell_of_one_voice(ctx, person, asked, entries)


def _enter(ctx: Context, person: Person, request: Request, by: str, by_peer: bool) -> Entry:
    confirmed, asked = words_given(ctx, request)
    entry = Entry(
        person_id=person.id,
        tld=request.tld,
        state=people.LISTED,
        since_at=ctx.now,
        probation_until=probation_end(ctx.now, ctx.config.membership.probation, asked, confirmed, by_peer),
        objections_until=ctx.now + OBJECTIONS_FOR,
        vouched_by=by,
        voucher_key=request.details.get("voucher", ""),
        request_id=request.id,
    )
    ctx.session.add(entry)
    _keep_organisation(ctx, request)
    requests.close(request, requests.DONE, by, "", ctx.now)
    ctx.record("listed", actor=by, tld=request.tld, person_id=person.id, key=person.fingerprint)
    return entry


def _keep_organisation(ctx: Context, request: Request) -> None:
    asked = asked_for(request)
    if kind_of(request.tld) and asked is not None:
        organisations.keep(ctx.session, asked, ctx.now)


def _person_of(ctx: Context, request: Request) -> Person:
    """The stored person of a request: a known one, or a new one made from what was asked and proven."""
    person = people.by_address(ctx.session, request.details["email"])
    if person is None:
        candidate = candidate_from(request.details)
        details = candidate.as_details() | {"emergency_email": ""}
        person = Person(
            **details, email_key=request.email_key, created_at=ctx.now, confirmed_at=ctx.now, seen_at=ctx.now
        )
        ctx.session.add(person)
        ctx.session.flush()
    held = ctx.session.get(CertificateRow, request.fingerprint) if request.fingerprint else None
    if held is not None and person.fingerprint is None:
        held.person_id, person.fingerprint = person.id, held.fingerprint
    second = request.details.get("emergency_email", "")
    if second and not person.emergency_email:
        prove_emergency_address(ctx, person, second)
    return person


def _replace(ctx: Context, request: Request) -> None:
    """The contact named in `Replaces:` goes as in a removal, since one mailbox may be behind both."""
    if request.replaces_id is None:
        return
    for entry in people.contacts_of(ctx.session, request.tld):
        if entry.person_id == request.replaces_id:
            because = f"replaced by {request.details['name']}"
            suspend(ctx, entry, because, request.vouched_by, ctx.now + FINAL_AFTER, "letters/replaced")


def _welcome(ctx: Context, person: Person, entries: Sequence[Entry]) -> None:
    opens_at = min(entry.probation_until for entry in entries)
    values = {
        "name": person.name,
        "tlds": [shown(entry.tld) for entry in entries],
        "has_key": person.fingerprint is not None,
        "fingerprint": person.fingerprint or "",
        "opens_at": opens_at if opens_at > ctx.now else None,
        "emergency_email": bool(person.emergency_email),
        "confirm_every": ctx.config.membership.confirm_every.days,
        "address_under_tld": all(
            one.rpartition(".")[2] in {entry.tld for entry in entries}
            for one in (person.email, person.emergency_email)
            if one
        ),
    }
    ctx.post(_letters.notice("letters/welcome", values, _letters.to_person(person)))


def _tell_others(ctx: Context, person: Person, entries: Sequence[Entry]) -> None:
    """Everybody concerned hears of the newcomer in one mail, with a token to object for each TLD."""
    concerned: dict[Recipient, list[Entry]] = {}
    for entry in entries:
        for recipient in _letters.others_concerned(ctx.session, entry.tld, person):
            concerned.setdefault(recipient, []).append(entry)
    for recipient, theirs in concerned.items():
        minted = [_mint_objection(ctx, entry, recipient) for entry in theirs]
        values = {
            "tokens": [
                {"tld": shown(entry.tld), "token": one.words}
                for entry, one in zip(theirs, minted, strict=True)
            ],
            "token": minted[0].words,
            "name": person.name,
            "fingerprint": person.fingerprint or "",
            "vouched_by": theirs[0].vouched_by,
            "until": theirs[0].objections_until,
        }
        ctx.post(Letter(Kind.TOKEN, "letters/told", values, (recipient,), route=minted[0].route))


def _mint_objection(ctx: Context, entry: Entry, recipient: Recipient) -> tokens.Minted:
    return tokens.mint(
        ctx.session,
        ctx.random,
        Purpose.OBJECT,
        recipient.address,
        ctx.now,
        entry.objections_until,
        entry_id=entry.id,
        person_id=recipient.person_id,
    )


def _tell_of_namesakes(ctx: Context, person: Person, entries: Sequence[Entry]) -> None:
    """Two people of one name may be one with two addresses: tell the committee, hold nothing up."""
    others = people.namesakes(ctx.session, person.name, person.email)
    if not others:
        return
    values = {
        "name": person.name,
        "tlds": [shown(entry.tld) for entry in entries],
        "others": [tlds_of(one) for one in others],
    }
    to = _letters.to_committee(ctx.session, ctx.config)
    ctx.post(_letters.notice("letters/namesake", values, to, is_confidential=True))


def _tell_of_one_voice(
    ctx: Context, person: Person, asked: Sequence[Request], entries: Sequence[Entry]
) -> None:
    """With only one address at IANA, one mailbox made a member at once: the committee hears of it."""
    alone = [
        entry.tld
        for request, entry in zip(asked, entries, strict=True)
        if entry.probation_until <= ctx.now and len(voucher_addresses(ctx, request)) == 1
    ]
    if alone and person.fingerprint is not None:
        values = {"name": person.name, "email": person.email, "tlds": [shown(tld) for tld in alone]}
        to = _letters.to_people(people.office_holders(ctx.session, "committee"))
        if to:
            ctx.post(_letters.notice("letters/one_voice", values, to, is_confidential=True))
