"""`restore`: a service set up again from a backup, in an empty place; what was sent or decided is not done twice."""

from pathlib import Path
from typing import Annotated

import typer

from tldops_bot.adapters.tar_backup import BadBackup
from tldops_bot.adapters.tar_restore import opened
from tldops_bot.app import App
from tldops_bot.cli._frame import named_config, note, refuse, say
from tldops_bot.cli._setting_up import Done, InUse, set_up
from tldops_bot.cli.init import DATA_VARIABLE, called_from_here, place_of_config
from tldops_bot.config import ConfigProblem, load_config
from tldops_bot.config.moving import ROLES, CannotMove
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.store.database import StoreProblem
from tldops_bot.store.dump import BadDump

_WHY = (BadBackup, BadDump, InUse, CannotMove, ConfigProblem, Mendable, Unavailable)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    directory: Annotated[
        Path | None, typer.Option(help="Where everything goes; here unless told.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar=DATA_VARIABLE,
            help="Where all but config.toml goes; beside it unless told.",
            show_default=False,
        ),
    ] = None,
    database: Annotated[
        str, typer.Option(help="Another database than the backup's, by its URL; it must be empty.")
    ] = "",
) -> None:
    """Set the service of a backup up again, in an empty place. Stop the old one first: there must not be two."""
    target = place_of_config(named_config(context), directory).absolute()
    source = context.get_parameter_source("data")
    if directory is not None and source is not None and source.name == "ENVIRONMENT":
        data = None  # not the machine's own place
    folder = data.absolute() if data is not None else target.parent
    try:
        with opened(file, ROLES) as backup:
            done = set_up(backup, target, folder, database)
            list_key = str(backup.about.get("list_key", ""))
            say(f"restored       {backup.about['list']}, as it was at {backup.made_at:%Y-%m-%d %H:%M} UTC")
    except _WHY as problem:
        refuse(str(problem))
    except StoreProblem as problem:
        refuse(f"the database does not take it: {type(problem).__name__}")
    except OSError as problem:
        refuse(f"cannot be written: {problem.filename or folder}: {problem.strerror}")
    _report(done, list_key)


def _report(done: Done, list_key: str) -> None:
    say(f"configuration  {done.config}: look it through, addresses and ports may be others here")
    say(f"database       {done.database.rpartition('@')[2]}")
    say(f"audit          {done.audit_entries} {'entry holds' if done.audit_entries == 1 else 'entries hold'}")
    app = App(load_config(done.config))
    try:
        fingerprints = app.gnupg.keyring.fingerprints()
        say(f"list key       {app.gnupg.keyring.fingerprint}")
        if list_key and list_key not in fingerprints:
            note(f"the key the list signed with, {list_key}, was not in the backup's gpg home")
    except (Mendable, Unavailable) as problem:
        note(str(problem))
    finally:
        app.close()
    program = called_from_here(done.config.resolve())
    say(f"next           `{program} serve`; then `outbox list`, too: what had waited waits for your word")
