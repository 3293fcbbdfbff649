"""Tokens are kept as digests; they end with a person, with a request, and with time."""

from datetime import datetime, timedelta

from tests.rows import a_person, a_request
from tldops_bot.domain.token_details import Proof, Question
from tldops_bot.store import tokens
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Token, TokenRequest

_COUNT = iter(range(1, 10**6))


def octets(length: int) -> bytes:
    return next(_COUNT).to_bytes(length)


def test_only_the_digest_is_kept_and_the_words_find_it(database: Database, now: datetime) -> None:
    with database.write() as session:
        minted = tokens.mint(
            session, octets, "vouch", "admin@registry.example", now, now, details=Question(True)
        )
        row = tokens.find(session, minted.words)
        assert (row.id, row.route, row.details) == (minted.id, minted.route, {"single": True})
        assert minted.words not in (row.digest, row.route)
        assert tokens.find(session, "0000-0000-0000-0000") is None


def test_token_answers_for_its_requests_in_order_of_tld(database: Database, now: datetime) -> None:
    with database.write() as session:
        asked = [a_request(session, tld) for tld in ("nl", "be")]
        minted = tokens.mint(session, octets, "vouch", "admin@registry.example", now, now, asked)
        other = tokens.mint(session, octets, "prove", "ann@nic.example", now, now, asked[:1])
        assert [one.tld for one in tokens.requests_of(session, session.get(Token, minted.id))] == ["be", "nl"]
        assert [one.id for one in tokens.tokens_of(session, asked[0], "vouch")] == [minted.id]
        assert [one.id for one in tokens.tokens_of(session, asked[0], "prove")] == [other.id]
        assert tokens.tokens_of(session, asked[1], "prove") == []


def test_persons_open_tokens_end_and_answered_ones_stay_as_they_were(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        ann, bob = a_person(session), a_person(session, "bob@nic.example")
        mine, done, his = (
            tokens.mint(session, octets, "emergency", "x@nic.example", now, now, person_id=one.id)
            for one in (ann, ann, bob)
        )
        session.get(Token, done.id).used_at = now
        session.flush()
        tokens.void_for_person(session, ann.id, now)
        session.expire_all()
        assert [session.get(Token, one.id).void_at for one in (mine, done, his)] == [now, None, None]


def test_request_ends_its_tokens_but_not_one_that_others_still_need(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        nl, be = a_request(session, "nl"), a_request(session, "be")
        both = tokens.mint(session, octets, "vouch", "admin@registry.example", now, now, [nl, be])
        alone = tokens.mint(session, octets, "vouch", "admin@registry.example", now, now, [nl])
        used = tokens.mint(session, octets, "prove", "ann@nic.example", now, now, [nl])
        session.get(Token, used.id).used_at = now
        tokens.void_for_request(session, nl, now)
        assert [session.get(Token, one.id).void_at for one in (both, alone, used)] == [None, now, None]
        nl.decided_at = now
        tokens.void_for_request(session, be, now)
        assert session.get(Token, both.id).void_at == now


def test_forgotten_person_leaves_no_address_and_no_open_token(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        by_id = tokens.mint(session, octets, "key_new", "ann@nic.example", now, now, person_id=ann.id)
        by_address = tokens.mint(session, octets, "prove", "ann@nic.example", now, now, details=Proof(True))
        voucher = tokens.mint(session, octets, "vouch", "ann@nic.example", now, now)
        tokens.forget_person(session, ann, now)
        session.expire_all()
        for one in (by_id, by_address):
            row = session.get(Token, one.id)
            assert (row.address, row.details, row.void_at) == ("", {}, now)
        assert session.get(Token, voucher.id).void_at is None


def test_ended_tokens_are_dropped_with_their_links(database: Database, now: datetime) -> None:
    with database.write() as session:
        asked = [a_request(session)]
        tokens.mint(session, octets, "vouch", "x@nic.example", now, now - timedelta(days=1), asked)
        kept = tokens.mint(session, octets, "vouch", "x@nic.example", now, now, asked)
        tokens.forget_before(session, now)
        assert [one.id for one in session.query(Token)] == [kept.id]
        assert [one.token_id for one in session.query(TokenRequest)] == [kept.id]
