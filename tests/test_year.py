"""Sixty days of the simulated year, lived fast: people come, move, fall silent and go, and no promise is broken."""

import io
from collections import Counter
from collections.abc import Iterator

import pytest
from rich.console import Console
from sqlalchemy import func, select, update

from benchmarks.year.measured import Measured
from benchmarks.year.promises import Promises
from benchmarks.year.run import Lived, live
from benchmarks.year.world import World, a_world
from tldops_bot.store.columns import Base
from tldops_bot.store.tables import AuditEntry, Delivery, Entry, InboxRow, Person, Request, Token

DAYS, TLDS = 60, 30
QUICK = '[membership]\nconfirm_every = "30d"'  # so that somebody is asked, and does not answer, in that time
NO_MORE_THAN = 6  # mails a month, rosters and answers not counted


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    with a_world(seed=7, tlds=TLDS, ticks=1, hurry=8.0, more=QUICK) as world:
        yield live(world, DAYS)


@pytest.fixture(scope="module")
def measured(lived: Lived) -> Measured:
    return Measured(lived.world, lived.coverage)


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
        "letters/still_there",
        "letters/probe",
        "letters/someone_left",
        "letters/iana_changed_committee",
        "letters/decide",
        "jobs/send_roster",
    ],
)
def test_so_much_happened_that_the_promises_were_put_to_the_test(lived: Lived, template: str) -> None:
    assert any(one.template == template for one in lived.world.delivered)


def test_entries_ended_and_mail_came_back(lived: Lived) -> None:
    with lived.world.app.database.read() as session:
        states = Counter(session.scalars(select(Entry.state)))
        bounced = session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.bounced_at.is_not(None))
        )
    assert states["left"] > 0
    assert bounced


def test_the_program_notices_people_who_are_gone(lived: Lived) -> None:
    assert any(one.by == "the program" for one in lived.world.gone)


def test_nobody_gets_more_than_a_person_would_bear(measured: Measured) -> None:
    for with_key in (True, False):
        assert measured.of_contacts(with_key)["without rosters and answers"].mean <= NO_MORE_THAN


def test_the_figures_are_printed_and_drawn(lived: Lived, measured: Measured) -> None:
    page = io.StringIO()
    measured.table(Console(file=page, width=160))
    for words in ("confirmed within 200 days", "until noticed", "mails a month to a member: rosters"):
        assert words in page.getvalue()
    assert b"<svg" in lived.picture()[:200]


# --- a promise that is broken is seen; these tamper with the store, so they come last


def broken(world: World) -> str:
    promises = Promises(world)
    promises.look()
    return "\n".join(promises.broken)


def tamper(world: World, table: type[Base], number: int, **values: object) -> None:
    with world.app.database.write() as session:
        session.execute(update(table).where(table.id == number).values(**values))  # type: ignore[attr-defined]


def any_of(world: World, table: type[Base], *where: object) -> int:
    with world.app.database.read() as session:
        return session.scalars(select(table.id).where(*where)).first() or 0  # type: ignore[attr-defined,call-overload]


def test_an_end_that_nobody_heard_of_is_seen(lived: Lived) -> None:
    tamper(lived.world, Entry, any_of(lived.world, Entry, Entry.state == "listed"), state="left")
    assert "without a word" in broken(lived.world)


def test_a_fourth_contact_is_seen(lived: Lived) -> None:
    with lived.world.app.database.write() as session:
        some = session.scalars(select(Entry.id).where(Entry.state == "listed").limit(4)).all()
        session.execute(update(Entry).where(Entry.id.in_(some)).values(tld="nl"))
    assert ".nl has 4 contacts" in broken(lived.world)


def test_a_request_that_nothing_moves_along_is_seen(lived: Lived) -> None:
    world = lived.world
    number = any_of(world, Request, Request.state == "done")
    long_ago = world.now.replace(year=2025)
    tamper(world, Request, number, state="vouching", expires_at=long_ago)
    assert f"request {number} (" in broken(world)


def test_a_suspension_without_an_end_is_seen(lived: Lived) -> None:
    number = any_of(lived.world, Entry, Entry.state == "listed")
    tamper(lived.world, Entry, number, state="suspended", final_at=None)
    assert f"entry {number} is suspended" in broken(lived.world)


def test_a_token_for_ever_is_seen(lived: Lived) -> None:
    world = lived.world
    tamper(world, Token, any_of(world, Token), expires_at=world.now.replace(year=2099))
    assert "is kept until 2099" in broken(world)


def test_a_mail_left_lying_is_seen(lived: Lived) -> None:
    world = lived.world
    tamper(
        world,
        Delivery,
        any_of(world, Delivery),
        state="waiting",
        next_attempt_at=world.now.replace(year=2025),
    )
    tamper(world, InboxRow, any_of(world, InboxRow), state="waiting")
    found = broken(world)
    assert "delivery" in found
    assert "is not carried out" in found


def test_a_contact_whom_nobody_asks_is_seen(lived: Lived) -> None:
    world = lived.world
    number = any_of(world, Person, Person.entries.any(Entry.state == "listed"))
    long_ago = world.now.replace(year=2024)
    tamper(world, Person, number, confirmed_at=long_ago, created_at=long_ago, asked_at=None)
    assert f"person {number} has not confirmed" in broken(world)


def test_a_job_that_does_the_same_twice_is_seen(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    promises = Promises(lived.world)
    monkeypatch.setattr(World, "run_jobs", lambda _world: 1)
    promises.look_twice()
    assert "made 1 letters" in promises.broken[0]


def test_a_broken_chain_is_seen(lived: Lived) -> None:
    tamper(lived.world, AuditEntry, any_of(lived.world, AuditEntry), action="nothing happened")
    promises = Promises(lived.world)
    promises.at_the_end()
    assert "broken at" in promises.broken[0]
