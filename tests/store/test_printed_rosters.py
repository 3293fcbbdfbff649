from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.made_up import NOW
from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.store import printed_rosters
from tldops_bot.store.database import Database
from tldops_bot.store.tables import PrintedRoster

DAY = timedelta(days=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


def edition(made_at: datetime = NOW, octets: bytes = b"%PDF") -> Edition:
    pdf = RosterFile("pdf", "roster.pdf", "application/pdf", octets, b"signature of the pdf")
    cards = RosterFile("vcf", "roster.vcf", "text/vcard", b"BEGIN:VCARD", b"signature of the cards")
    return Edition(made_at, "ab" * 32, (pdf, cards))


def test_it_is_held_for_a_day_by_what_it_says(session: Session) -> None:
    printed_rosters.keep(session, "aa", edition())
    last = NOW + DAY - timedelta(seconds=1)
    for moment in (NOW, last):
        assert printed_rosters.held(session, "aa", moment) == edition()
    for digest, moment in (("aa", NOW + DAY), ("bb", NOW)):
        assert printed_rosters.held(session, digest, moment) is None


def test_the_newest_takes_the_place_of_the_others(session: Session) -> None:
    printed_rosters.keep(session, "aa", edition())
    printed_rosters.keep(session, "aa", edition(NOW + DAY))
    printed_rosters.keep(session, "bb", edition(NOW + DAY, b"3"))
    assert printed_rosters.held(session, "aa", NOW) is None
    assert session.query(PrintedRoster).count() == 2


def test_an_old_one_and_one_that_may_not_be_kept_go(session: Session) -> None:
    printed_rosters.keep(session, "aa", edition())
    printed_rosters.forget_before(session, NOW - timedelta(seconds=1))
    assert session.query(PrintedRoster).count() == 2
    printed_rosters.forget_before(session, NOW)
    assert session.query(PrintedRoster).count() == 0
    printed_rosters.keep(session, "aa", edition())
    printed_rosters.forget(session)
    assert session.query(PrintedRoster).count() == 0
