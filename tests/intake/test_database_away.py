"""The database goes while a mail is in hand: it is put off as soon as the database is back, not when its lease ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.desk import Desk
from tests.intake.test_workers import Breaks, hand_in, workers
from tests.outcomes import all_of
from tldops_bot.intake.workers import Workers
from tldops_bot.store import inbox
from tldops_bot.store.database import Database
from tldops_bot.store.tables import InboxRow

AWAY = OperationalError("", {}, Exception("gone"))


class Flaky:
    """The same database, which breaks when it is told to: before writing, or when it should say that it has written."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.is_sqlite = True
        self.before_writing: list[Exception | None] = []
        self.after_writing: list[Exception | None] = []
        self.after_claiming: list[Exception | None] = []

    @contextmanager
    def glance(self) -> Iterator[Session]:
        with self.database.glance() as session:
            yield session

    @contextmanager
    def beside(self) -> Iterator[Session]:
        with self.database.beside() as session:
            yield session
        _raise(self.after_claiming)

    @contextmanager
    def write(self) -> Iterator[Session]:
        _raise(self.before_writing)
        with self.database.write() as session:
            yield session
        _raise(self.after_writing)


def _raise(problems: list[Exception | None]) -> None:
    problem = problems.pop(0) if problems else None
    if problem is not None:
        raise problem


def pool(desk: Desk, database: Flaky) -> Workers:
    made = workers(desk, 1, Breaks(desk, RuntimeError("no")))
    made._database = database  # type: ignore[assignment]
    return made


def row(desk: Desk) -> InboxRow:
    (found,) = all_of(desk, InboxRow)
    return found


@pytest.fixture
def flaky(desk: Desk) -> Flaky:
    hand_in(desk, b"BREAK")
    return Flaky(desk.app.database)


def test_mail_that_could_not_be_put_off_is_put_off_when_the_database_is_back(
    desk: Desk, flaky: Flaky
) -> None:
    at_work = pool(desk, flaky)
    flaky.before_writing = [AWAY, AWAY]
    assert at_work.carry_out_one()
    assert row(desk).claim is not None
    assert not at_work.carry_out_one(), "it is still away"
    assert row(desk).claim is not None
    assert not at_work.carry_out_one(), "it is put off, and not yet due"
    assert (row(desk).claim, row(desk).last_problem) == (None, "RuntimeError")


def test_claim_of_which_we_never_heard_is_given_back(desk: Desk, flaky: Flaky) -> None:
    at_work = pool(desk, flaky)
    flaky.after_claiming = [AWAY]
    assert not at_work.carry_out_one()
    assert (row(desk).claim is None, row(desk).attempts) == (False, 1)
    assert at_work.carry_out_one(), "it is free again, and taken at once"
    assert row(desk).attempts == 1


def test_commit_of_which_we_never_heard_is_counted_on_neither_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made: the mail is done with and not put off, and the next one, claimed by it, is taken at once."""
    flaky = Flaky(desk.app.database)
    hand_in(desk, b"one", b"two")
    at_work = pool(desk, flaky)
    monkeypatch.setattr(desk.app.intake, "_database", flaky)
    flaky.after_writing = [AWAY]
    assert at_work.carry_out_one()
    first, second = all_of(desk, InboxRow)
    assert (first.state, second.claim is None) == ("done", False)
    assert at_work.carry_out_one()
    assert [(one.state, one.attempts) for one in all_of(desk, InboxRow)] == [("done", 1), ("done", 1)]


def test_what_can_never_be_written_down_stands_in_nobodys_way(desk: Desk, flaky: Flaky) -> None:
    at_work = pool(desk, flaky)
    flaky.before_writing = [AWAY, IntegrityError("", {}, Exception("twice"))]
    assert at_work.carry_out_one()
    assert not at_work.carry_out_one()
    assert not at_work.carry_out_one(), "nothing is owed any more, and nothing else is due"
    assert not at_work._owed


def test_giving_back_takes_nothing_from_another(desk: Desk, flaky: Flaky) -> None:
    def claimed(word: str, now: datetime) -> None:
        with desk.app.database.write() as session:
            assert len(inbox.claim(session, word, now)) == 1

    claimed("ours", desk.now)
    desk.later(minutes=6)
    claimed("theirs", desk.now)
    with desk.app.database.write() as session:
        inbox.give_back(session, "ours")
    assert row(desk).claim == "theirs"


def test_a_database_that_stays_away_is_one_line_a_minute(
    desk: Desk, flaky: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    made = pool(desk, flaky)
    for _ in range(3):
        flaky.after_claiming.append(AWAY)
        assert not made.carry_out_one()
    assert caplog.text.count("the database gives no work: OperationalError") == 1
