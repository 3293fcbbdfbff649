"""Every common mistake is found, and answered with the line that mends it; where nothing is wrong, nothing is said."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.broken_setups import SETUPS, Place, Setup, as_printed, healthy, servers
from tldops_bot.domain.finding import State

PAGE = Path(__file__).resolve().parents[2] / "docs/doctor.md"


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def around() -> Iterator[object]:
    with servers(now()) as found:
        yield found


@pytest.fixture
def place(around: object) -> Iterator[Place]:
    kept = patch("tldops_bot.adapters.linux_clock.is_kept", lambda: True)  # of a test's machine, nobody knows
    with kept, healthy(around, now()) as one:  # type: ignore[arg-type]
        yield one


def test_where_nothing_is_wrong_nothing_needs_mending(place: Place) -> None:
    found = place.examine()
    assert [one for one in found if one.state is not State.OK] == []
    assert {one.mend for one in found} == {""}
    assert len(found) > 20


@pytest.mark.parametrize("broken", SETUPS, ids=lambda one: one.title)
def test_a_mistake_is_found_and_answered_with_what_mends_it(place: Place, broken: Setup) -> None:
    if broken.is_for_root and os.geteuid():
        pytest.skip("only root can break it so")
    broken.break_it(place)
    found = [one for one in place.examine(*broken.checks) if one.state in (State.BROKEN, State.WARNING)]
    assert found, "nothing was found"
    assert found[0].state is broken.state, found
    assert broken.mend in found[0].mend
    assert len(found) == 1, found
    assert as_printed(place, found[0]) in PAGE.read_text("utf-8"), "python -m tests.doctor_answers"


def test_there_are_many_of_them() -> None:
    assert len(SETUPS) >= 20
    assert len({one.title for one in SETUPS}) == len(SETUPS)


# --- the verb


def test_the_verb_says_a_line_for_each_and_ends_well(place: Place) -> None:
    code, said = place.doctor()
    assert code == 0
    assert len(said.splitlines()) > 20
    assert [line for line in said.splitlines() if not line.startswith("ok ")] == []


def test_the_verb_fails_where_something_is_broken_and_says_what_mends_it_below(place: Place) -> None:
    place.sink.answer("RCPT", "554 5.7.1 <root@lists.example>: Relay access denied")
    code, said = place.doctor()
    assert code == 1
    lines = said.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("broken"))
    assert re.match(r"broken +smarthost +127\.0\.0\.1:\d+ refuses mail to root@", lines[at])
    assert lines[at + 1].strip().startswith("→ let it relay")


def test_a_warning_alone_is_no_failure(place: Place) -> None:
    del place.dns.table["_dmarc.lists.example", "TXT"]
    code, said = place.doctor()
    assert code == 0
    assert "warning  dmarc" in said


def test_for_programs_there_is_json(place: Place) -> None:
    code, said = place.doctor("--json")
    assert code == 0
    found = json.loads(said)
    assert {tuple(one) for one in found} == {("check", "state", "says", "mend")}
    assert found[0]["check"] == "configuration"


def test_a_configuration_that_cannot_be_read_is_the_first_thing_found(place: Place) -> None:
    place.set("smarthost", "prot = 25")
    code, said = place.doctor()
    assert code == 1
    assert said.startswith("broken   configuration")
    assert "did you mean port?" in said
    assert "config.example.toml" in said


def test_it_changes_nothing(place: Place) -> None:
    """But for SQLite's own files beside the database, and gpg's agent."""
    before = _contents(place)
    place.doctor()
    assert _contents(place) == before


def _contents(place: Place) -> dict[str, bytes]:
    files = (one for one in place.folder.rglob("*") if one.is_file())
    own = {one.relative_to(place.folder).as_posix(): one for one in files}
    return {name: one.read_bytes() for name, one in own.items() if "-" not in name and ".lock" not in name}


def test_nothing_it_says_of_a_database_holds_its_password(place: Place) -> None:
    url = "postgresql+psycopg://tldops:opensesame@127.0.0.1:1/tldops"
    place.set("database", f'url = "{url}"')
    place.file.chmod(0o644)  # whatever the umask
    found = place.examine("database", "secrets")
    assert "opensesame" not in repr(found)
    assert found[0].state is State.BROKEN
