"""All verbs of the command line, by name."""

from pathlib import Path
from typing import Annotated

import typer

from tldops_bot.cli._frame import Options
from tldops_bot.cli.init import init
from tldops_bot.cli.process import process
from tldops_bot.cli.serve import serve

app = typer.Typer(
    help="A contact repository and warning list for TLD operators, run by signed e-mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration file.")] = None,
) -> None:
    """What stands before the verb."""
    context.obj = Options(config)


app.command()(init)
app.command()(serve)
app.command()(process)


def main() -> None:
    """Run the command line."""
    app()
