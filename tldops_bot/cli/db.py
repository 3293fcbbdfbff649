"""`db upgrade`: bring the database to what this version works with."""

import typer

from tldops_bot.cli._frame import opened, say

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Carry out what is missing, in one transaction; never goes back."""
    with opened(context, any_schema=True) as parts:
        before = parts.schema.current()
        parts.schema.upgrade()
        after = parts.schema.current()
    say(f"up to date: {after}" if before == after else f"upgraded: {before or 'nothing'} to {after}")
