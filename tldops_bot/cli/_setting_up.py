"""A service set up from a backup: laid out aside, its database filled and settled, and only then put in place."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tldops_bot.adapters.gnupg_keyring import AGENT_SETTINGS
from tldops_bot.adapters.tar_backup import CONFIG, BadBackup
from tldops_bot.adapters.tar_restore import Opened
from tldops_bot.app import App
from tldops_bot.cli._progress import counting
from tldops_bot.config import load_config
from tldops_bot.config.moving import DATABASE, database_url, moved, places
from tldops_bot.jobs._after_restore import settle
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import audit, dump
from tldops_bot.store.database import Connection, Session

ASIDE = ".restoring"


class InUse(Exception):
    """There is something already where the service is to go."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was set up."""

    config: Path
    database: str
    audit_entries: int


def set_up(backup: Opened, folder: Path, database: str) -> Done:
    """Set a service up below `folder`; in another database than the backup's if one is named.

    Raises InUse, BadBackup, BadDump, CannotMove, ConfigProblem, SchemaTooNew, RowsLeftBehind, StoreProblem, OSError;
    then nothing is in place.
    """
    where = places(backup.config, set(backup.roles))
    url = database or database_url(backup.config)
    config = moved(backup.config, where | {DATABASE: url})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = folder / ASIDE
    if aside.exists():  # of one that was ended in the middle
        shutil.rmtree(aside)
    aside.mkdir(mode=0o700)
    try:
        backup.lay_out(aside, where)
        (aside / CONFIG).touch(0o600)
        (aside / CONFIG).write_text(config, encoding="utf-8")
        _must_be_free(aside, folder)
        app = App(load_config(aside / CONFIG))
        try:
            _prepare_home(app)
            entries = _fill(backup, app)
        finally:
            app.close()
            _end_agent(app.config.openpgp.home)
        _must_be_free(aside, folder)
        _put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Done(folder / CONFIG, url, entries)


def _must_be_free(aside: Path, folder: Path) -> None:
    for one in sorted(aside.iterdir()):
        target = folder / one.name
        is_empty_folder = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
        if os.path.lexists(target) and not is_empty_folder:
            raise InUse(f"{target} is there already; a restore goes into an empty place (--directory)")


def _prepare_home(app: App) -> None:
    home = app.config.openpgp.home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "gpg-agent.conf").write_text(AGENT_SETTINGS)


def _end_agent(home: Path) -> None:
    """One that was started where the home lies for the moment would not find the keys where it goes."""
    command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for socket in home.glob("S.*"):
        socket.unlink(missing_ok=True)


def _fill(backup: Opened, app: App) -> int:
    """The rows, as they were and then as they are to be from now on: all in one transaction."""
    _make_database(app)
    total = sum(count for count in backup.about.get("rows", {}).values() if isinstance(count, int))
    with app.database.rebuilding() as connection:
        app.schema.bring(connection, backup.about["revision"])
        with counting("database", total) as progress:
            dump.read(connection, backup.rows(), progress)
        app.schema.bring(connection)
        return _settle(backup, app, connection)


def _make_database(app: App) -> None:
    file = app.database.file
    if file is None:
        if not app.schema.is_empty():
            raise InUse("the database holds tables already; a restore goes into an empty one (--database)")
        return
    if os.path.lexists(file):
        raise InUse(f"{file} is there already; a restore goes into an empty place")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _settle(backup: Opened, app: App, connection: Connection) -> int:
    now = app.now()
    with Session(connection) as session:
        entries, tampered = audit.verify(session)
        if tampered is not None:
            raise BadBackup(f"its audit was rewritten: entry {tampered.entry_id} {tampered.why}")
        letters = settle(JobContext(session, now, app.config, app.tlds, app.random_octets), backup.made_at)
        app.intake.post(session, letters, now)
        session.commit()
    return entries


def _put_in_place(aside: Path, folder: Path) -> None:
    """config.toml last: until it is there, nothing takes the place for a service."""
    for one in sorted(aside.iterdir(), key=lambda one: (one.name == CONFIG, one.name)):
        one.rename(folder / one.name)
