"""`python -m faults`: everything that can befall the service, and the accounts of every mail afterwards."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from faults.accounts import Accounts
from faults.kills import killed_at_random, upgrade_killed
from faults.misfortunes import FAULTS, suffered
from faults.table import print_table

UPGRADES = 10  # kills of `serve` for each of `db upgrade`


def main(
    seed: Annotated[int, typer.Option(help="Of all that is left to chance.")] = 1,
    rounds: Annotated[int, typer.Option(help="How often it is killed.", min=0)] = 300,
    only: Annotated[list[str] | None, typer.Option(help="Words in the names of faults.")] = None,
) -> None:
    """Do it to a service in a temporary folder. Exit status 1 where the accounts differ from what was promised."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        wanted = [one for one in FAULTS if not only or any(word in one.name for word in only)]
        task = progress.add_task("", total=len(wanted) + 2)

        def say(what: str) -> None:
            progress.update(task, description=what)

        found: list[Accounts] = []
        for one in wanted:
            if one.is_possible():
                found.append(suffered(one, seed, say))
            else:
                progress.console.print(f"not here: {one.name}")
            progress.advance(task)
        if rounds and not only:
            found.append(upgrade_killed(max(1, rounds // UPGRADES), seed, say))
            progress.advance(task)
            found.append(killed_at_random(rounds, seed, say))
    raise typer.Exit(print_table(found))


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
