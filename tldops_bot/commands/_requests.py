"""A request as people see it: what it is called, how it is shown, and where its candidate is written to."""

from typing import Any

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.outgoing import Entitled, Recipient
from tldops_bot.domain.tld import Tld
from tldops_bot.store import requests, tokens
from tldops_bot.store.tables import Request


def asked_for(request: Request) -> Tld | None:
    """What somebody is to be a contact of; an organisation by the name it was asked for."""
    called = request.details.get("called", {}).get(request.tld)
    return Tld(request.tld, called) if called else parse_seat(request.tld)


def number(request: Request) -> str:
    """What people call a request."""
    return f"R-{request.id}"


def describe(request: Request) -> dict[str, object]:
    """A request as letters and lists show it."""
    tld = asked_for(request)
    return {
        "number": number(request),
        "kind": request.kind,
        "tld": tld.shown if tld is not None else request.tld,
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


def note_mail(ctx: Context, request: Request, what: str) -> None:
    """Keep who mailed, going by the mail's domain: for "asked", "proven", "vouched", "declined"."""
    mails = [*request.details.get("mails", ()), [what, ctx.now.isoformat(), ctx.mail.authentication]]
    is_suspect = request.details.get("is_suspect", False)
    if what in ("asked", "proven"):
        is_suspect = is_suspect or ctx.mail.is_suspect
    request.details = {**request.details, "mails": mails, "is_suspect": is_suspect}


def to_candidate(request: Request) -> tuple[Recipient, ...]:
    """Where the person of a request is written to."""
    address = request.details["email"]
    entitled = Entitled.PERSON if request.person_id else Entitled.ADDRESS
    return (Recipient(address, entitled, request.person_id, language=request.details.get("language", "")),)


def record(ctx: Context, action: str, request: Request, **details: Any) -> None:
    """Record in the audit chain what became of a request, and who did it."""
    ctx.record(action, tld=request.tld, person_id=request.person_id, request=number(request), **details)


def end(ctx: Context, request: Request, why: str) -> None:
    """End a proven request that came to nothing by no one's fault, and tell the person why."""
    requests.close(request, requests.EXPIRED, CLOCK, why, ctx.now)
    tokens.void_for_request(ctx.session, request, ctx.now)
    record(ctx, "ended", request, why=why)
    values = {"request": describe(request), "why": why}
    ctx.post(_letters.notice("letters/not_possible", values, to_candidate(request)))
