"""The outbox: order, claims that fence, leases, and content that goes when it is no longer needed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.store import outbox, outbox_control, outbox_copies, outbox_leases
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import DROPPED, HELD, REFUSED, TAKEN, WAITING, Claimed, Mark
from tldops_bot.store.tables import Delivery, Message

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
DRAFT = Draft("A word", b"Content-Type: text/plain\r\n\r\nHello\r\n", {"Date": "today"}, "")


def letter(kind: Kind = Kind.NOTICE, to: int = 1, alert_id: str = "") -> Letter:
    people = tuple(Recipient(f"person{n}@nic.example", Entitled.ADDRESS) for n in range(to))
    return Letter(kind, "x/y", {}, people, alert_id=alert_id)


def put(database: Database, one: Letter, at: datetime = NOW) -> list[int]:
    with database.write() as session:
        message = outbox_copies.enqueue(session, one, DRAFT, at)
        return list(
            session.scalars(select(Delivery.id).where(Delivery.message_id == message).order_by(Delivery.id))
        )


def claim(
    database: Database, limit: int = 100, now: datetime = NOW, token: str = "t1", least: int = 99
) -> list[Claimed]:
    with database.write() as session:
        return outbox.claim(session, now, limit, now + timedelta(minutes=5), token, least)


def mark(database: Database, claimed: list[Claimed], state: str, now: datetime = NOW) -> set[int]:
    with database.write() as session:
        return set(outbox.mark(session, [Mark(one, state, one.attempts + 1) for one in claimed], now).ours)


def content(database: Database, message_id: int) -> tuple[bytes | None, bytes | None]:
    with database.read() as session:
        message = session.get(Message, message_id)
        assert message is not None
        return message.entity, message.sealed


def state(database: Database, delivery_id: int) -> str:
    with database.read() as session:
        delivery = session.get(Delivery, delivery_id)
        assert delivery is not None
        return delivery.state


def test_the_most_urgent_goes_first_then_the_oldest(database: Database) -> None:
    roster = put(database, letter(Kind.ROSTER, 2), NOW - timedelta(hours=1))
    reply = put(database, letter(Kind.REPLY))
    alert = put(database, letter(Kind.ALERT))
    retraction = put(database, replace(letter(Kind.ALERT), is_first=True))
    assert [one.id for one in claim(database)] == retraction + alert + reply + roster


def test_ids_come_back_in_the_order_of_the_recipients(database: Database) -> None:
    ids = put(database, letter(to=50))
    with database.read() as session:
        assert [session.get_one(Delivery, one).rcpt_to for one in ids] == [
            f"person{n}@nic.example" for n in range(50)
        ]


def test_a_letter_to_nobody_leaves_nothing_behind(database: Database) -> None:
    assert put(database, letter(to=0)) == []
    with database.read() as session:
        assert session.get(Message, 1) is None


def test_what_is_claimed_is_not_claimed_twice(database: Database) -> None:
    put(database, letter(to=5))
    first, second = claim(database, 3, token="a"), claim(database, 3, token="b")
    assert len(first) == 3
    assert len(second) == 2
    assert not {one.id for one in first} & {one.id for one in second}


def test_only_what_is_urgent_enough_is_claimed(database: Database) -> None:
    put(database, letter(Kind.ROSTER, 3))
    alert = put(database, letter(Kind.ALERT))
    assert [one.id for one in claim(database, least=0)] == alert
    with database.read() as session:
        assert outbox.most_urgent_due(session, NOW - timedelta(seconds=1)) is None
        assert outbox.most_urgent_due(session, NOW) == Kind.ROSTER.priority


def test_what_is_due_later_waits(database: Database) -> None:
    put(database, letter(), LATER)
    assert claim(database) == []
    assert len(claim(database, now=LATER)) == 1


def test_a_mark_counts_only_while_the_claim_holds(database: Database) -> None:
    put(database, letter())
    slow = claim(database, token="slow")
    with database.write() as session:
        assert outbox_leases.take_back(session, NOW + timedelta(minutes=6)) == 1
    quick = claim(database, token="quick")
    assert mark(database, slow, REFUSED) == set()
    assert state(database, slow[0].id) == "sending"
    assert mark(database, quick, TAKEN) == {quick[0].id}
    assert mark(database, quick, REFUSED) == set()
    assert state(database, quick[0].id) == TAKEN


def test_a_lease_that_was_renewed_is_not_taken_back(database: Database) -> None:
    put(database, letter(to=2))
    renewed, lost = claim(database, 1), claim(database, 1)
    with database.write() as session:
        outbox_leases.renew(session, [renewed[0].id], ["t1"], NOW + timedelta(hours=1))
        assert outbox_leases.take_back(session, NOW + timedelta(minutes=10)) == 1
    assert state(database, renewed[0].id) == "sending"
    assert state(database, lost[0].id) == WAITING


def test_after_a_crash_the_only_process_takes_everything_back(database: Database) -> None:
    put(database, letter(to=3))
    claim(database)
    with database.write() as session:
        assert outbox_leases.take_back(session, NOW) == 0
        assert outbox_leases.take_back(session, NOW, everything=True) == 3


def test_content_goes_with_the_last_delivery_and_not_before(database: Database) -> None:
    put(database, letter(to=3))
    claimed = claim(database)
    message = claimed[0].message_id
    with database.write() as session:
        outbox.store_sealed(session, message, b"sealed")
    mark(database, claimed[:1], TAKEN)
    mark(database, claimed[1:2], REFUSED)
    assert content(database, message) == (DRAFT.entity, b"sealed")
    mark(database, claimed[2:], DROPPED)
    assert content(database, message) == (None, None)


def test_who_marks_hears_which_messages_are_finished(database: Database) -> None:
    put(database, letter())
    put(database, letter(to=2))
    whole, half = claim(database, 2)
    with database.write() as session:
        marked = outbox.mark(session, [Mark(one, TAKEN, 1) for one in (whole, half)], NOW)
    assert marked.ours == {whole.id, half.id}
    assert marked.finished == {whole.message_id}


def test_a_held_delivery_keeps_the_content(database: Database) -> None:
    put(database, letter(to=2))
    claimed = claim(database)
    mark(database, claimed[:1], HELD)
    mark(database, claimed[1:], TAKEN)
    assert content(database, claimed[0].message_id)[0] == DRAFT.entity


def test_a_signed_part_that_comes_too_late_is_not_kept(database: Database) -> None:
    put(database, letter())
    claimed = claim(database)
    mark(database, claimed, TAKEN)
    with database.write() as session:
        outbox.store_sealed(session, claimed[0].message_id, b"late")
    assert content(database, claimed[0].message_id) == (None, None)


def test_a_mark_without_a_time_leaves_the_time_as_it_was(database: Database) -> None:
    put(database, letter())
    claimed = claim(database)
    mark(database, claimed, WAITING)
    with database.read() as session:
        row = session.get_one(Delivery, claimed[0].id)
        assert (row.next_attempt_at, row.claim, row.finished_at) == (NOW, None, None)


def test_loading_gives_the_unsigned_text_only_while_there_is_no_signed_part(database: Database) -> None:
    put(database, letter(Kind.ALERT, alert_id="A-2026-0001"))
    message = claim(database)[0].message_id
    with database.write() as session:
        unsigned = outbox.load(session, [message])[message]
        outbox.store_sealed(session, message, b"sealed")
        signed = outbox.load(session, [message])[message]
    assert (unsigned.entity, unsigned.sealed) == (DRAFT.entity, None)
    assert (signed.entity, signed.sealed) == (None, b"sealed")
    assert signed.kind is Kind.ALERT
    assert (signed.alert_id, signed.headers, signed.made_at) == ("A-2026-0001", {"Date": "today"}, NOW)


def test_a_mended_key_frees_what_was_held_for_that_person(database: Database) -> None:
    put(database, Letter(Kind.ALERT, "x", {}, (Recipient("ann@nic.example", Entitled.MEMBER, 7),)))
    claimed = claim(database)
    with database.write() as session:
        outbox.mark(session, [Mark(claimed[0], HELD, 0, status="no-key")], NOW)
        assert outbox_control.release_held(session, 8, NOW) == 0
        assert outbox_control.release_held(session, 7, NOW) == 1
    assert [one.id for one in claim(database)] == [claimed[0].id]


def test_stop_drops_what_is_not_yet_on_its_way(database: Database) -> None:
    ids = put(database, letter(Kind.ALERT, 3, alert_id="A-2026-0001"))
    other = put(database, letter(Kind.ALERT, 1, alert_id="A-2026-0002"))
    flying = claim(database, 1)
    with database.write() as session:
        assert outbox_control.drop_alert(session, "A-2026-0001", NOW) == 2
    assert [state(database, one) for one in ids] == ["sending", DROPPED, DROPPED]
    assert state(database, other[0]) == WAITING
    assert content(database, flying[0].message_id)[0] is not None
    mark(database, flying, TAKEN)
    assert content(database, flying[0].message_id) == (None, None)


def test_retry_sends_again_only_what_was_not_taken_and_still_has_its_content(database: Database) -> None:
    ids = put(database, letter(to=3))
    claimed = claim(database)
    mark(database, claimed[:1], REFUSED)
    mark(database, claimed[1:2], TAKEN)
    mark(database, claimed[2:], WAITING)
    with database.write() as session:
        assert outbox_control.retry(session, ids[0], LATER)
        assert not outbox_control.retry(session, ids[1], LATER)
    assert state(database, ids[0]) == WAITING
    assert {one.id for one in claim(database, now=LATER)} == {ids[0], ids[2]}


def test_retry_says_so_when_the_content_is_gone(database: Database) -> None:
    ids = put(database, letter())
    mark(database, claim(database), REFUSED)
    with database.write() as session:
        assert not outbox_control.retry(session, ids[0], LATER)


def test_drop_gives_up_one_delivery_but_none_in_flight(database: Database) -> None:
    ids = put(database, letter(to=2))
    claim(database, 1)
    with database.write() as session:
        assert not outbox_control.drop(session, ids[0], NOW)
        assert outbox_control.drop(session, ids[1], NOW)
    assert state(database, ids[1]) == DROPPED


def test_after_a_restore_old_mail_waits_for_the_operator(database: Database) -> None:
    old, new = put(database, letter()), put(database, letter(), LATER)
    with database.write() as session:
        assert outbox_control.hold_older(session, LATER, "restored") == 1
        assert outbox_control.release_held(session, 1, LATER) == 0
    assert [one.id for one in claim(database, now=LATER)] == new
    with database.write() as session:
        assert outbox_control.retry(session, old[0], LATER)
    assert [one.id for one in claim(database, now=LATER)] == old


def test_the_list_and_the_counts_tell_what_waits(database: Database) -> None:
    put(database, letter(Kind.ROSTER), NOW - timedelta(hours=2))
    put(database, letter(Kind.ALERT, 2, alert_id="A-2026-0001"))
    mark(database, claim(database, 1), TAKEN)
    with database.read() as session:
        lines = outbox_control.listing(session)
        assert [(one.kind, one.state) for one in lines] == [("alert", WAITING), ("roster", WAITING)]
        assert lines[0].alert_id == "A-2026-0001"
        assert outbox_control.counts(session) == {WAITING: 2, TAKEN: 1}
        assert outbox_control.oldest_waiting_at(session) == NOW - timedelta(hours=2)
        assert outbox_control.listing(session, (TAKEN,))[0].rcpt_to == "person0@nic.example"


def test_a_copy_that_was_not_tried_keeps_what_came_of_the_attempt_before(database: Database) -> None:
    put(database, letter())
    for again, code, status in ((NOW, 451, "4.7.1"), (None, 0, "")):
        (one,) = claim(database)
        with database.write() as session:
            outbox.mark(session, [Mark(one, WAITING, 1, again, code, status)], NOW)
        with database.read() as session:
            row = session.get_one(Delivery, one.id)
            assert (row.last_code, row.last_status, row.next_attempt_at) == (451, "4.7.1", NOW)


def test_a_status_longer_than_its_column_is_cut(database: Database) -> None:
    put(database, letter())
    claimed = claim(database)
    with database.write() as session:
        outbox.mark(session, [Mark(claimed[0], REFUSED, 1, code=550, status="x" * 99)], NOW)
    with database.read() as session:
        row = session.get_one(Delivery, claimed[0].id)
        assert (row.last_code, len(row.last_status), row.finished_at) == (550, 32, NOW)
