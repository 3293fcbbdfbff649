"""Sixty days of the simulated year, lived fast: people come, move, fall silent and go, and no promise is broken."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from rich.console import Console
from sqlalchemy import delete, func, select, update

from benchmarks.year.measured import Measured
from benchmarks.year.promises import Promises
from benchmarks.year.run import Lived, live
from benchmarks.year.world import World, a_world
from tldops_bot.store.tables import AuditEntry, Delivery, Entry, InboxRow, Request, Token

DAYS, TLDS = 60, 30
QUICK = '[membership]\nconfirm_every = "30d"'  # so that somebody is asked, and does not answer, in that time


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    with a_world(seed=7, tlds=TLDS, ticks=2, hurry=8.0, more=QUICK) as world:
        yield live(world, DAYS)


@pytest.fixture(scope="module")
def measured(lived: Lived) -> Measured:
    return Measured(lived.world, lived.coverage)


def templates(lived: Lived) -> Counter[str]:
    return Counter(one.template for one in lived.world.delivered)


def test_no_promise_is_broken_on_any_day(lived: Lived) -> None:
    assert lived.promises.broken == []


def test_the_invitations_bring_contacts(measured: Measured) -> None:
    fresh, covered, total = measured.confirmed()
    assert total == TLDS
    assert covered > TLDS / 3
    assert fresh <= covered


@pytest.mark.parametrize(
    "template",
    [
        "letters/invite",
        "letters/prove",
        "letters/vouch",
        "letters/welcome",
        "letters/key_registered",
        "letters/still_right",
        "letters/probe",
        "letters/someone_left",
        "letters/iana_changed_committee",
        "letters/decide",
        "jobs/send_roster",
    ],
)
def test_so_much_happened_that_the_promises_were_put_to_the_test(lived: Lived, template: str) -> None:
    assert templates(lived)[template] > 0


def test_entries_ended_and_mail_came_back(lived: Lived) -> None:
    with lived.world.app.database.read() as session:
        states = Counter(session.scalars(select(Entry.state)))
        bounced = session.scalar(select(func.count()).where(Delivery.bounced_at.is_not(None)))
    assert states["left"] > 0
    assert bounced


def test_everybody_who_is_gone_is_known_to_be(lived: Lived) -> None:
    assert lived.world.gone
    assert any(one.by == "the program" for one in lived.world.gone)


def test_nobody_gets_more_than_a_person_would_bear(measured: Measured) -> None:
    for with_key in (True, False):
        assert measured.of_contacts(with_key)["without rosters and answers"].mean <= 6


def test_the_figures_are_printed_and_drawn(lived: Lived, measured: Measured) -> None:
    page = io.StringIO()
    measured.table(Console(file=page, width=160))
    for words in ("confirmed within 200 days", "until noticed", "mails a month to a member: rosters"):
        assert words in page.getvalue()
    assert lived.picture().startswith(b"<svg")


# --- a promise that is broken is seen. These tamper with the store, and so come last.


def broken(world: World) -> list[str]:
    promises = Promises(world)
    promises.look()
    return promises.broken


@pytest.fixture
def undone(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, with its database set back afterwards: every session ends in a rollback."""
    return lived.world


def test_a_fourth_contact_would_be_seen(lived: Lived) -> None:
    with lived.world.app.database.write() as session:
        listed = session.scalars(select(Entry).where(Entry.state == "listed")).all()
        before = {one.id: one.tld for one in listed}
        session.execute(update(Entry).where(Entry.id.in_([one.id for one in listed[:4]])).values(tld="nl"))
    assert any("contacts" in words for words in broken(lived.world))
    with lived.world.app.database.write() as session:
        for number, tld in before.items():
            session.execute(update(Entry).where(Entry.id == number).values(tld=tld))
