"""What a candidate is asked to prove: the address (with a key: the key, too), and later a second address."""

from collections.abc import Sequence
from dataclasses import replace

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.commands._requests import describe, note_mail, record, to_candidate
from tldops_bot.domain.address import address_key, mask_address, mask_phone
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.tld import Tld
from tldops_bot.domain.token import Purpose, write_route
from tldops_bot.domain.token_details import Proof, SecondAddress
from tldops_bot.mail.phones import spaced
from tldops_bot.store import people_keys, requests
from tldops_bot.store.tables import Person, Request


def open_request(
    ctx: Context,
    details: RequestDetails,
    tld: Tld,
    certificate: Certificate | None,
    replaces: Person | None,
    person: Person | None,
) -> Request:
    """Note that somebody is to become a contact of a TLD. Nothing happens before they prove the address."""
    stored = person.fingerprint if person else None
    if certificate is not None:
        people_keys.hold_certificate(ctx.session, certificate, ctx.now)
    request = Request(
        kind=RequestKind.SUBSCRIBE,
        state=requests.PROVING,
        tld=tld.a_label,
        email_key=address_key(details["email"]),
        details=details | {"key_algorithm": certificate.algorithm if certificate else ""},
        fingerprint=certificate.fingerprint if certificate else stored,
        person_id=person.id if person else None,
        replaces_id=replaces.id if replaces else None,
        asked_by=ctx.mail.author,
        asked_at=ctx.now,
        expires_at=ctx.now + ctx.config.membership.request_lifetime,
    )
    note_mail(ctx, request, "asked")
    ctx.session.add(request)
    ctx.session.flush()
    record(ctx, "requested", request, authentication=ctx.mail.authentication)
    return request


def ask_for_proof(
    ctx: Context,
    asked: Sequence[Request],
    fingerprint: str | None,
    is_own: bool = False,
    is_imported: bool = False,
) -> None:
    """Send the candidate a token: encrypted to the key to be registered, else in clear to the address.

    In clear, phones and the second address are masked: enough for their owner to notice a stranger's instead.
    """
    first = asked[0]
    entitled = Entitled.KEY if fingerprint else Entitled.ADDRESS
    values = {
        "requests": [describe(one) | {"replaces": _part_of_replaces(one)} for one in asked],
        "is_signed": bool(fingerprint),
        "fingerprint": fingerprint or "",
        "asked_by_other": address_key(first.asked_by) != first.email_key,
        "until": first.expires_at,
        "reached_by": _reached_by(first, in_full=bool(fingerprint)),
    }
    _letters.ask(
        ctx,
        Purpose.PROVE,
        "letters/prove",
        (replace(to_candidate(first)[0], entitled=entitled, fingerprint=fingerprint),),
        first.expires_at,
        values,
        is_confidential=bool(fingerprint),
        requests=asked,
        fingerprint=fingerprint,
        person_id=first.person_id,
        details=Proof(is_own, is_imported),
    )


def prove_emergency_address(ctx: Context, person: Person, address: str) -> None:
    """Keep a second address, and send it a token: it is used only once that has come back.

    If a signature asks for it, the stored mailbox is asked, too: a key alone must not lead anybody's mail
    elsewhere.
    """
    person.emergency_email, person.emergency_proven_at = address, None
    until = ctx.now + ctx.config.membership.request_lifetime
    asked = {address: "letters/emergency"}
    if ctx.actor.is_signed and ctx.actor.person is person:
        asked[person.email] = "letters/emergency_agree"
    details = SecondAddress(address, pair=write_route(ctx.random(8)))
    values = {"name": person.name, "until": until, "new": mask_address(address)}
    for mailbox, template in asked.items():
        to = _letters.to_address(mailbox)
        _letters.ask(
            ctx, Purpose.EMERGENCY, template, to, until, values, details=details, person_id=person.id
        )


def _part_of_replaces(request: Request) -> str:
    replaces = request.details.get("replaces", "")
    return mask_address(replaces) if replaces else ""


def _reached_by(request: Request, in_full: bool) -> list[str]:
    phones = [request.details.get("phone_e164", ""), request.details.get("mobile_e164", "")]
    emergency = request.details.get("emergency_email", "")
    if in_full:
        return [*(spaced(one) for one in phones if one), *([emergency] if emergency else [])]
    return [*(mask_phone(one) for one in phones if one), *([mask_address(emergency)] if emergency else [])]
