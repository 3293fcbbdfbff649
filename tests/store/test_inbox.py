"""The inbox: oldest first, one claim at a time, finished once, put off and set aside, released by a token once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect

from tests.rows import a_person
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox, inbox_control
from tldops_bot.store.database import Database
from tldops_bot.store.inbox import LEASE, MAX_ATTEMPTS, Claimed, ClaimLost
from tldops_bot.store.tables import InboxRow

SECOND = timedelta(seconds=1)
SIGNED = b"-----BEGIN PGP SIGNATURE-----"


def accept(database: Database, now: datetime, count: int = 1) -> None:
    envelope = Envelope(
        "ann@nic.example", ("list@lists.example",), "192.0.2.1", "client.example", False, "ESMTP"
    )
    with database.write() as session:
        inbox.accept(session, [(b"mail %d" % number, envelope, now) for number in range(count)])


def claim(database: Database, now: datetime, word: str = "ours", limit: int = 1) -> list[Claimed]:
    with database.write() as session:
        return inbox.claim(session, word, now, limit)


def finish(database: Database, claimed: Claimed, now: datetime) -> None:
    with database.write() as session:
        inbox.finish(session, claimed, now, "good", "A" * 40, None, "done " * 100)


def row(database: Database, number: int = 1) -> InboxRow:
    with database.read() as session:
        found = session.get(InboxRow, number)
        session.expunge(found)
        return found


def test_oldest_is_claimed_first_and_by_one_only(database: Database, now: datetime) -> None:
    accept(database, now, 3)
    assert [one.raw for one in claim(database, now, limit=2)] == [b"mail 0", b"mail 1"]
    assert [one.raw for one in claim(database, now, "theirs", limit=2)] == [b"mail 2"]
    assert claim(database, now, "third") == []
    with database.read() as session:
        assert not inbox.is_anything_due(session, now)


@pytest.mark.parametrize(
    ("sender", "raw", "is_urgent"),
    [
        ("ann@nic.example", SIGNED, True),
        ("Ann@NIC.example", SIGNED, True),
        ("ann@home.example", SIGNED, True),
        ("ann@nic.example", b"HELP", False),
        ("eve@elsewhere.example", SIGNED, False),
        ("", SIGNED, False),
    ],
)
def test_signed_mail_from_a_stored_address_goes_first(
    database: Database, now: datetime, sender: str, raw: bytes, is_urgent: bool
) -> None:
    envelope = Envelope(sender, ("list@lists.example",), "192.0.2.1", "client.example", False, "ESMTP")
    other = replace(envelope, mail_from="first@elsewhere.example")
    with database.write() as session:
        a_person(session, "bob@nic.example")  # without a second address
        a_person(session, "ann@nic.example", emergency_email="ann@home.example")
        inbox.accept(session, [(raw, other, now), (raw, envelope, now)])
    (one,) = claim(database, now)
    assert (one.envelope.mail_from == sender, one.is_urgent) == (is_urgent, is_urgent)


def test_envelope_comes_back_as_it_was(database: Database, now: datetime) -> None:
    accept(database, now)
    (one,) = claim(database, now)
    assert (one.envelope.mail_from, one.envelope.rcpt_tos) == ("ann@nic.example", ("list@lists.example",))
    assert (one.received_at, one.attempts, one.bound_at) == (now, 1, None)


def test_lease_that_ran_out_is_taken_over_and_fences_the_first(database: Database, now: datetime) -> None:
    accept(database, now)
    (first,) = claim(database, now)
    assert claim(database, now + LEASE, "theirs") == []
    (second,) = claim(database, now + LEASE + SECOND, "theirs")
    with pytest.raises(ClaimLost):
        finish(database, first, now)
    finish(database, second, now)
    with pytest.raises(ClaimLost):
        finish(database, second, now)
    assert (row(database).state, row(database).claim, len(row(database).outcome)) == ("done", None, 255)


def test_put_off_later_each_time_then_set_aside(database: Database, now: datetime) -> None:
    accept(database, now)
    waits = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        (one,) = claim(database, now)
        with database.write() as session:
            assert inbox.put_off(session, one, now, "OSError") is (attempt == MAX_ATTEMPTS)
        waits.append(row(database).next_attempt_at - now)
        assert claim(database, row(database).next_attempt_at - SECOND) == []
        now = row(database).next_attempt_at
    assert waits == sorted(waits)
    assert (row(database).state, row(database).last_problem) == ("stuck", "OSError")
    assert claim(database, now + timedelta(days=9)) == []
    with database.write() as session:
        assert [one.id for one, _ in inbox_control.listing(session, only_stuck=True)] == [1]
        assert inbox_control.retry(session, 1, now)
        assert not inbox_control.retry(session, 1, now)
        assert not inbox_control.retry(session, 99, now)
    assert [one.attempts for one in claim(database, now)] == [1]


def test_lost_claim_puts_nothing_off(database: Database, now: datetime) -> None:
    accept(database, now)
    (first,) = claim(database, now)
    (second,) = claim(database, now + LEASE + SECOND, "theirs")
    with database.write() as session:
        inbox.put_off(session, first, now, "OSError")
    finish(database, second, now)
    assert row(database).state == "done"


def test_held_mail_is_released_once_and_only_when_done_and_there(database: Database, now: datetime) -> None:
    accept(database, now, 2)
    (one,) = claim(database, now)
    with database.write() as session:
        assert not inbox.release_held(session, one.id, now, 7)
        assert not inbox.release_held(session, 99, now, 7)
    finish(database, one, now)
    with database.write() as session:
        assert inbox.release_held(session, one.id, now, 7)
        assert not inbox.release_held(session, one.id, now, 7)
    (again,) = claim(database, now)
    assert (again.id, again.bound_at, again.person_id) == (one.id, now, 7)
    finish(database, again, now)
    with database.write() as session:
        assert not inbox.release_held(session, one.id, now, 7)


def test_octets_go_when_retention_says_so_and_the_row_stays(database: Database, now: datetime) -> None:
    accept(database, now, 2)
    (one,) = claim(database, now)
    finish(database, one, now)
    with database.write() as session:
        assert inbox.forget_raw(session, now) == 0
        assert inbox.forget_raw(session, now + SECOND) == 1
        assert inbox.forget_raw(session, now + SECOND) == 0
        assert not inbox.release_held(session, one.id, now, None)
    assert row(database).raw is None
    assert row(database, 2).raw == b"mail 1"
    with database.read() as session:
        listed = inbox_control.listing(session)
        assert [(one.id, size) for one, size in listed] == [(2, 6), (1, None)]
        assert all("raw" in inspect(one).unloaded for one, _ in listed), "a list holds no mails"


def test_rows_of_strangers_go_when_retention_says_so_and_others_stay(
    database: Database, now: datetime
) -> None:
    """Anybody can send mail; what is kept of members' mails stays as it is."""
    accept(database, now, 5)
    first, second, third = (claim(database, now)[0] for _ in range(3))
    finish(database, first, now)
    with database.write() as session:
        inbox.finish(session, second, now, "good", "A" * 40, 7, "SUCCESS: QUERY contacts")
        inbox.put_off(session, third, now, "RuntimeError", 1)
        assert inbox.forget_strangers(session, now) == 0
        assert inbox.forget_strangers(session, now + SECOND) == 1
    with database.read() as session:
        assert [one.id for one, _ in inbox_control.listing(session)] == [5, 4, 3, 2]


def test_the_newest_row_stays_so_that_no_number_comes_again(database: Database, now: datetime) -> None:
    accept(database, now, 2)
    for one in (claim(database, now)[0], claim(database, now)[0]):
        finish(database, one, now)
    with database.write() as session:
        assert inbox.forget_strangers(session, now + SECOND) == 1
    accept(database, now, 1)
    with database.read() as session:
        assert [one.id for one, _ in inbox_control.listing(session)] == [3, 2]
