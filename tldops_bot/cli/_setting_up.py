"""Sets a service up from a backup: laid out aside, its database filled, and only then put in place."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tldops_bot.adapters.gnupg_keyring import AGENT_SETTINGS
from tldops_bot.adapters.gnupg_presence import must_fit
from tldops_bot.adapters.tar_backup import CONFIG, BadBackup
from tldops_bot.adapters.tar_restore import Opened
from tldops_bot.app import App
from tldops_bot.cli._progress import counting
from tldops_bot.config import load_config
from tldops_bot.config.moving import DATABASE, database_url, moved, places, spelled_out
from tldops_bot.jobs._after_restore import settle
from tldops_bot.store import audit, dump
from tldops_bot.store.database import Connection, Session

ASIDE = ".restoring"


class InUse(Exception):
    """Something is already where the service is to go."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was set up."""

    config: Path
    database: str
    audit_entries: int


def set_up(backup: Opened, file: Path, data: Path, database: str) -> Done:
    """Set a service up: config.toml as `file`, all else below `data`; in another database than the backup's if named.

    Raises InUse, BadBackup, BadDump, CannotMove, ConfigProblem, Mendable, Unavailable, StoreProblem, OSError;
    then nothing is in place.
    """
    where = places(backup.config, set(backup.roles), data)
    url = database or database_url(backup.config, data)
    wanted = where | {DATABASE: url}
    config = moved(backup.config, wanted)
    final = config if file.parent == data else moved(backup.config, spelled_out(wanted, data))
    _must_be_free([file])
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = data / ASIDE
    if aside.exists():  # left by one that was interrupted
        shutil.rmtree(aside)
    aside.mkdir(mode=0o700)
    try:
        backup.lay_out(aside, where)
        (aside / CONFIG).touch(0o600)
        (aside / CONFIG).write_text(config, encoding="utf-8")
        _must_be_free(data / name for name in _names(aside))
        app = App(load_config(aside / CONFIG))
        try:
            _prepare_home(app)
            entries = _fill(backup, app)
        finally:
            app.close()
            _end_agent(app.config.openpgp.home)
        _put_in_place(aside, data)
        _write_config(file, final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Done(file, url, entries)


def _names(aside: Path) -> list[str]:
    return sorted(one.name for one in aside.iterdir() if one.name != CONFIG)


def _must_be_free(targets: Iterable[Path]) -> None:
    for target in targets:
        is_empty_folder = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
        if os.path.lexists(target) and not is_empty_folder:
            raise InUse(f"{target} is there already; a restore goes into an empty place (--directory)")


def _prepare_home(app: App) -> None:
    home = app.config.openpgp.home
    must_fit(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "gpg-agent.conf").write_text(AGENT_SETTINGS)


def _end_agent(home: Path) -> None:
    """End the agent of the temporary home: after the move it would not find the keys."""
    command = ["gpgconf", "--homedir", str(home), "--kill", "all"]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for socket in home.glob("S.*"):
        socket.unlink(missing_ok=True)


def _fill(backup: Opened, app: App) -> int:
    """The rows as they were, then as they are to be from now on, in one transaction."""
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
        letters = settle(app.job_context(session, now), backup.made_at)
        app.intake.post(session, letters, now)
        session.commit()
    return entries


def _put_in_place(aside: Path, data: Path) -> None:
    _must_be_free(data / name for name in _names(aside))
    for name in _names(aside):
        (aside / name).rename(data / name)


def _write_config(file: Path, text: str) -> None:
    """The very last step: until config.toml is there, nothing takes the place for a service."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
