"""Brings a database to the schema this program knows, by the migrations that travel with it.

Whether it fits is asked by every verb: that takes the names of their files, and one row; Alembic only carries them out.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect

from tldops_bot.domain.mendable import Mendable
from tldops_bot.store.database import Database

_UPGRADING = 0x746C646F70736D67  # an advisory lock of PostgreSQL: one node at a time


class SchemaTooNew(Mendable):
    """The database was written by a newer version; an older one would harm it."""


class SchemaTooOld(Mendable):
    """The database needs `tldops-bot db upgrade`."""


class SchemaMissing(SchemaTooOld):
    """The database is empty."""


class RowsLeftBehind(Mendable):
    """A migration left rows that refer to nothing; it was undone."""


class Schema:
    """The migrations, and where a database stands among them."""

    def __init__(self, database: Database, migrations: Path) -> None:
        self._database = database
        self._migrations = migrations
        files = (migrations / "versions").glob("[0-9]*.py")
        self.revisions = sorted(file.name.partition("_")[0] for file in files)

    @property
    def newest(self) -> str:
        """The revision this program works with."""
        return self.revisions[-1]

    def current(self) -> str:
        """The revision of the database, "" for an empty one."""
        with self._database.reading.connect() as connection:
            return self.current_on(connection)

    @staticmethod
    def current_on(connection: Connection) -> str:
        """The same as one transaction sees it."""
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""

    def is_empty(self) -> bool:
        """Whether there are no tables at all, whoever made them."""
        with self._database.reading.connect() as connection:
            return not inspect(connection).get_table_names()

    def upgrade(self) -> None:
        """Carry out what is missing, in one transaction; a second node waits, and finds it done."""
        self.must_not_be_newer()
        with self._database.rebuilding() as connection:
            self.bring(connection)

    def bring(self, connection: Connection, revision: str = "head") -> None:
        """The same within a transaction that is open; up to a revision. Raises SchemaTooNew for one not known."""
        from alembic import command
        from alembic.config import Config

        if revision not in ("head", *self.revisions):
            raise SchemaTooNew(
                f"the database is of a newer version ({revision[:32]}) than this program knows"
            )
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADING})")
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(self._migrations))
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite":
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if lost is not None:
                raise RowsLeftBehind(f"rows of {lost[0]} refer to nothing; the database stays as it was")

    def must_fit(self) -> None:
        """Raises SchemaTooNew, SchemaTooOld, SchemaMissing."""
        self.must_not_be_newer()
        current = self.current()
        if not current and self.is_empty():
            raise SchemaMissing(
                "the database is empty: `tldops-bot restore` fills it from a backup; for a new list, `tldops-bot init`"
            )
        if current != self.newest:
            raise SchemaTooOld("the database is of an older version: run `tldops-bot db upgrade`")

    def must_not_be_newer(self) -> None:
        """Raises SchemaTooNew."""
        current = self.current()
        if current and current not in self.revisions:
            raise SchemaTooNew(f"the database is of a newer version ({current}) than this program knows")
