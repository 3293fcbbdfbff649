"""`stats` over time, by region and as a picture."""

import stat
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.domain.figures import Figures
from tldops_bot.store import figures
from tldops_bot.store.tables import Person


@pytest.fixture
def nl(cli: Cli, ann: KeyPair, bob: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "be")
    with cli.desk.app.database.write() as session:
        session.query(Person).filter_by(email=ann.address).one().confirmed_at = cli.desk.now
        session.query(Person).filter_by(email=bob.address).one().confirmed_at = None
        for number in range(30):
            day = date(2026, 1, 1) + timedelta(days=number * 5)
            figures.note(session, Figures(day, 309, number, number // 2, 61, 1, 3, 2, 1))


def with_setting(cli: Cli, line: str) -> None:
    file = cli.desk.app.config.file
    file.write_text(file.read_text() + f"\n[roster]\n{line}\n")


@pytest.mark.usefixtures("nl")
def test_names_of_the_figures_are_stable(cli: Cli) -> None:
    found = cli.json("stats")
    assert set(found) == {
        "to_do",
        *("tlds", "regions", "contacts", "with_key", "without_key", "keyless_percent", "stale", "members"),
        *("contacts_confirmed", "confirmed_median_days", "gtlds", "organisations"),
        *(
            "offices",
            "requests",
            "inbox",
            "inbox_oldest_at",
            "outbox",
            "outbox_oldest_at",
            "alerts",
            "history",
            "exercises",
        ),
    }
    assert set(found["tlds"]) == {"ascii", "idn", "all", "confirmed"}
    assert found["tlds"]["confirmed"] == {"covered": 1, "total": 309, "percent": 0}
    assert found["keyless_percent"] == 0


@pytest.mark.usefixtures("nl")
def test_the_past_is_told_by_week_for_programs_and_by_month_for_people(cli: Cli) -> None:
    history = cli.json("stats")["history"]
    assert len(history) > 15
    assert history[-1] == {
        "day": "2026-05-26",
        "cctlds": 309,
        "covered": 29,
        "confirmed": 14,
        "idn_cctlds": 61,
        "idn_covered": 1,
        "contacts": 3,
        "with_key": 2,
        "stale": 1,
    }
    months = [line for line in cli("stats").stdout.splitlines() if line.startswith("on 2026-")]
    assert len(months) == 5
    assert months[-1] == "on 2026-05-26         tlds 29 of 309 (9 %), confirmed 14 (4 %)"


@pytest.mark.usefixtures("nl")
def test_regions_are_counted_only_where_it_is_wanted(cli: Cli) -> None:
    assert cli.json("stats")["regions"] == {}
    assert "regions" not in cli("stats").stdout
    with_setting(cli, "regions = true")
    assert cli.json("stats")["regions"]["EU"]["covered"] == 2
    assert "regions EU" in cli("stats").stdout


@pytest.mark.usefixtures("nl")
@pytest.mark.parametrize(("suffix", "magic"), [("svg", b"<?xml"), ("PNG", b"\x89PNG"), ("pdf", b"%PDF")])
def test_the_picture_is_of_the_kind_the_name_says_and_the_operator_s_alone(
    cli: Cli, suffix: str, magic: bytes
) -> None:
    with_setting(cli, "fonts = 'no/fonts/here'")
    file = cli.folder / f"coverage.{suffix}"
    assert cli("stats", "--plot", str(file)).stdout.startswith(str(file)[:20])
    assert file.read_bytes().startswith(magic)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.usefixtures("nl")
def test_the_operator_s_picture_shows_who_confirmed_and_the_past(cli: Cli) -> None:
    file = cli.folder / "coverage.svg"
    cli("stats", "--plot", str(file))
    words = [
        one.text for one in ElementTree.fromstring(file.read_bytes()).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert "with a key, confirmed in 200 days (1)" in words
    assert "not confirmed lately (1)" in words
    assert "contact 9 %" in words


def test_a_name_of_another_kind_or_a_place_that_can_t_be_written_is_refused(cli: Cli) -> None:
    assert "must end in .svg, .png, .pdf" in cli("stats", "--plot", "a.jpg", code=2).stderr
    assert "cannot be written" in cli.refused("stats", "--plot", str(cli.folder / "nowhere" / "a.svg"))


def test_exercises_are_told_in_shares_and_drawn(cli: Cli, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "be")
    cli.desk.member(carol, office="committee")
    assert cli.json("stats")["exercises"] == []
    cli.desk.say_bound(carol, "EXERCISE\nWhen: now\nScope: tld nl be\nTitle: May\n\nOnly an exercise")
    number, day = f"A-{cli.desk.now.year}-0001", f"{cli.desk.now:%Y-%m-%d}"
    cli.desk.later(minutes=7)
    cli.desk.say(bob, f"ACK {number}")
    assert cli.json("stats")["exercises"] == [
        {
            "id": number,
            "day": day,
            "tlds": 2,
            "never": 1,
            "median_seconds": 420,
            "ninety_seconds": None,
        }
    ]
    (line,) = [one for one in cli("stats").stdout.splitlines() if one.startswith("exercise ")]
    assert line == f"exercise {number}  half 7 min, nine of ten never, never 1 of 2"
    file = cli.desk.app.config.file.with_name("exercises.svg")
    cli("stats", "--plot-exercises", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    drawn = "".join(ElementTree.fromstring(file.read_text()).itertext())
    assert "7 min" in drawn
    assert "1 of 2" in drawn
    assert "be" not in drawn.replace("been", "").split()
    assert cli("stats", "--plot-exercises", "picture.gif", code=2).stderr
