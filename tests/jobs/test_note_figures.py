from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.made_up import NOW, make_people
from tldops_bot.config.settings import Config, ListSettings, OperatorSettings
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import figures
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Person

TLDS = load_tld_table()
CONFIG = Config(
    file=Path("config.toml"),
    list=ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example"),
    operator=OperatorSettings(email="root@lists.example"),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "figures.sqlite").touch()
    database = Database(f"sqlite:///{tmp_path}/figures.sqlite")
    Base.metadata.create_all(database.writing)
    with database.write() as opened:
        yield opened
    database.close()


def tick(session: Session, now: datetime = NOW) -> None:
    job = JOBS["note_figures"]
    context = JobContext(session, now, CONFIG, TLDS, random=lambda count: b"x" * count)
    assert job.look is not None
    assert job.run(replace(context, seen=job.look(context))) == []


def test_a_day_is_counted_once_however_often_the_clock_ticks(session: Session) -> None:
    make_people(session, per_tld=1, keyless_every=2, stale_every=3)
    tick(session)
    for person in session.query(Person):
        person.confirmed_at = None
    tick(session, NOW + timedelta(hours=5))
    (one,) = figures.history(session)
    assert (one.day, one.cctlds, one.covered, one.idn_cctlds, one.idn_covered) == (NOW.date(), 309, 12, 61, 4)
    assert (one.confirmed, one.contacts, one.with_key, one.stale) == (12, 12, 0, 4)


def test_the_day_ends_at_midnight_utc(session: Session) -> None:
    tick(session, datetime(2026, 3, 10, 23, 59, tzinfo=UTC))
    tick(session, datetime(2026, 3, 11, 0, 1, tzinfo=UTC))
    assert [one.day for one in figures.history(session)] == [date(2026, 3, 10), date(2026, 3, 11)]
    assert [one.day for one in figures.history(session, date(2026, 3, 11))] == [date(2026, 3, 11)]


def test_days_of_standing_still_are_missing_and_nothing_else_happens(session: Session) -> None:
    tick(session)
    tick(session, NOW + timedelta(days=2))
    assert [one.day - NOW.date() for one in figures.history(session)] == [timedelta(0), timedelta(days=2)]


def test_an_empty_list_has_figures_too(session: Session) -> None:
    tick(session)
    (one,) = figures.history(session)
    assert (one.covered, one.contacts, one.confirmation.percent) == (0, 0, 0)


def test_who_counts_at_the_same_time_notes_it_once(session: Session) -> None:
    job = JOBS["note_figures"]
    context = JobContext(session, NOW, CONFIG, TLDS, random=lambda count: b"x" * count)
    assert job.look is not None
    seen = job.look(context)
    tick(session)
    assert job.run(replace(context, seen=seen)) == []
    assert len(figures.history(session)) == 1
