"""The way of a request from its first mail to a listed contact; shared by the commands and jobs on that way."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tldops_bot.commands import _keys, _letters, _recovery
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import address_key, mask_address, mask_phone
from tldops_bot.domain.candidate import candidate_from
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.joining import Seats, counts_at_once, grey_reasons, probation_end
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.domain.token import write_route
from tldops_bot.store import audit, iana, people, requests, tokens
from tldops_bot.store.tables import CertificateRow, Entry, Person, Request

OBJECTIONS_FOR = timedelta(days=14)
FINAL_AFTER = timedelta(days=7)
VOUCHING_MAILS_A_DAY = 3


def shown(tld: str) -> str:
    """A TLD as people see it: U-label with A-label."""
    parsed = parse_tld(tld)
    return parsed.shown if parsed else tld


def number(request: Request) -> str:
    """What people call a request."""
    return f"R-{request.id}"


def describe(request: Request) -> dict[str, object]:
    """A request as letters and lists show it."""
    return {
        "number": number(request),
        "kind": request.kind,
        "tld": shown(request.tld) if request.tld else "",
        "name": request.details.get("name", ""),
        "email": request.details.get("email", ""),
        "organisation": request.details.get("organisation", ""),
        "fingerprint": request.fingerprint or "",
        "reasons": tuple(request.details.get("reasons", ())),
        "asked_at": request.asked_at,
        "vouched_by": request.vouched_by,
        "authentication": request.details.get("authentication", ""),
        "replaces": request.details.get("replaces", ""),
    }


def open_request(
    ctx: Context,
    details: Mapping[str, object],
    tld: Tld,
    certificate: Certificate | None,
    replaces: Person | None,
    person: Person | None,
) -> Request:
    """Write down that somebody is to become a contact of a TLD. Nothing happens before they prove the address."""
    if certificate is not None:
        people.hold_certificate(ctx.session, certificate, ctx.now)
    request = Request(
        kind="subscribe",
        state=requests.PROVING,
        tld=tld.a_label,
        email_key=address_key(str(details["email"])),
        details=dict(details),
        fingerprint=certificate.fingerprint if certificate else None,
        person_id=person.id if person else None,
        replaces_id=replaces.id if replaces else None,
        asked_by=ctx.mail.author,
        asked_at=ctx.now,
        expires_at=ctx.now + ctx.config.membership.request_lifetime,
    )
    ctx.session.add(request)
    ctx.session.flush()
    _record(ctx, "requested", request, authentication=ctx.mail.authentication)
    return request


def ask_for_proof(
    ctx: Context, asked: Sequence[Request], fingerprint: str | None, is_own: bool = False
) -> None:
    """Send the candidate a token: encrypted to the key to be registered, else in clear to the address.

    Phones and the second address are masked: enough for their owner to see a stranger's in their place.
    """
    first = asked[0]
    minted = tokens.mint(
        ctx.session,
        ctx.random,
        "prove",
        first.details["email"],
        ctx.now,
        first.expires_at,
        asked,
        fingerprint=fingerprint,
        person_id=first.person_id,
        details={"own": is_own},
    )
    entitled = Entitled.KEY if fingerprint else Entitled.ADDRESS
    ctx.post(
        Letter(
            Kind.TOKEN,
            "letters/prove",
            {
                "token": minted.words,
                "requests": [describe(one) for one in asked],
                "is_signed": bool(fingerprint),
                "fingerprint": fingerprint or "",
                "asked_by_other": address_key(ctx.mail.author) != first.email_key,
                "until": first.expires_at,
                "reached_by": _masked(first),
            },
            (Recipient(first.details["email"], entitled, first.person_id, fingerprint),),
            is_confidential=bool(fingerprint),
            route=minted.route,
        )
    )


def _masked(request: Request) -> list[str]:
    phones = [str(request.details.get(name, "")) for name in ("phone_e164", "mobile_e164")]
    emergency = str(request.details.get("emergency_email", ""))
    return [*(mask_phone(one) for one in phones if one), *([mask_address(emergency)] if emergency else [])]


def proven(ctx: Context, asked: Sequence[Request]) -> None:
    """The candidate proved the address (and key): now, and only now, the IANA contacts are asked."""
    to_ask: dict[str, list[Request]] = {}
    for request in asked:
        request.proven_at, request.vouching_at, request.state = ctx.now, ctx.now, requests.VOUCHING
        _record(ctx, "proven", request)
        _end_unproven(ctx, request)
        own = iana.kinds_of_address(ctx.session, request.tld, request.details["email"])
        if counts_at_once(own, ctx.config.membership.vouched_by):
            vouched(ctx, request, f"IANA {own[0]} contact", request.details["email"])
            continue
        for address in voucher_addresses(ctx, request):
            to_ask.setdefault(address, []).append(request)
        if not voucher_addresses(ctx, request):
            to_committee(ctx, request, ("no_voucher",))
    for address, theirs in to_ask.items():
        ask_voucher(ctx, address, theirs)


def _end_unproven(ctx: Context, proven: Request) -> None:
    """Whoever else asked in the same name has proven nothing; from now on there is one request."""
    if proven.kind != "subscribe":
        return
    for other in requests.open_for(ctx.session, proven.details["email"], proven.tld):
        if other.id != proven.id and other.state == requests.PROVING:
            requests.close(other, requests.WITHDRAWN, "the candidate", "another was proven", ctx.now)
            tokens.void_for_request(ctx.session, other, ctx.now)


def voucher_addresses(ctx: Context, request: Request) -> tuple[str, ...]:
    """The IANA addresses of the request's TLD, each once."""
    held = iana.current_contacts(ctx.session, request.tld)
    return tuple(dict.fromkeys(address_key(one.email) for one in held if one.email))


