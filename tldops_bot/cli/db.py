"""`db upgrade`: bring the database to what this version works with."""

import typer

from tldops_bot.adapters.linux_serve_lock import CannotServe, alone_on
from tldops_bot.app import App
from tldops_bot.cli._frame import opened, refuse, say
from tldops_bot.cli._progress import working

app = typer.Typer(
    help="The database: bring it up to date after an update of the program.", no_args_is_help=True
)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables to what this version needs, in one transaction; never back. Stop `serve` before."""
    with opened(context, any_schema=True) as parts:
        before = parts.schema.current()
        if before != parts.schema.newest:
            upgrade_alone(parts)
        after = parts.schema.current()
    say(f"up to date: {after}" if before == after else f"upgraded: {before or 'nothing'} to {after}")


def upgrade_alone(parts: App) -> None:
    """Not beside `serve`, which would go on with the tables as it knows them."""
    try:
        with alone_on(parts.database.file), working("upgrading the database"):
            parts.schema.upgrade()
    except CannotServe as problem:
        refuse(f"{problem}; nobody may serve it meanwhile")
