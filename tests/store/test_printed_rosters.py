from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.made_up import NOW
from tldops_bot.store import printed_rosters
from tldops_bot.store.database import Database
from tldops_bot.store.tables import PrintedRoster

DAY = timedelta(days=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


def test_it_is_held_for_a_day_by_what_it_says(session: Session) -> None:
    printed_rosters.keep(session, "aa", b"%PDF", NOW)
    assert printed_rosters.held(session, "aa", NOW) == b"%PDF"
    assert printed_rosters.held(session, "aa", NOW + DAY - timedelta(seconds=1)) == b"%PDF"
    assert printed_rosters.held(session, "aa", NOW + DAY) is None
    assert printed_rosters.held(session, "bb", NOW) is None


def test_only_the_newest_is_kept(session: Session) -> None:
    printed_rosters.keep(session, "aa", b"1", NOW)
    printed_rosters.keep(session, "aa", b"2", NOW + DAY)
    printed_rosters.keep(session, "bb", b"3", NOW + DAY)
    assert printed_rosters.held(session, "aa", NOW) is None
    assert session.query(PrintedRoster).count() == 1


def test_it_is_dropped_when_it_is_old_or_somebody_is_forgotten(session: Session) -> None:
    printed_rosters.keep(session, "aa", b"1", NOW)
    printed_rosters.forget_before(session, NOW - timedelta(seconds=1))
    assert session.query(PrintedRoster).count() == 1
    printed_rosters.forget_before(session, NOW)
    assert session.query(PrintedRoster).count() == 0
    printed_rosters.keep(session, "aa", b"1", NOW)
    printed_rosters.forget(session)
    assert session.query(PrintedRoster).count() == 0
