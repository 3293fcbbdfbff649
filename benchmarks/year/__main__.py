"""`python -m benchmarks.year`: lives a year of the list in some minutes, and prints what it came to."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.year.measured import Measured
from benchmarks.year.run import live
from benchmarks.year.world import ALL_CCTLDS, a_world


def main(
    days: Annotated[int, typer.Option(help="How long.", min=1)] = 365,
    tlds: Annotated[int, typer.Option(help="How many ccTLDs.", min=10, max=ALL_CCTLDS)] = ALL_CCTLDS,
    ticks: Annotated[int, typer.Option(help="How often a day all jobs run.", min=1, max=24)] = 4,
    seed: Annotated[int, typer.Option(help="Of the chances people's lives hang on.")] = 1,
    plot: Annotated[Path | None, typer.Option(help="Draw the map and the line over time, as .svg.")] = None,
) -> None:
    """A year of the list. Exit status 1 where a promise was broken on some day."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with a_world(seed, tlds, ticks) as world:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("the first day", total=days)
            lived = live(
                world, days, lambda day: progress.update(task, completed=day, description=f"day {day}")
            )
        console = Console()
        measured = Measured(world, lived.coverage)
        measured.table(console if console.is_terminal else Console(width=120))
        if plot is not None:
            plot.write_bytes(lived.picture())
    for one in lived.promises.broken:
        console.print(f"[red]broken:[/] {one}")
    raise typer.Exit(1 if lived.promises.broken else 0)


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