def ask_voucher(ctx: Context, address: str, asked: Sequence[Request], is_reminder: bool = False) -> None:
    """One mail to one IANA address for all TLDs it serves; past three a day, the daily job asks instead."""
    day_ago = ctx.now - timedelta(days=1)
    if requests.vouching_mails_since(ctx.session, address, day_ago) >= VOUCHING_MAILS_A_DAY:
        return
    minted = _mint_vouch(ctx, address, asked)
    singles = []
    if len(asked) > 1:
        singles = [{"tld": shown(one.tld), "token": _mint_single(ctx, address, one).words} for one in asked]
    ctx.post(
        Letter(
            Kind.TOKEN,
            "letters/vouch",
            {
                "token": minted.words,
                "requests": [describe(one) for one in asked],
                "candidate": describe(asked[0]),
                "singles": singles,
                "address": address,
                "is_reminder": is_reminder,
                "until": min(one.expires_at for one in asked),
                "authentication": str(asked[0].details.get("authentication", "")),
            },
            _letters.to_address(address),
            route=minted.route,
        )
    )


def vouched(ctx: Context, request: Request, by: str, address: str) -> None:
    """An entitled word was given: the person is listed, unless the case is one for the committee."""
    request.vouched_at, request.vouched_by = ctx.now, by
    if request.kind == "key":
        if request.details.get("old"):
            _recovery.begin(ctx, request, describe(request))
        else:
            _keys.settle(ctx, request, by)
        return
    reasons = grey_reasons(
        request.details["email"],
        seats(ctx, request),
        iana.is_freshly_changed(ctx.session, request.tld, address, ctx.now),
        has_voucher=True,
    )
    if reasons:
        to_committee(ctx, request, reasons)
    else:
        join(ctx, request, by, by_peer=False)


def seats(ctx: Context, request: Request) -> Seats:
    """The seats of the TLD now; suspended contacts keep theirs until the committee has decided."""
    living = people.contacts_of(ctx.session, request.tld, (people.LISTED, people.SUSPENDED))
    replaced = any(entry.person_id == request.replaces_id for entry in living)
    return Seats(len(living), ctx.config.membership.contacts_per_tld, replaced)


def to_committee(ctx: Context, request: Request, reasons: Sequence[str]) -> None:
    """Hand a case to the committee, and tell the person that somebody looks at it."""
    request.state, request.committee_because = requests.COMMITTEE, ",".join(reasons)[:255]
    request.details = {**request.details, "reasons": list(reasons)}
    _record(ctx, "to_committee", request, reasons=list(reasons))
    holders = people.office_holders(ctx.session, "committee")
    values = {"request": describe(request), "has_committee": bool(holders)}
    if holders:
        template, to = "letters/decide", _letters.to_people(holders)
    else:
        template, to = "letters/decide_operator", _letters.to_address(ctx.config.operator.email)
    ctx.post(_letters.notice(template, values, to, is_confidential=bool(holders)))
    if request.proven_at is not None:
        ctx.post(_letters.notice("letters/with_committee", values, _to_candidate(request)))


