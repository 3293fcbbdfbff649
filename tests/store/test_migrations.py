"""From every released schema up to the present one, with data in it, on both databases; and never half of it."""

import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests import postgres
from tests.migrations.save import file_of, made_up
from tldops_bot.config.shipped import shipped
from tldops_bot.store import audit, dump
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database, Session
from tldops_bot.store.schema import RowsLeftBehind, Schema, SchemaMissing, SchemaTooNew, SchemaTooOld

ON_BOTH = pytest.mark.parametrize(
    "kind",
    [
        "sqlite",
        pytest.param(
            "postgresql", marks=pytest.mark.skipif(not postgres.is_there(), reason="is not installed")
        ),
    ],
)
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = {before!r}


def upgrade() -> None:
    with op.batch_alter_table("persons") as table:
        table.add_column(sa.Column("nickname", sa.String(20), nullable=False, server_default="none"))
        table.alter_column("name", type_=sa.String(200), existing_type=sa.String(255), existing_nullable=False)
{more}
"""
UPGRADE = """
import sys
from pathlib import Path
from tldops_bot.store.database import Database
from tldops_bot.store.schema import Schema
database = Database(sys.argv[1])
Schema(database, Path(sys.argv[2])).upgrade()
database.close()
"""


def revisions() -> list[str]:
    """Oldest first."""
    return [one.revision for one in ScriptDirectory(str(shipped("migrations"))).walk_revisions()][::-1]


@cache
def rows_of(revision: str) -> bytes:
    """What was kept of a released schema; of the newest, which may still change, made now."""
    file = file_of(revision)
    if file.exists():
        return file.read_bytes()
    now, rows = made_up()
    assert now == revision, f"python -m tests.migrations.save, while {revision} is the newest"
    return rows


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[Database]:
    with ExitStack() as until_then:
        is_file = kind == "sqlite"
        url = f"sqlite:///{folder}/m.sqlite" if is_file else until_then.enter_context(empty_postgresql())
        (folder / "m.sqlite").touch()
        database = Database(url)
        until_then.callback(database.close)
        yield database


def empty_postgresql() -> AbstractContextManager[str]:
    return postgres.new_database(is_empty=True)


def fill(database: Database, migrations: Path, revision: str) -> dict[str, int]:
    """The database as it was in the days of that schema; how many rows each table has."""
    schema = Schema(database, migrations)
    with database.rebuilding() as connection:
        schema.bring(connection, revision)
        return dump.read(connection, io.BytesIO(rows_of(revision)))


def counts(database: Database) -> dict[str, int]:
    with database.snapshot() as connection:
        return dump.write(connection, io.BytesIO())


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """The migrations, with another one that rebuilds a table others refer to."""
    return grow(tmp_path)


def grow(folder: Path, more: str = "") -> Path:
    made = folder / "migrations"
    shutil.copytree(shipped("migrations"), made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / "versions/9001_next.py").write_text(NEXT.format(before=revisions()[-1], more=more))
    return made


@ON_BOTH
@pytest.mark.parametrize("revision", revisions())
def test_data_of_every_schema_comes_up_to_the_present_one(kind: str, revision: str, tmp_path: Path) -> None:
    with database_of(kind, tmp_path) as database:
        before = fill(database, shipped("migrations"), revision)
        assert sum(1 for number in before.values() if number) >= 15, "data of every kind"
        Schema(database, shipped("migrations")).upgrade()
        after = counts(database)
        assert {name: after[name] for name in before.keys() & after.keys()} == {
            name: before[name] for name in before.keys() & after.keys()
        }
        with database.snapshot() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
            with Session(connection) as session:
                held, tampered = audit.verify(session)
            assert (held, tampered) == (before["audit"], None)


def test_the_names_of_the_files_say_which_schemas_there_are(tmp_path: Path) -> None:
    with database_of("sqlite", tmp_path) as database:
        assert Schema(database, shipped("migrations")).revisions == revisions()


def test_whoever_adds_a_migration_keeps_data_of_the_schema_before() -> None:
    missing = [one for one in revisions()[:-1] if not file_of(one).exists()]
    assert not missing, f"{missing}: check that schema out, and python -m tests.migrations.save"
    strays = [one.stem for one in file_of("x").parent.glob("*.jsonl") if one.stem not in revisions()]
    assert not strays


@ON_BOTH
def test_a_migration_that_breaks_changes_nothing(kind: str, tmp_path: Path) -> None:
    broken = grow(tmp_path, more='    op.execute("DELETE FROM token_requests")\n    raise ZeroDivisionError')
    with database_of(kind, tmp_path) as database:
        before = fill(database, broken, revisions()[-1])
        with pytest.raises(ZeroDivisionError):
            Schema(database, broken).upgrade()
        assert counts(database) == before
        assert Schema(database, broken).current() == revisions()[-1]


def test_a_migration_that_leaves_rows_behind_is_undone(tmp_path: Path) -> None:
    careless = grow(tmp_path, more='    op.execute("DELETE FROM persons")')
    with database_of("sqlite", tmp_path) as database:
        before = fill(database, careless, revisions()[-1])
        with pytest.raises(RowsLeftBehind, match="refer to nothing; the database stays as it was"):
            Schema(database, careless).upgrade()
        assert counts(database) == before


def upgrading(database: Database, migrations: Path) -> "subprocess.Popen[bytes]":
    """Another node, in a process of its own."""
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen([sys.executable, "-c", UPGRADE, url, str(migrations)], stderr=subprocess.PIPE)


@ON_BOTH
def test_two_nodes_rebuild_a_table_at_once_and_it_is_done_once_without_losing_a_row(
    kind: str, grown: Path, tmp_path: Path
) -> None:
    with database_of(kind, tmp_path) as database:
        before = fill(database, grown, revisions()[-1])
        nodes = [upgrading(database, grown) for _ in range(2)]
        said = [node.communicate(timeout=300)[1] for node in nodes]
        assert [node.returncode for node in nodes] == [0, 0], said
        assert counts(database) == before
        assert Schema(database, grown).current() == "9001"
        with database.read() as session:
            assert set(session.scalars(text("SELECT nickname FROM persons"))) == {"none"}
            if kind == "sqlite":
                assert session.scalar(text("PRAGMA foreign_keys")) == 1


@ON_BOTH
def test_a_process_killed_in_the_middle_leaves_the_old_schema_and_another_goes_on(
    kind: str, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    waits = f'    import pathlib, time\n    pathlib.Path("{there}").touch()\n    time.sleep(600)'
    slow = grow(tmp_path, more=waits)
    with database_of(kind, tmp_path) as database:
        before = fill(database, slow, revisions()[-1])
        node = upgrading(database, slow)
        while not there.exists():
            assert node.poll() is None
        node.send_signal(signal.SIGKILL)
        node.communicate(timeout=300)
        assert Schema(database, slow).current() == revisions()[-1]
        assert counts(database) == before
        (tmp_path / "again").mkdir()
        Schema(database, grow(tmp_path / "again")).upgrade()
        assert counts(database) == before


def test_neither_a_newer_database_nor_an_older_one_is_worked_with(grown: Path, tmp_path: Path) -> None:
    with database_of("sqlite", tmp_path) as database:
        with pytest.raises(SchemaMissing, match="the database is empty: `tldops-bot restore`"):
            Schema(database, grown).must_fit()
        fill(database, grown, revisions()[-1])
        with pytest.raises(SchemaTooOld, match="run `tldops-bot db upgrade`"):
            Schema(database, grown).must_fit()
        Schema(database, grown).upgrade()
        Schema(database, grown).must_fit()
        ours = Schema(database, shipped("migrations"))
        for refused in (ours.must_fit, ours.upgrade):
            with pytest.raises(SchemaTooNew, match=r"of a newer version \(9001\)"):
                refused()
        with pytest.raises(SchemaTooNew), database.rebuilding() as connection:
            ours.bring(connection, "9001")
