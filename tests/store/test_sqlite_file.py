"""The file that was opened is the one that is written to, or nothing is: else a 250 would be lost with its mail."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from tldops_bot.store import facts
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database, DatabaseMoved, is_temporary

NAME = "store.sqlite"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / NAME).touch()
    made = Database(f"sqlite:///{tmp_path}/{NAME}")
    Base.metadata.create_all(made.writing)
    put(made, "before")
    yield made
    made.close()


def put(database: Database, value: str) -> None:
    with database.write() as session:
        facts.put(session, "a", value)


def value(database: Database) -> str:
    with database.read() as session:
        return facts.get(session, "a")


def delete(file: Path) -> None:
    for one in file.parent.glob(f"{NAME}*"):
        one.unlink()


def move_away(file: Path) -> None:
    (file.parent / "away").mkdir()
    for one in file.parent.glob(f"{NAME}*"):
        one.rename(file.parent / "away" / one.name)


def replace(file: Path) -> None:
    """As somebody does who puts a copy in place while the service runs."""
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)


def delete_journal(file: Path) -> None:
    file.with_name(f"{NAME}-wal").unlink()


WAYS = [delete, move_away, replace, delete_journal]


@pytest.mark.parametrize("befall", WAYS)
def test_nothing_is_written_or_read_and_no_file_is_made(
    befall: Callable[[Path], None], database: Database, tmp_path: Path
) -> None:
    befall(tmp_path / NAME)
    left = sorted(tmp_path.iterdir())
    for _ in range(2):
        with pytest.raises(DatabaseMoved) as raised:
            put(database, "after")
        assert is_temporary(raised.value)
        with pytest.raises(DatabaseMoved):
            value(database)
    assert sorted(tmp_path.iterdir()) == left


@pytest.mark.parametrize("befall", WAYS)
def test_what_was_committed_when_it_was_gone_already_is_not_said_to_be_kept(
    befall: Callable[[Path], None], database: Database, tmp_path: Path
) -> None:
    def store() -> None:
        with database.beside() as session:
            facts.put(session, "a", "after")
            befall(tmp_path / NAME)

    with pytest.raises(DatabaseMoved):
        store()


@pytest.mark.parametrize("befall", WAYS)
def test_no_new_connection_is_made_to_another_file(
    befall: Callable[[Path], None], database: Database, tmp_path: Path
) -> None:
    befall(tmp_path / NAME)
    left = sorted(tmp_path.iterdir())
    for engine in (database.writing, database.reading):
        engine.dispose()
        with pytest.raises(DatabaseMoved):
            engine.connect()
    assert sorted(tmp_path.iterdir()) == left


def test_it_goes_on_once_the_files_are_back(database: Database, tmp_path: Path) -> None:
    move_away(tmp_path / NAME)
    with pytest.raises(DatabaseMoved):
        put(database, "lost")
    for one in (tmp_path / "away").iterdir():
        one.rename(tmp_path / one.name)
    assert value(database) == "before"
    put(database, "after")
    assert value(database) == "after"


def test_what_was_in_a_journal_that_somebody_deleted_is_kept_when_the_service_ends(
    database: Database, tmp_path: Path
) -> None:
    put(database, "in the journal only")
    delete_journal(tmp_path / NAME)
    database.close()
    again = Database(f"sqlite:///{tmp_path}/{NAME}")
    assert value(again) == "in the journal only"
    again.close()


def test_a_file_that_was_never_there_is_not_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/{NAME}")
    with pytest.raises(OperationalError):
        put(database, "a")
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_a_name_that_means_something_in_a_url_is_that_file(tmp_path: Path) -> None:
    folder = tmp_path / "100% of a?b#c&mode=rwc"
    folder.mkdir()
    (folder / NAME).touch()
    database = Database(URL.create("sqlite", database=str(folder / NAME)).render_as_string())
    Base.metadata.create_all(database.writing)
    put(database, "here")
    database.close()
    assert (folder / NAME).stat().st_size > 0
    assert [one.name for one in tmp_path.iterdir()] == [folder.name]
