"""Workers: each mail exactly once, a lost claim rolls everything back, and what breaks is set aside, never in the way."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, rows, stored
from tests.service import PATIENCE_SECONDS
from tldops_bot.adapters.gnupg_runner import GpgTimedOut
from tldops_bot.domain.envelope import Envelope
from tldops_bot.intake.workers import Workers, describe
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import inbox, inbox_control, set_aside
from tldops_bot.store.inbox import ClaimLost
from tldops_bot.store.tables import InboxRow, Message

ENVELOPE = Envelope(
    "ann@nic.example", ("tld-ops@lists.example",), "192.0.2.1", "client.example", False, "ESMTP"
)


def hand_in(desk: Desk, *mails: bytes) -> None:
    with desk.app.database.write() as session:
        inbox.accept(session, [(raw, ENVELOPE, desk.now) for raw in mails])


def workers(desk: Desk, threads: int = 2, intake=None) -> Workers:
    return Workers(
        desk.app.database,
        intake or desk.app.intake,
        lambda: desk.now,
        desk.app.random_octets,
        after=lambda: None,
        threads=threads,
    )


class Breaks:
    """An intake that breaks on mails with a mark."""

    def __init__(self, desk: Desk, problem: Exception) -> None:
        self.intake, self.problem = desk.app.intake, problem

    def handle(self, claimed, now, then=bool):
        if b"BREAK" in claimed.raw:
            raise self.problem
        return self.intake.handle(claimed, now, then)

    def post(self, *arguments):
        return self.intake.post(*arguments)


def test_each_mail_is_carried_out_once_by_many_threads(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    raws = [ann.pgp_mime_signed(f"QUERY nl\n# {number}", at=desk.now) for number in range(12)]
    hand_in(desk, *raws, *raws)
    pool = workers(desk, threads=3)
    pool.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and any(one.state != "done" for one in all_of(desk, InboxRow)):
        pool.wake()
        time.sleep(0.02)
    pool.stop()
    ends = [one.outcome for one in all_of(desk, InboxRow)]
    assert ends.count("SUCCESS: QUERY contacts") == 12
    assert ends.count("repeated: repeated") + ends.count("silent: repeated") == 12


def test_stop_finishes_the_mail_in_hand(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    begun, may_end = threading.Event(), threading.Event()

    class Slow:
        def handle(self, claimed, now, then=bool):
            begun.set()
            assert may_end.wait(PATIENCE_SECONDS)
            return desk.app.intake.handle(claimed, now, then)

    hand_in(desk, ann.pgp_mime_signed("QUERY nl", at=desk.now))
    pool = workers(desk, 1, Slow())
    pool.start()
    assert begun.wait(PATIENCE_SECONDS)
    stopping = threading.Thread(target=pool.stop)
    stopping.start()
    may_end.set()
    stopping.join(PATIENCE_SECONDS)
    assert [one.state for one in all_of(desk, InboxRow)] == ["done"]


def test_claim_lost_between_judging_and_commit_undoes_everything(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    hand_in(desk, ann.pgp_mime_signed(f"{LIST_LINE}\nUPDATE\nFax: +44 20 7946 0999", at=desk.now))
    with desk.app.database.write() as session:
        (claimed,) = inbox.claim(session, "ours", desk.now)
    judged = desk.app.intake.judge(claimed)
    desk.later(minutes=6)
    with desk.app.database.write() as session:
        (taken_over,) = inbox.claim(session, "theirs", desk.now)
    before = rows(desk, frozenset(("alembic_version",)))
    with pytest.raises(ClaimLost), desk.app.database.write() as session:
        desk.app.intake.within(session, judged, claimed, desk.now)
    assert rows(desk, frozenset(("alembic_version",))) == before
    desk.app.intake.handle(taken_over, desk.now)
    assert stored(desk, ann.address).fax == "+44 20 7946 0999"


def test_lost_claim_is_no_breakage(desk: Desk, ann: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    hand_in(desk, b"BREAK")
    assert workers(desk, 1, Breaks(desk, ClaimLost("inbox row 1"))).carry_out_one()
    assert all_of(desk, Message) == []
    assert "taken over" in caplog.text


def test_mail_that_breaks_is_put_off_then_set_aside_and_its_words_stand_nowhere(
    desk: Desk, ann: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    desk.member(ann, "nl")
    hand_in(desk, b"Subject: BREAK\r\n\r\nsecret words", ann.pgp_mime_signed("QUERY nl", at=desk.now))
    pool = workers(desk, 1, Breaks(desk, RuntimeError("secret words")))
    assert pool.carry_out_one()
    assert pool.carry_out_one()
    assert not pool.carry_out_one()
    assert [(one.state, one.attempts) for one in all_of(desk, InboxRow)] == [("waiting", 1), ("done", 1)]
    for attempt in range(2, 6):
        desk.later(hours=1)
        assert pool.carry_out_one(), attempt
    row = all_of(desk, InboxRow)[0]
    assert (row.state, row.attempts, row.last_problem) == ("stuck", 5, "RuntimeError")
    desk.later(days=1)
    assert not pool.carry_out_one()
    assert desk.app.job_runner().run(JOBS["tell_set_aside"]) == 1
    notices = [one for one in all_of(desk, Message) if one.kind == "notice"]
    assert b"secret words" not in notices[0].entity
    assert "secret" not in caplog.text


def test_put_off_mail_is_carried_out_when_the_trouble_is_over(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed(
        f"{LIST_LINE}\nUPDATE\nFax: +44 20 7946 0999", {"Subject": "BREAK"}, at=desk.now
    )
    hand_in(desk, raw)
    workers(desk, 1, Breaks(desk, OSError())).carry_out_one()
    desk.later(hours=1)
    workers(desk, 1).carry_out_one()
    assert stored(desk, ann.address).fax == "+44 20 7946 0999"


def test_command_that_breaks_leaves_nothing_half_done(
    desk: Desk, ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tldops_bot.commands._all import COMMANDS

    desk.member(ann, "nl")

    def breaks(ctx, request):
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "SHOW", replace(COMMANDS["SHOW"], run=breaks))
    before = rows(desk, frozenset(("alembic_version", "inbox")))
    hand_in(desk, ann.pgp_mime_signed(f"{LIST_LINE}\nUPDATE\nFax: +44 20 7946 0999\nSHOW", at=desk.now))
    assert workers(desk, 1).carry_out_one()
    assert rows(desk, frozenset(("alembic_version", "inbox"))) == before
    assert [(one.state, one.last_problem) for one in all_of(desk, InboxRow)] == [
        ("waiting", "ZeroDivisionError")
    ]


def test_breakage_is_described_by_kind_and_place_never_by_its_words() -> None:
    try:
        raise ValueError("ann@nic.example")
    except ValueError as problem:
        said = describe(problem)
    assert said.startswith("ValueError at test_workers.py:")
    assert "ann" not in said.replace("test_breakage_is_described_by_kind_and_place_never_by_its_words", "")
    assert describe(ValueError("ann@nic.example")) == "ValueError"


def stuck(desk: Desk) -> list[tuple[str, int, str]]:
    return [(one.state, one.attempts, one.last_problem) for one in all_of(desk, InboxRow)]


def test_a_mail_that_ends_the_process_lets_others_go_first_and_is_set_aside(desk: Desk, ann: KeyPair) -> None:
    """Nobody is left to put it off; it is claimed, and the next thing is a start."""
    desk.member(ann, "nl")
    hand_in(desk, b"BREAK")
    for _ in range(inbox.MAX_PATIENCE):
        desk.later(minutes=1)
        with desk.app.database.write() as session:
            (claimed,) = inbox.claim(session, "ours", desk.now)
        with desk.app.database.write() as session:
            inbox.take_back(session, desk.now)
        hand_in(desk, b"Subject: another\r\n\r\n")
        with desk.app.database.write() as session:
            (next_one,) = inbox.claim(session, "ours", desk.now)
            assert (next_one.id != claimed.id) is (claimed.attempts >= inbox.SUSPECT)
            inbox.give_back(session, "ours")
            session.execute(delete(InboxRow).where(InboxRow.id > claimed.id))
    desk.later(minutes=1)
    pool = workers(desk, 1, Breaks(desk, SystemExit()))
    while pool.carry_out_one():
        pass
    assert stuck(desk)[0] == ("stuck", inbox.MAX_PATIENCE + 1, "never done with")


def test_what_needs_a_gpg_that_is_away_waits_for_hours_before_it_is_set_aside(desk: Desk) -> None:
    hand_in(desk, b"BREAK")
    pool, began = workers(desk, 1, Breaks(desk, GpgTimedOut("gpg took too long"))), desk.now
    while stuck(desk)[0][0] == "waiting":
        desk.later(minutes=1)
        pool.carry_out_one()
    assert stuck(desk) == [("stuck", inbox.MAX_PATIENCE, "GpgTimedOut")]
    assert timedelta(hours=4) < desk.now - began < timedelta(hours=6)


def test_a_store_that_is_away_is_held_against_no_mail(desk: Desk) -> None:
    hand_in(desk, b"BREAK")
    pool = workers(desk, 1, Breaks(desk, OperationalError("", {}, OSError())))
    for _ in range(2 * inbox.MAX_PATIENCE):
        desk.later(minutes=1)
        assert pool.carry_out_one()
    assert stuck(desk) == [("waiting", 0, "OperationalError")]


def test_the_operator_is_told_once_of_what_was_set_aside_and_again_when_it_fails_once_more(
    desk: Desk,
) -> None:
    hand_in(desk, b"BREAK", b"BREAK")
    pool = workers(desk, 1, Breaks(desk, RuntimeError()))

    def break_all() -> None:
        for _ in range(2 * inbox.MAX_ATTEMPTS):
            desk.later(minutes=10)
            pool.carry_out_one()

    def told() -> int:
        runner.run(JOBS["tell_set_aside"])
        return len([one for one in all_of(desk, Message) if one.kind == "notice"])

    runner = desk.app.job_runner()
    assert told() == 0
    break_all()
    assert [state for state, *_ in stuck(desk)] == ["stuck", "stuck"]
    assert told() == told() == 1
    with desk.app.database.write() as session:
        assert inbox_control.retry(session, 1, desk.now)
    assert told() == 1
    break_all()
    assert told() == 2
    desk.later(minutes=1)
    with desk.app.database.write() as session:
        assert inbox_control.retry(session, 2, desk.now)
    assert told() == 2
    break_all()
    with desk.app.database.write() as session:
        session.execute(update(InboxRow).where(InboxRow.id == 1).values(state="done"))
    assert told() == 3, "more than an hour later"
    with desk.app.database.write() as session:
        set_aside.note_told(session, desk.now + timedelta(days=9), frozenset())
    assert told() == 4, "the clock was ahead"


def test_the_next_mail_is_claimed_with_the_commit_of_the_one_before_unless_we_stop(desk: Desk) -> None:
    hand_in(desk, b"one", b"two", b"three")
    pool = workers(desk, threads=0)
    assert pool.carry_out_one()
    done, claimed, waiting = all_of(desk, InboxRow)
    assert (done.state, claimed.claim is None, waiting.claim) == ("done", False, None)
    pool.stop()
    done, given_back, waiting = all_of(desk, InboxRow)
    assert (given_back.claim, given_back.attempts) == (None, 0), "nobody waits for its lease"
    pool.carry_out_one()
    assert [one.state for one in all_of(desk, InboxRow)] == ["done", "done", "waiting"]
    assert all_of(desk, InboxRow)[2].claim is None, "who stops claims no more"


def test_how_long_a_mail_is_in_hand_can_be_seen(desk: Desk) -> None:
    hand_in(desk, b"one")
    seen: list[float] = []

    class Slow:
        def handle(self, claimed, now, then):
            pool._begun[claimed.claim] -= 1000
            seen.append(pool.longest_in_hand())
            return desk.app.intake.handle(claimed, now, then)

    pool = workers(desk, threads=0, intake=Slow())
    assert pool.carry_out_one()
    assert (seen[0] >= 1000, pool.longest_in_hand()) == (True, 0)


def test_when_the_clock_leaps_past_a_lease_the_mail_is_carried_out_once_and_nobody_stumbles(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    hand_in(desk, ann.pgp_mime_signed("QUERY nl", at=desk.now))
    taken: list[str] = []

    class Slow:
        def handle(self, claimed, now, then):
            taken.append(claimed.claim)
            if len(taken) == 1:
                desk.now += timedelta(hours=2)
                assert pool.carry_out_one(), "another thread takes it over"
            return desk.app.intake.handle(claimed, now, then)

    pool = workers(desk, threads=0, intake=Slow())
    assert pool.carry_out_one()
    assert len(set(taken)) == 2
    assert [one.state for one in all_of(desk, InboxRow)] == ["done"]
    assert len(all_of(desk, Message)) == 1