def join(ctx: Context, request: Request, by: str, by_peer: bool) -> Entry:
    """List the person for the TLD: the entry, the welcome, and a word to everybody concerned."""
    person = _person_of(ctx, request)
    confirmed, asked = _words_given(ctx, request)
    entry = Entry(
        person_id=person.id,
        tld=request.tld,
        state=people.LISTED,
        since_at=ctx.now,
        probation_until=probation_end(ctx.now, ctx.config.membership.probation, asked, confirmed, by_peer),
        objections_until=ctx.now + OBJECTIONS_FOR,
        vouched_by=by,
        request_id=request.id,
    )
    ctx.session.add(entry)
    requests.close(request, requests.DONE, by, "", ctx.now)
    ctx.session.flush()
    ctx.session.refresh(person)
    _replace(ctx, request)
    audit.record(
        ctx.session, ctx.now, by, "listed", request.tld, person.id, ctx.mail.inbox_id, key=person.fingerprint
    )
    _welcome(ctx, person, entry)
    _tell_others(ctx, person, entry)
    return entry


def reject(ctx: Context, request: Request, by: str, because: str) -> None:
    """End a request against the person, and tell them why."""
    requests.close(request, requests.REJECTED, by, because, ctx.now)
    tokens.void_for_request(ctx.session, request, ctx.now)
    _record(ctx, "rejected", request, by=by)
    values = {"request": describe(request), "because": because}
    ctx.post(_letters.notice("letters/rejected", values, _to_candidate(request)))
    if request.kind == "key":  # one key for all TLDs: what is wrong for one of them is wrong
        for other in requests.of_new_key(ctx.session, request.person_id or 0, request.fingerprint or ""):
            requests.close(other, requests.REJECTED, by, because, ctx.now)
            tokens.void_for_request(ctx.session, other, ctx.now)
            _record(ctx, "rejected", other, by=by)


def end_probation_if_all_agree(ctx: Context, request: Request) -> None:
    """A late word from the last IANA address opens QUERY, ROSTER and ALERT at once."""
    confirmed, asked = _words_given(ctx, request)
    for entry in ctx.session.query(Entry).filter_by(request_id=request.id, state=people.LISTED):
        if set(asked) <= set(confirmed) and entry.probation_until > ctx.now:
            entry.probation_until = ctx.now


def suspend(
    ctx: Context, entry: Entry, because: str, by: str, final_at: datetime | None, template: str
) -> Request:
    """Take an entry out of service until the committee has decided; everybody concerned is told."""
    entry.state, entry.suspended_at, entry.suspended_because = people.SUSPENDED, ctx.now, because[:255]
    entry.final_at = final_at
    person = entry.person
    request = Request(
        kind="objection",
        state=requests.COMMITTEE,
        tld=entry.tld,
        email_key=person.email_key,
        details={
            "name": person.name,
            "email": person.email,
            "reasons": [because[:200]],
            "entry_id": entry.id,
        },
        fingerprint=person.fingerprint,
        person_id=person.id,
        asked_by=by[:320],
        asked_at=ctx.now,
        expires_at=final_at or ctx.now + OBJECTIONS_FOR,
        proven_at=ctx.now,
    )
    ctx.session.add(request)
    ctx.session.flush()
    audit.record(ctx.session, ctx.now, by, "suspended", entry.tld, person.id, ctx.mail.inbox_id)
    values = {
        "request": describe(request),
        "person": person.name,
        "tld": shown(entry.tld),
        "because": because,
        "final_at": final_at,
    }
    ctx.post(_letters.notice(template, values | {"to_person": True}, _letters.to_person(person)))
    others = _letters.others_concerned(ctx.session, entry.tld, person)
    ctx.post(_letters.notice(template, values | {"to_person": False}, others))
    holders = people.office_holders(ctx.session, "committee")
    decide = "letters/decide_objection" if holders else "letters/decide_operator"
    to = _letters.to_people(holders) if holders else _letters.to_address(ctx.config.operator.email)
    ctx.post(_letters.notice(decide, values, to, is_confidential=bool(holders)))
    return request


def _mint_vouch(ctx: Context, address: str, asked: Sequence[Request]) -> tokens.Minted:
    until = min(one.expires_at for one in asked)
    return tokens.mint(ctx.session, ctx.random, "vouch", address, ctx.now, until, asked)


