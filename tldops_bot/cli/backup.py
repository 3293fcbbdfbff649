"""`backup`: everything a service is made of in one file, while it runs."""

from pathlib import Path
from typing import IO, Annotated, Any

import typer

from tldops_bot import __version__
from tldops_bot.adapters.tar_backup import Backup, BadBackup
from tldops_bot.app import App
from tldops_bot.cli._acting import ACTOR
from tldops_bot.cli._frame import note, opened, refuse, say
from tldops_bot.cli._progress import counting
from tldops_bot.config.moving import kept_paths
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.store import audit, dump, facts
from tldops_bot.store.database import Session


def backup(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; it must not be there yet.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Replace a file that is there.")] = False,
) -> None:
    """Write database, keys of the list, configuration, secrets and templates into one file; the service may run.

    Whoever has the file has the list's secret key and every member's address: keep it encrypted.
    """
    if file.exists() and not (yes and file.is_file()):
        refuse(f"{file} is there already; give another name{'' if file.is_dir() else ', or --yes'}")
    with opened(context, any_schema=True) as app:
        app.schema.must_not_be_newer()
        gathered = Backup(app.config.file, kept_paths(app.config))
        try:
            gathered.write(file, lambda out: _dump(app, out))
        except BadBackup as problem:
            refuse(str(problem))
        if app.schema.current() == app.schema.newest:
            _remember(app)
    for line in gathered.left_out:
        note(line)
    say(f"written        {file} ({file.stat().st_size} bytes)")
    say("keep it safe   it holds the list's secret key and everybody's address; encrypt it before it travels")


def _dump(app: App, out: IO[bytes]) -> dict[str, Any]:
    made_at = app.now()
    with app.database.snapshot() as connection:
        with counting("database", dump.row_count(connection)) as progress:
            counts = dump.write(connection, out, progress)
        revision = app.schema.current_on(connection)
        with Session(connection) as session:
            head = audit.head(session)
    return {
        "made_at": made_at.isoformat(),
        "program": __version__,
        "list": app.config.list.address,
        "list_key": _list_key(app),
        "revision": revision,
        "audit_head": head,
        "rows": counts,
    }


def _list_key(app: App) -> str:
    try:
        return app.gnupg.keyring.fingerprint
    except (Mendable, Unavailable) as problem:
        note(f"{problem}; the backup holds what is in the gpg home")
        return ""


def _remember(app: App) -> None:
    with app.database.write() as session:
        facts.put(session, facts.BACKED_UP_AT, app.now().isoformat())
        audit.record(session, app.now(), ACTOR, "backed_up")
