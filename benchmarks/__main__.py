"""`python -m benchmarks`: measures, and prints the table of ratios."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from benchmarks import accepting, alert, answering, commands, roster, roster_sending
from benchmarks.database import Kind, measured
from benchmarks.figures import Figure, print_table
from benchmarks.people import make_member
from benchmarks.sink_process import sink_process


class Part(StrEnum):
    """What can be measured by itself."""

    ALERT = "alert"
    COMMANDS = "commands"
    ACCEPTING = "accepting"
    ANSWERING = "answering"  # new mails, while an alert goes out
    ROSTER = "roster"
    SENDING = "sending"  # the roster, to everybody


ONLY_WHEN_ASKED = {Part.SENDING}  # gigabytes: minutes
BY_SIZE = {Part.ALERT, Part.ANSWERING, Part.ROSTER, Part.SENDING}


def main(
    members: Annotated[list[int] | None, typer.Option(help="Sizes of the list.", min=1)] = None,
    only: Annotated[list[Part] | None, typer.Option(help="These parts and no others.")] = None,
    rounds: Annotated[int, typer.Option(help="How often; medians are shown.", min=1, max=5)] = 3,
    connections: Annotated[int, typer.Option(help="To the smarthost, for alerts.", min=1, max=64)] = 8,
    queries: Annotated[int, typer.Option(help="Signed commands.", min=1)] = 200,
    mails: Annotated[int, typer.Option(help="Mails to be accepted.", min=1)] = 2000,
    database: Annotated[Kind, typer.Option(help="A PostgreSQL server is started for it.")] = Kind.SQLITE,
    idle_seconds: Annotated[float, typer.Option(help="How long nothing happens.", min=0.1)] = 5.0,
) -> None:
    """Measure the service on this machine. 300 and 900 members unless told otherwise."""
    sizes, parts = sorted(members or [300, 900]), set(only or set(Part) - ONLY_WHEN_ASKED)
    with _progress() as progress, sink_process() as sink, measured(database):
        by_size = len(sizes) * len(parts & BY_SIZE)
        steps = rounds * (by_size + len(parts - BY_SIZE))
        task = progress.add_task("making keys", total=steps + 1)
        people = [make_member(number + 1) for number in range(sizes[-1])]
        say = _teller(progress, task)
        figures: list[Figure] = []
        if Part.ALERT in parts:
            found = [
                alert.measure(people[:size], sink, connections, rounds, idle_seconds, say) for size in sizes
            ]
            figures += [figure for one in found for figure in one.figures()] + alert.growth(found)
        if Part.COMMANDS in parts:
            figures += commands.measure(people, sink, queries, rounds, say)
        if Part.ACCEPTING in parts:
            figures += accepting.measure(people, sink, mails, rounds, say)
        if Part.ROSTER in parts:
            made = [roster.measure(people[:size], rounds, say) for size in sizes]
            figures += [figure for one in made for figure in one.figures()] + roster.growth(made)
        if Part.ANSWERING in parts:
            for size in sizes:
                figures += answering.measure(people[:size], sink, connections, rounds, say)
        if Part.SENDING in parts:
            for size in sizes:
                figures += roster_sending.measure(people[:size], sink, connections, rounds, say)
        progress.update(task, completed=steps + 1, description="done")
    print_table(figures)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _teller(progress: Progress, task: TaskID) -> Callable[[str], None]:
    def say(what: str) -> None:
        progress.update(task, advance=1, description=what)

    return say


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