def _mint_single(ctx: Context, address: str, request: Request) -> tokens.Minted:
    """A token for one TLD of several that stand in one mail; it counts as no mail of its own."""
    return tokens.mint(
        ctx.session,
        ctx.random,
        "vouch",
        address,
        ctx.now,
        request.expires_at,
        [request],
        details={"single": True},
    )


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
    _ask_emergency_address(ctx, person, str(request.details.get("emergency_email", "")))
    return person


def _ask_emergency_address(ctx: Context, person: Person, address: str) -> None:
    if address and not person.emergency_email:
        prove_emergency_address(ctx, person, address)


def prove_emergency_address(ctx: Context, person: Person, address: str) -> None:
    """Keep a second address, and send it a token: it is used only once that came back.

    Who asked by a signature is asked at the stored mailbox too: a key alone must not lead anybody's mail elsewhere.
    """
    person.emergency_email, person.emergency_proven_at = address, None
    until = ctx.now + ctx.config.membership.request_lifetime
    asked = {address: "letters/emergency"}
    if ctx.actor.is_signed and ctx.actor.person is person:
        asked[person.email] = "letters/emergency_agree"
    details = {"of": address, "pair": write_route(ctx.random(8))}
    for mailbox, template in asked.items():
        minted = tokens.mint(
            ctx.session,
            ctx.random,
            "emergency",
            mailbox,
            ctx.now,
            until,
            person_id=person.id,
            details=details,
        )
        values = {"token": minted.words, "name": person.name, "until": until, "new": mask_address(address)}
        ctx.post(Letter(Kind.TOKEN, template, values, _letters.to_address(mailbox), route=minted.route))


def _words_given(ctx: Context, request: Request) -> tuple[set[str], set[str]]:
    """The IANA addresses that confirmed a request (the candidate's own proof included), and those there are."""
    given = {
        address_key(token.address)
        for token in tokens.tokens_of(ctx.session, request, "vouch")
        if token.answer == "CONFIRM"
    }
    return given | {request.email_key}, set(voucher_addresses(ctx, request))


def _replace(ctx: Context, request: Request) -> None:
    """The contact named in `Replaces:` goes as the new one comes: like a removal, since one mailbox may be behind it."""
    if request.replaces_id is None:
        return
    for entry in people.contacts_of(ctx.session, request.tld):
        if entry.person_id == request.replaces_id:
            because = f"replaced by {request.details['name']}"
            suspend(ctx, entry, because, request.vouched_by, ctx.now + FINAL_AFTER, "letters/replaced")


def _welcome(ctx: Context, person: Person, entry: Entry) -> None:
    values = {
        "name": person.name,
        "tld": shown(entry.tld),
        "has_key": person.fingerprint is not None,
        "fingerprint": person.fingerprint or "",
        "opens_at": entry.probation_until if entry.probation_until > ctx.now else None,
        "emergency_email": bool(person.emergency_email),
        "confirm_every": ctx.config.membership.confirm_every.days,
        "address_under_tld": person.email.rpartition(".")[2] == entry.tld,
    }
    ctx.post(_letters.notice("letters/welcome", values, _letters.to_person(person)))


def _tell_others(ctx: Context, person: Person, entry: Entry) -> None:
    """Everybody concerned hears of the newcomer, each with a token of their own to object."""
    until = entry.objections_until
    for recipient in _letters.others_concerned(ctx.session, entry.tld, person):
        minted = tokens.mint(
            ctx.session,
            ctx.random,
            "object",
            recipient.address,
            ctx.now,
            until,
            entry_id=entry.id,
            person_id=recipient.person_id,
        )
        values = {
            "token": minted.words,
            "name": person.name,
            "tld": shown(entry.tld),
            "fingerprint": person.fingerprint or "",
            "vouched_by": entry.vouched_by,
            "until": until,
        }
        ctx.post(Letter(Kind.TOKEN, "letters/told", values, (recipient,), route=minted.route))


def _to_candidate(request: Request) -> tuple[Recipient, ...]:
    address = request.details["email"]
    return (
        Recipient(address, Entitled.PERSON if request.person_id else Entitled.ADDRESS, request.person_id),
    )


def _record(ctx: Context, action: str, request: Request, **details: object) -> None:
    actor = ctx.actor.fingerprint or "mailbox"
    audit.record(
        ctx.session,
        ctx.now,
        actor,
        action,
        request.tld,
        request.person_id,
        ctx.mail.inbox_id,
        request=number(request),
        **details,
    )
