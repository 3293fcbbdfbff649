"""Everything known about a request that waits for a decision: for PENDING, and for the command line."""

from datetime import datetime
from typing import Any

from tldops_bot.commands._details import tlds_of
from tldops_bot.commands._requests import describe, number
from tldops_bot.domain.address import same_address
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Question, read_details
from tldops_bot.store import bounces, iana, notes, people, requests, tokens
from tldops_bot.store.database import Session
from tldops_bot.store.tables import CertificateRow, Person, Request, Token


def known(session: Session, request: Request, now: datetime) -> dict[str, Any]:
    """A case as whoever decides needs it, with addresses and names in full."""
    person = people.by_address(session, request.details.get("email", ""))
    return describe(request) | {
        "phones": _phones(request, person),
        "mails": mails(request),
        "key": key(session, request, now),
        "other_tlds": _other_tlds(person, request),
        "other_requests": _other_requests(session, request),
        "namesakes": _namesakes(session, request),
        "iana": [
            {
                "kind": one.kind,
                "email": one.email,
                "since_at": None if one.is_first_import else one.since_at,
                "came_back": bool(one.email) and bounces.came_back(session, one.email, request.asked_at),
            }
            for one in iana.current_contacts(session, request.tld)
        ],
        "contacts": len(people.contacts_of(session, request.tld)) if request.tld else 0,
        "asked_by": asked_by(session, request),
        "sent": sent(session, request),
        "votes": votes(session, request),
        "notes": notes.shown(session, number(request), *filter(None, [request.tld])),
        "declined_because": request.details.get("declined_because", ""),
    }


def _phones(request: Request, person: Person | None) -> list[str]:
    """Where whoever decides can reach the person: numbers as stored, else as asked for."""
    asked = [request.details.get("phone", ""), request.details.get("mobile", "")]
    held = [person.phone, person.mobile] if person is not None else asked
    return [one for one in held if one]


def mails(request: Request) -> list[dict[str, object]]:
    """What was found out about who mailed, for each mail about the request."""
    return [
        {"what": what, "at": datetime.fromisoformat(at), "words": words}
        for what, at, words in request.details.get("mails", ())
    ]


def key(session: Session, request: Request, now: datetime) -> dict[str, object] | None:
    """The key that was asked for, its age and its end; None without one."""
    row = session.get(CertificateRow, request.fingerprint) if request.fingerprint else None
    if row is None:
        return None
    return {
        "fingerprint": row.fingerprint,
        "algorithm": request.details.get("key_algorithm", ""),
        "made_at": row.created_at,
        "days": max((now - row.created_at).days, 0),
        "expires_at": row.expires_at,
        "is_revoked": row.is_revoked,
    }


def asked_by(session: Session, request: Request) -> dict[str, object]:
    """Who asked: a stored person, by name, or the address in From, which proves nothing."""
    by = session.get(Person, request.details.get("entered_by") or 0)
    is_own = same_address(request.asked_by, request.details.get("email", ""))
    return {"is_own": is_own, "name": "" if is_own or by is None else by.name, "address": request.asked_by}


def sent(session: Session, request: Request) -> list[dict[str, object]]:
    """Whom we asked about it, when, and what they said."""
    asked = tokens.tokens_of(session, request, *tokens.OF_REQUESTS)
    return [
        {
            "at": one.made_at,
            "what": one.purpose,
            "address": one.address,
            "answer": one.answer,
            "answered_at": one.used_at,
        }
        for one in sorted(asked, key=lambda token: token.made_at)
        if one.used_at is not None or not _is_part_of_another(one)
    ]


def _is_part_of_another(token: Token) -> bool:
    """A token for one of the TLDs that a mail, with a token for all of them, asked about."""
    return token.purpose == Purpose.VOUCH and read_details(Question, token.details).single


def votes(session: Session, request: Request) -> list[dict[str, object]]:
    """The committee's votes so far."""
    found = []
    for one in requests.votes(session, request):
        by = session.get(Person, one.person_id)
        found.append({"by": by.name if by else "", "approves": one.approves, "because": one.because})
    return found


def _other_tlds(person: Person | None, request: Request) -> list[str]:
    if person is None:
        return []
    return [shown(one.tld) for one in people.listed(person) if one.tld != request.tld]


def _other_requests(session: Session, request: Request) -> list[dict[str, object]]:
    """What else is open about the same person."""
    return [
        {"number": number(one), "tld": shown(one.tld)}
        for one in requests.open_about(session, request.email_key)
        if one.id != request.id
    ]


def _namesakes(session: Session, request: Request) -> list[list[str]]:
    """The TLDs of everybody with the same name and a different address."""
    details = request.details
    found = people.namesakes(session, details.get("name", ""), details.get("email", ""))
    return [tlds_of(one) for one in found]
