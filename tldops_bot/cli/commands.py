"""All verbs of the command line, by name."""

from pathlib import Path
from typing import Annotated

import typer

from tldops_bot import __version__
from tldops_bot.cli import (
    alerts,
    audit,
    db,
    iana,
    inbox,
    keys,
    members,
    offices,
    outbox,
    requests,
    roster,
    templates,
)
from tldops_bot.cli._frame import Options
from tldops_bot.cli.backup import backup
from tldops_bot.cli.demo import demo
from tldops_bot.cli.doctor import doctor
from tldops_bot.cli.init import init
from tldops_bot.cli.jobs import run_job
from tldops_bot.cli.process import process
from tldops_bot.cli.restore import restore
from tldops_bot.cli.serve import serve
from tldops_bot.cli.stats import stats

app = typer.Typer(
    help="A contact repository and warning list for TLD operators, run by signed e-mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        print(f"tldops-bot {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration file.")] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """What stands before the verb."""
    context.obj = Options(config)


app.command()(init)
app.command()(serve)
app.command()(process)
app.command()(demo)
app.command()(doctor)
app.command()(stats)
app.command("run-job")(run_job)
app.command()(backup)
app.command()(restore)
app.add_typer(iana.app, name="iana")
app.add_typer(members.app, name="members")
for role in offices.ROLES:
    app.add_typer(offices.verbs(role), name=role)
app.add_typer(requests.app, name="requests")
app.add_typer(roster.app, name="roster")
app.add_typer(alerts.app, name="alerts")
app.add_typer(inbox.app, name="inbox")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")
app.add_typer(templates.app, name="templates")


def main() -> None:
    """Run the command line."""
    app(prog_name="tldops-bot")
