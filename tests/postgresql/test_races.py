"""Two nodes at the same moment: what the second decides, it decides knowing what the first has done.

The first node's transaction is kept open until the second one either waits for it or has ended.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.commands.test_crossing_requests import two_for_one_seat
from tests.desk import LIST_LINE, Desk
from tests.keys import LIST_ADDRESS, KeyPair, mail, text_entity
from tests.outcomes import all_of, outcomes, states
from tests.roster_files import keep_files
from tests.rows import a_person
from tests.service import PATIENCE_SECONDS
from tldops_bot.app import App
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.intake import Handled
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import audit, inbox, outbox_copies
from tldops_bot.store.database import Database, Session
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import Alert, Delivery, Request, StrangerAnswer

ADMIN = "admin@registry.example"


@pytest.fixture
def other(desk: Desk) -> Iterator[App]:
    """The second node: everything of its own but the database and the list's key."""
    app = App(desk.app.config, lambda: desk.now)
    yield app
    app.close()


class Second:
    """What the second node does, in a thread; the first one's transaction is open meanwhile."""

    def __init__(self, database: Database, does: Callable[[], object]) -> None:
        self._database, self._does = database, does
        self._found: list[object] = []
        self._problem: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Returns once it has ended, or waits for somebody."""
        self._thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while self._thread.is_alive() and not self._waits():
            assert time.monotonic() < until, "the second node neither ends nor waits"
            time.sleep(0.01)

    def result(self) -> object:
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        if self._problem:
            raise self._problem[0]
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._does())
        except BaseException as problem:  # noqa: BLE001  handed on to the test's own thread
            self._problem.append(problem)

    def _waits(self) -> bool:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with self._database.read() as session:
            here = f"{waiting} AND datname = current_database()"
            return bool(session.scalar(text(here)))


@contextmanager
def while_open(
    desk: Desk, first: Callable[[Session], object], second: Callable[[], object]
) -> Iterator[list[object]]:
    """Both at once; what came of each, once the block begins."""
    with desk.app.database.write() as session:
        found = [first(session)]
        running = Second(desk.app.database, second)
        running.start()
    found.append(running.result())
    yield found


def accepted(desk: Desk, *mails: tuple[bytes, str]) -> list[Claimed]:
    """Mails that came in and were claimed, each by itself."""
    rows = [
        (raw, Envelope(sender, (LIST_ADDRESS,), "192.0.2.1", "client.example", False, "ESMTP"), desk.now)
        for raw, sender in mails
    ]
    with desk.app.database.write() as session:
        inbox.accept(session, rows)
    claims = []
    for number in range(len(mails)):
        with desk.app.database.write() as session:
            claims += inbox.claim(session, f"claim-{number}", desk.now)
    assert len(claims) == len(mails)
    return claims


def at_once(desk: Desk, other: App, *mails: tuple[bytes, str]) -> list[list[str]]:
    """Two mails, carried out by two nodes at the same moment: what came of each."""
    first, second = accepted(desk, *mails)
    judged = [app.intake.judge(one) for app, one in ((desk.app, first), (other, second))]

    def carry_out() -> Handled:
        with other.database.write() as session:
            return other.intake.within(session, judged[1], second, desk.now)

    def begin(session: Session) -> Handled:
        return desk.app.intake.within(session, judged[0], first, desk.now)

    with while_open(desk, begin, carry_out) as found:
        return [outcomes(one) for one in found if isinstance(one, Handled)]


def plain(text_: str, sender: str = ADMIN, number: int = 0) -> tuple[bytes, str]:
    top = {"From": sender, "To": LIST_ADDRESS, "Message-ID": f"<{number}@client.example>", "Subject": "hello"}
    return mail(top, text_entity(text_)), sender


def signed(who: KeyPair, desk: Desk, words: str) -> tuple[bytes, str]:
    return who.pgp_mime_signed(f"{LIST_LINE}\n{words}", at=desk.now), who.address


def test_last_seat_is_filled_once_and_the_second_goes_to_the_committee(
    desk: Desk, other: App, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    mails = [plain(f"CONFIRM {token}") for token in two_for_one_seat(desk).values()]
    assert at_once(desk, other, *mails) == [["vouched"], ["vouched"]]
    assert list(states(desk, "nl").values()) == ["listed"] * 3
    assert sorted(one.state for one in all_of(desk, Request)) == ["committee", "done"]


def test_one_token_answers_once(desk: Desk, other: App) -> None:
    token = two_for_one_seat(desk)["carl"]
    assert at_once(desk, other, plain(f"CONFIRM {token}"), plain(f"DECLINE {token}")) == [
        ["vouched"],
        ["token_used"],
    ]


def test_one_signature_is_used_once(desk: Desk, other: App, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    again = signed(ann, desk, "ALERT\nTitle: Somebody takes our names over\n\nLook at your registrars.")
    first, second = at_once(desk, other, again, again)
    assert first != second
    assert len(all_of(desk, Alert)) == 1


def test_audit_chain_holds(desk: Desk, other: App, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    mails = [signed(who, desk, "UPDATE\nOrganisation: New Example Registry") for who in (ann, bob)]
    at_once(desk, other, *mails)
    with desk.look() as session:
        count, tampered = audit.verify(session)
    assert tampered is None
    assert count >= 2


def test_alerts_have_numbers_of_their_own(desk: Desk, other: App, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    at_once(desk, other, *[signed(who, desk, "ALERT\n\nWe are under attack.") for who in (ann, bob)])
    assert len({one.id for one in all_of(desk, Alert)}) == 2


def test_limit_on_alerts_counts_those_of_all_nodes(desk: Desk, other: App, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(desk.app.config.alerts.max_per_member_hour - 1):
        desk.say_bound(ann, f"ALERT\n\nAttack {number}.")
    at_once(desk, other, *[signed(ann, desk, f"ALERT\n\nThe attack goes on {n}.") for n in range(2)])
    held = [one.state for one in all_of(desk, Alert) if one.state != "posted"]
    assert len(held) == 1


def test_strangers_are_answered_once_a_day(desk: Desk, other: App) -> None:
    at_once(desk, other, *[plain("SHOW", "stranger@elsewhere.example", n) for n in range(2)])
    assert len(all_of(desk, StrangerAnswer)) == 1


def test_roster_of_a_period_goes_once_to_each(desk: Desk, other: App, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    app = desk.app
    with app.database.write() as session:
        keep_files(session, app.config, app.tlds, desk.now)

    def first(session: Session) -> int:
        context = JobContext(session, desk.now, app.config, app.tlds, app.random_octets)
        found = JOBS["send_roster"].run(context)
        return sum(len(one.to) for one in getattr(found, "letters", found))

    def second() -> int:
        return other.job_runner().run(JOBS["send_roster"])

    with while_open(desk, first, second) as found:
        assert found[1] == 0
        assert found[0] != 0


def test_writer_that_decides_nothing_waits_for_nobody(desk: Desk, other: App) -> None:
    """A mail is accepted, and claimed, while another node is deciding."""
    with desk.app.database.write(), other.database.beside() as session:
        row = (b"raw", Envelope("a@b.example", (LIST_ADDRESS,), "192.0.2.1", "", False, ""), desk.now)
        inbox.accept(session, [row])
    with other.database.beside() as session:
        assert len(inbox.claim(session, "word", desk.now + timedelta(seconds=1))) == 1


def test_two_claims_at_once_get_different_rows_and_neither_waits(desk: Desk, other: App) -> None:
    envelope = Envelope("a@b.example", (LIST_ADDRESS,), "192.0.2.1", "", False, "")
    with desk.app.database.write() as session:
        inbox.accept(session, [(b"raw", envelope, desk.now)] * 5)
    with desk.app.database.beside() as ours, other.database.beside() as theirs:
        first = inbox.claim(ours, "first", desk.now, limit=2)
        second = inbox.claim(theirs, "second", desk.now, limit=2)
        assert [len(first), len(second)] == [2, 2]
        assert not {one.id for one in first} & {one.id for one in second}
    with desk.app.database.beside() as session:
        assert len(inbox.claim(session, "third", desk.now, limit=2)) == 1


def test_copies_of_an_alert_that_are_to_come_are_written_once(
    desk: Desk, other: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_copies, "LOT", 1)
    letter = Letter(Kind.ALERT, "x", {}, alert_id="A-2026-0001", audience=Audience(Reached(True), 0))
    with desk.app.database.write() as session:
        for number in range(4):
            a_person(session, f"a{number}@nic.example", "nl")
        outbox_copies.enqueue(session, letter, Draft("x", b"x", {}, ""), desk.now)

    def write_lot(session: Session) -> None:
        one = outbox_copies.next_to_come(session)
        assert one is not None
        outbox_copies.write_lot(session, one, desk.now)

    def theirs() -> None:
        with other.database.write() as session:
            write_lot(session)

    with while_open(desk, write_lot, theirs):
        pass
    assert sorted(one.rcpt_to for one in all_of(desk, Delivery)) == [f"a{n}@nic.example" for n in range(3)]


def test_reader_sees_one_picture_while_others_write(desk: Desk, other: App, ann: KeyPair) -> None:
    with other.database.read() as session:
        assert audit.head(session) == audit.FIRST
        desk.member(ann, "nl")
        desk.say_bound(ann, "UPDATE\nOrganisation: New Example Registry")
        session.expire_all()
        assert audit.head(session) == audit.FIRST
    with other.database.read() as session:
        assert audit.head(session) != audit.FIRST
