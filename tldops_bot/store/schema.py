"""Brings a database to the schema this program knows, by the migrations that travel with it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tldops_bot.store.database import Database


class SchemaTooNew(Exception):
    """The database was written by a newer version; an older one would harm it."""


class SchemaTooOld(Exception):
    """The database waits for `tldops-bot db upgrade`."""


class Schema:
    """The migrations, and where a database stands among them."""

    def __init__(self, database: Database, migrations: Path) -> None:
        self._database = database
        self._config = Config()
        self._config.set_main_option("script_location", str(migrations))
        self._scripts = ScriptDirectory.from_config(self._config)

    @property
    def newest(self) -> str:
        """The revision this program works with."""
        return self._scripts.get_current_head() or ""

    def current(self) -> str:
        """The revision of the database, "" for an empty one."""
        with self._database.reading.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""

    def upgrade(self) -> None:
        """Carry out what is missing, in one transaction."""
        self._refuse_newer()
        with self._database.writing.begin() as connection:
            self._config.attributes["connection"] = connection
            command.upgrade(self._config, "head")

    def must_fit(self) -> None:
        """Raises SchemaTooNew or SchemaTooOld."""
        self._refuse_newer()
        if self.current() != self.newest:
            raise SchemaTooOld("the database is of an older version: run `tldops-bot db upgrade`")

    def _refuse_newer(self) -> None:
        current = self.current()
        known = {script.revision for script in self._scripts.walk_revisions()}
        if current and current not in known:
            raise SchemaTooNew(f"the database is of a newer version ({current}) than this program knows")
