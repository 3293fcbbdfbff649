"""`requests`: what waits for a proof, a voucher or a decision; and the operator's decision in the committee's place."""

from datetime import datetime
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import (
    ACTOR,
    BY,
    AsJson,
    Because,
    Confidential,
    Yes,
    acting,
    disclose,
    looking,
    must_be_sure,
    must_say_why,
    refuse_as,
    tell,
)
from tldops_bot.cli._completion import request_ids
from tldops_bot.cli._frame import card, masked, masked_phone, opened, refuse, say, show
from tldops_bot.commands import _deciding, _dossier
from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._requests import describe
from tldops_bot.commands._requests import number as name_of
from tldops_bot.domain.tld import dotted
from tldops_bot.store import audit, requests
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Request

ENDED = (requests.DONE, requests.REJECTED, requests.WITHDRAWN, requests.EXPIRED)
app = typer.Typer(help="What waits for a decision: newcomers, new keys, objections.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="As in R-17, or just 17.", autocompletion=request_ids)]


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are decided too.")] = False,
    confidential: Confidential = False,
    as_json: AsJson = False,
) -> None:
    """Open requests, oldest first."""
    states = (*requests.OPEN, *ENDED) if everything else requests.OPEN
    with looking(context, "requests list", confidential) as (parts, session):
        rows = [_row(one, confidential) for one in requests.listing(session, states)]
        now = parts.now()
    columns = ("id", "kind", "tld", "name", "email", "state", "asked_at")
    show(rows, as_json, empty="nothing waits", columns=columns, wide=("expires_at",), now=now)


@app.command("show")
def show_(
    context: typer.Context, number: Id, confidential: Confidential = False, as_json: AsJson = False
) -> None:
    """One request, with what is known of the case."""
    with opened(context) as parts:
        with parts.database.read() as session:
            name = name_of(_find(session, number))
        if confidential:
            disclose(parts, f"requests show {name}")
        with parts.database.read() as session:
            values = _details(session, _find(session, number), confidential, now := parts.now())
    card(values, as_json, now)


@app.command()
def approve(context: typer.Context, number: Id, because: Because = "") -> None:
    """Say yes in the committee's place; once there is one, it is told, and needs a reason."""
    _decide(context, number, because, approves=True)


@app.command()
def reject(
    context: typer.Context,
    number: Id,
    because: Because = "",
    yes: Yes = False,
) -> None:
    """Say no in the committee's place; the reason goes to the person, too."""
    _decide(context, number, because, approves=False, yes=yes)


def _decide(context: typer.Context, word: str, because: str, approves: bool, yes: bool = True) -> None:
    with opened(context) as parts:
        must_be_sure(parts, lambda session: f"Reject {_about(_find(session, word))}?", yes)
        with acting(parts) as ctx:
            request = _find(ctx.session, word)
            must_say_why(ctx.session, because)
            _decided(parts, ctx, request, because, approves)
            done = f"{name_of(request)} {'approved' if approves else 'rejected'}"
    say(done)


def _decided(parts: App, ctx: Context, request: Request, because: str, approves: bool) -> None:
    open_still = _deciding.find_open(ctx, name_of(request))
    if isinstance(open_still, Refused):
        refuse_as(parts, open_still)
    outcome = _deciding.decide(ctx, request, approves, BY, because.strip()[:200])
    if isinstance(outcome, Refused):
        refuse_as(parts, outcome)
    what = "approved" if approves else "rejected"
    audit.record(ctx.session, ctx.now, ACTOR, what, request.tld, request.person_id, request=name_of(request))
    tell(ctx, what, _about(request), because)


def _about(request: Request) -> str:
    shown = describe(request)
    about = [name_of(request), str(shown["name"]), dotted(str(shown["tld"])) if request.tld else ""]
    return ", ".join(filter(None, about))


def _find(session: Session, word: str) -> Request:
    request = requests.by_number(session, word) if word.isascii() else None
    if request is None:
        refuse(f"there is no request {word[:20]}; `tldops-bot requests list` shows what waits")
    return request


def _row(request: Request, confidential: bool) -> dict[str, Any]:
    return {
        "id": name_of(request),
        "kind": request.kind,
        "state": request.state,
        "tld": request.tld,
        "name": request.details.get("name", ""),
        "email": masked(request.details.get("email", ""), confidential),
        "reasons": list(request.details.get("reasons", ())),
        "asked_at": request.asked_at,
        "expires_at": request.expires_at,
        "decided_at": request.decided_at,
        "decided_by": request.decided_by,
    }


def _details(session: Session, request: Request, confidential: bool, now: datetime) -> dict[str, Any]:
    """The whole case as PENDING shows it; addresses, phones and the voucher's are masked."""
    details, case = request.details, _dossier.known(session, request, now)
    asker = case["asked_by"]
    return _row(request, confidential) | {
        "organisation": details.get("organisation", ""),
        "phone": masked_phone(details.get("phone", ""), confidential),
        "mobile": masked_phone(details.get("mobile", ""), confidential),
        "asked_by": asker["name"] or _masked_asker(asker["address"], confidential),
        "fingerprint": request.fingerprint,
        "key": case["key"],
        "proven_at": request.proven_at,
        "vouched_at": request.vouched_at,
        "vouched_by": request.vouched_by,
        "declined_because": case["declined_because"],
        "decided_because": request.decided_because,
        "contacts_of_tld": case["contacts"],
        "other_tlds": case["other_tlds"],
        "other_requests": [one["number"] for one in case["other_requests"]],
        "same_name_elsewhere": [" ".join(tlds) or "no TLD" for tlds in case["namesakes"]],
        "mails": case["mails"],
        "iana": case["iana"],
        "sent": [one | {"address": masked(one["address"], confidential)} for one in case["sent"]],
        "notes": case["notes"],
        "votes": case["votes"],
    }


def _masked_asker(address: str, confidential: bool) -> str:
    return masked(address, confidential) if "@" in address else address
