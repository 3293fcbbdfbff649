"""`doctor`: looks at everything around the program that can be wrong, and says what mends it."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from tldops_bot.app import App
from tldops_bot.checks import examine
from tldops_bot.cli._frame import console, named_config, print_json
from tldops_bot.cli._loop import loop_test
from tldops_bot.config import ConfigProblem, find_config, load_config
from tldops_bot.domain.finding import Finding, State, broken, is_broken, ok
from tldops_bot.domain.plain_text import one_line, split_lines

_COLOURS: Final = {State.OK: "green", State.WARNING: "yellow", State.BROKEN: "bold red", State.SKIPPED: "dim"}
_STATES, _CHECKS = 9, 14  # columns


def doctor(
    context: typer.Context,
    loop: Annotated[
        bool, typer.Option("--loop", help="Mail the list itself, too, and wait for it to come back.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
) -> None:
    """Look at everything around the program; a line for each, and under it what mends it. Changes nothing."""
    found = []
    with nullcontext() if as_json else console.status("looking"):
        for finding in _findings(context, loop):
            found.append(finding)
            if not as_json:
                _say(finding)
    if as_json:
        print_json([_plain(one) for one in found])
    if is_broken(found):
        raise typer.Exit(1)


def _findings(context: typer.Context, loop: bool) -> Iterator[Finding]:
    try:
        config = load_config(find_config(named_config(context), os.environ, Path.cwd()))
    except ConfigProblem as problem:
        for line in split_lines(str(problem)):
            yield broken(
                "configuration", line, "tldops-bot init makes one; config.example.toml explains every key"
            )
        return
    yield ok("configuration", str(config.file))
    app = App(config)
    try:
        yield from examine(app)
        if loop:
            yield from loop_test(app)
    finally:
        app.close()


def _say(finding: Finding) -> None:
    line = Text(f"{finding.state.value:{_STATES}}", _COLOURS[finding.state])
    line.append(f"{finding.check:{_CHECKS}}", "bold")
    line.append(one_line(finding.says), "")
    console.print(line, soft_wrap=True)
    if finding.mend:
        console.print(Text(f"{'':{_STATES}}→ {one_line(finding.mend)}"), soft_wrap=True)


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "state": finding.state.value,
        "says": finding.says,
        "mend": finding.mend,
    }
