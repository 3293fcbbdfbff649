"""All verbs of the command line, by name; what a verb needs is imported when it is used, or its own help is asked for."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tldops_bot import __version__

# Where in this room each verb or group of verbs is, and what the list of all says of it: its own first paragraph.
VERBS: Final = {
    "init": ("init:init", "Make a working config.toml, the database and the list's key. Safe to run again."),
    "serve": ("serve:serve", "Take mail in, answer it, deliver, and keep the clock, until SIGTERM."),
    "process": ("process:process", "Carry out one saved mail, or with --dry-run show what would happen."),
    "demo": (
        "demo:demo",
        "The whole service in a temporary directory, with made-up TLDs and people; every mail is kept as a file.",
    ),
    "doctor": (
        "doctor:doctor",
        "Look at everything around the program; a line for each, and under it what mends it. Changes nothing.",
    ),
    "stats": ("stats:stats", "How many TLDs, contacts and keys there are, and what waits."),
    "run-job": ("jobs:run_job", "Run one job now; running it again does no harm."),
    "backup": (
        "backup:backup",
        "Write database, keys of the list, configuration, secrets and templates into one file; the service may run.",
    ),
    "restore": (
        "restore:restore",
        "Set the service of a backup up again, in an empty place. Stop the old one first: there must not be two.",
    ),
    "iana": ("iana:app", "Whom IANA lists for each TLD: they vouch for its contacts."),
    "members": ("members:app", "Contacts, and everybody else with a seat."),
    "committee": ("offices:committee", "Who decides what is doubtful: the committee."),
    "secretariat": ("offices:secretariat", "Who invites and reminds: the secretariat."),
    "requests": ("requests:app", "What waits for a decision: newcomers, new keys, objections."),
    "roster": ("roster:app", "The roster that members get."),
    "alerts": ("alerts:app", "Alerts, and whom they reached."),
    "inbox": ("inbox:app", "Mail that came in."),
    "outbox": ("outbox:app", "Mail that waits to go out."),
    "audit": ("audit:app", "What changed, when, by whom."),
    "keys": ("keys:app", "The list's key, and those of its members."),
    "db": ("db:app", "The database: bring it up to date after an update of the program."),
    "templates": ("templates:app", "The words of all mails, and your own for them."),
}


@cache
def _loaded(name: str) -> TyperCommand | TyperGroup:
    """A verb with all it needs."""
    module, _, attribute = VERBS[name][0].partition(":")
    held = getattr(import_module(f"tldops_bot.cli.{module}"), attribute)
    alone = typer.Typer(callback=lambda: None)
    if isinstance(held, typer.Typer):
        alone.add_typer(held, name=name)
    else:
        alone.command(name)(held)
    found: TyperCommand | TyperGroup = get_command(alone).commands[name]  # type: ignore[attr-defined]
    return found


class _OnDemand(Mapping[str, Any]):
    """The verbs: their names cost nothing, each of them its imports."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Verbs(TyperGroup):
    """The list of verbs, and the completion of their names, load none of them; to use one loads that one."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands: Any = _OnDemand()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`--config FILE` may come after the verb, too."""
        return super().parse_args(ctx, _config_first(args))

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """A name and what it does, to be listed."""
        return TyperCommand(cmd_name, help=VERBS[cmd_name][1]) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb itself, to be used."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and self.commands[name], rest


def _config_first(args: list[str]) -> list[str]:
    """The arguments with each `--config` (no verb has its own) moved before the verb; none after a `--` counts."""
    before: list[str] = []
    rest: list[str] = []
    left = iter(args)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word == "--config":
            before += [word, *islice(left, 1)]
        elif word.startswith("--config="):
            before.append(word)
        else:
            rest.append(word)
    return before + rest


app = typer.Typer(
    cls=Verbs,
    help="A contact repository and warning list for TLD operators, run by signed e-mail.",
    epilog="To look at it: `tldops-bot demo`. To begin: `tldops-bot init`, which says what comes next.",
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
    config: Annotated[
        Path | None,
        typer.Option(
            help="The configuration; else $TLDOPS_CONFIG, ./config.toml or /etc/tldops-bot/config.toml.",
            metavar="FILE",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """What stands before the verb."""


def main() -> None:
    """Run the command line."""
    app(prog_name="tldops-bot")
