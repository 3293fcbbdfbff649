"""Tokens as the store knows them: digests, whom each was sent to, and what its return does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.token import ROUTE_BYTES, TOKEN_BYTES, Purpose, token_digest, write_route, write_token
from tldops_bot.domain.token_details import (
    NewAddress,
    SecondAddress,
    TokenDetails,
    read_details,
    write_details,
)
from tldops_bot.store.tables import Person, Request, Token, TokenRequest

# What is asked about a request that is still open.
OF_REQUESTS = (Purpose.PROVE, Purpose.VOUCH, Purpose.KEY_STOP, Purpose.KEY_COSIGN)
# These only take something back, so they stay good even when the key is blocked.
_STOPPING = (Purpose.KEY_STOP, Purpose.STAY, Purpose.UNDO)
# Both of a pair must come back.
_PAIRED: Mapping[Purpose, type[SecondAddress] | type[NewAddress]] = {
    Purpose.EMERGENCY: SecondAddress,
    Purpose.OLD_ADDRESS: NewAddress,
    Purpose.NEW_ADDRESS: NewAddress,
}


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token in words (kept nowhere), and the route in the address its answer comes to."""

    words: str
    route: str
    id: int


def mint(
    session: Session,
    random: Callable[[int], bytes],
    purpose: Purpose,
    address: str,
    now: datetime,
    expires_at: datetime,
    requests: Iterable[Request] = (),
    details: TokenDetails | None = None,
    **more: Any,
) -> Minted:
    """Make a token for one mailbox; `more` are columns of Token: fingerprint, person_id, entry_id …"""
    words, route = write_token(random(TOKEN_BYTES)), write_route(random(ROUTE_BYTES))
    token = Token(
        digest=token_digest(words),
        route=route,
        purpose=purpose,
        address=address,
        made_at=now,
        expires_at=expires_at,
        details=write_details(details) if details is not None else {},
        **more,
    )
    session.add(token)
    session.flush()
    session.add_all(TokenRequest(token_id=token.id, request_id=request.id) for request in requests)
    session.flush()
    return Minted(words, route, token.id)


def find(session: Session, words: str) -> Token | None:
    """The token of these words, used and expired ones included; locked, since it answers only once."""
    return session.scalar(select(Token).where(Token.digest == token_digest(words)).with_for_update())


def person_of(session: Session, token: Token) -> Person | None:
    """The stored person it is about, or who was asked."""
    return session.get(Person, token.person_id) if token.person_id else None


def requests_of(session: Session, token: Token) -> list[Request]:
    """The requests a token answers for, in the order of their TLDs."""
    query = (
        select(Request)
        .join(TokenRequest, TokenRequest.request_id == Request.id)
        .where(TokenRequest.token_id == token.id)
        .order_by(Request.tld)
    )
    return list(session.scalars(query))


def tokens_of(session: Session, request: Request, *purposes: Purpose) -> list[Token]:
    """All tokens of these purposes that were ever sent for a request."""
    query = (
        select(Token)
        .join(TokenRequest, TokenRequest.token_id == Token.id)
        .where(TokenRequest.request_id == request.id, Token.purpose.in_(purposes))
        .order_by(Token.id)
    )
    return list(session.scalars(query))


def pair_of(session: Session, token: Token) -> list[Token]:
    """The token and the one sent to another address about the same wish, answered or not."""
    theirs = session.scalars(select(Token).where(Token.person_id == token.person_id).order_by(Token.id))
    return [one for one in theirs if one is token or _are_paired(one, token)]


def _are_paired(one: Token, other: Token) -> bool:
    return bool(_pair(other)) and _pair(one) == _pair(other)


def _pair(token: Token) -> str:
    kept = _PAIRED.get(token.purpose)
    return read_details(kept, token.details).pair if kept else ""


def proofs_since(session: Session, moment: datetime, address: str = "") -> list[Token]:
    """The proofs asked for since then: of one address, or of all."""
    query = select(Token).where(Token.purpose == Purpose.PROVE, Token.made_at > moment)
    if address:
        query = query.where(func.lower(Token.address) == address.lower())
    return list(session.scalars(query.order_by(Token.id)))


def held_for(session: Session, address: str, now: datetime) -> list[Token]:
    """The tokens sent to an address that would carry a mail out, answered ones too, until they expire."""
    query = select(Token).where(
        Token.purpose == Purpose.CARRY_OUT,
        func.lower(Token.address) == address.lower(),
        Token.expires_at > now,
    )
    return list(session.scalars(query.order_by(Token.id)))


def void_for_person(session: Session, person_id: int, now: datetime, purpose: Purpose | None = None) -> None:
    """End every open token of a person except those that only stop something; or those of one purpose."""
    session.execute(
        update(Token)
        .where(
            Token.person_id == person_id,
            Token.purpose == purpose if purpose else Token.purpose.not_in(_STOPPING),
            Token.used_at.is_(None),
            Token.void_at.is_(None),
        )
        .values(void_at=now)
    )


def void_all(session: Session, now: datetime) -> int:
    """End every open token of everybody; returns how many."""
    is_open = (Token.used_at.is_(None), Token.void_at.is_(None), Token.expires_at > now)
    count = session.scalar(select(func.count()).select_from(Token).where(*is_open)) or 0
    session.execute(update(Token).where(*is_open).values(void_at=now))
    return count


def lately(session: Session, purpose: Purpose, person_id: int, since: datetime) -> list[Token]:
    """The tokens of one purpose that a person was sent since then."""
    query = select(Token).where(Token.purpose == purpose, Token.person_id == person_id, Token.made_at > since)
    return list(session.scalars(query.order_by(Token.id)))


def forget_person(session: Session, person: Person, now: datetime) -> None:
    """End every token of a person, and keep no address with them."""
    to_prove = Token.purpose.in_((Purpose.PROVE, Purpose.COLLEAGUE)) & Token.address.in_(
        (person.email, person.emergency_email)
    )
    session.execute(
        update(Token)
        .where(or_(Token.person_id == person.id, to_prove))
        .values(address="", details={}, void_at=func.coalesce(Token.void_at, now))
    )


def void_for_request(session: Session, request: Request, now: datetime) -> None:
    """End the open tokens for this request alone; one that covers several stays good for the others."""
    for token in tokens_of(session, request, *OF_REQUESTS):
        others = [
            one for one in requests_of(session, token) if one.id != request.id and one.decided_at is None
        ]
        if token.used_at is None and token.void_at is None and not others:
            token.void_at = now


def void_questions(session: Session, asked: Iterable[Request], now: datetime) -> None:
    """End vouchers' unanswered questions about these requests: they say what is no longer true."""
    theirs = select(TokenRequest.token_id).where(TokenRequest.request_id.in_([one.id for one in asked]))
    is_open = (Token.purpose == Purpose.VOUCH, Token.used_at.is_(None), Token.void_at.is_(None))
    session.execute(update(Token).where(Token.id.in_(theirs), *is_open).values(void_at=now))


def forget_before(session: Session, moment: datetime) -> None:
    """Drop tokens that ended before then."""
    spent = select(Token.id).where(Token.expires_at < moment)
    session.execute(delete(TokenRequest).where(TokenRequest.token_id.in_(spent)))
    session.execute(delete(Token).where(Token.expires_at < moment))
