"""`python -m benchmarks.exercise`: runs the exercise, prints its figures, and keeps its papers where asked to."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.exercise.accounts import Accounts, balance
from benchmarks.exercise.cast import Habit
from benchmarks.exercise.story import Story, staged

Figures = dict[str, str]


def main(
    tlds: Annotated[int, typer.Option(help="ccTLDs that take part.", min=3, max=309)] = 309,
    contacts: Annotated[int, typer.Option(help="Contacts, divided among them.", min=12)] = 600,
    seed: Annotated[int, typer.Option(help="Another number, other people.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Write reports, sheets and figures here.")] = None,
) -> None:
    """Hold an exercise over a smarthost that misbehaves. Ends with 1 where a mail is not accounted for."""
    console = Console(stderr=True)
    with (
        console.status("") as status,
        staged(tlds, contacts, seed, lambda what: status.update(what)) as story,
    ):
        story.run()
        accounts = balance(story)
        found = figures(story, accounts)
        if keep is not None:
            write(keep, story, accounts, found)
    _print(found)
    for problem in accounts.problems:
        console.print(problem, style="red")
    raise typer.Exit(1 if accounts.problems else 0)


def figures(story: Story, accounts: Accounts) -> Figures:
    """What there is to say, in words."""
    alert_times = [
        copy.at - story.answered_at for one in story.cast if (copy := story.alert_to(one)) is not None
    ]
    habits = {habit: sum(one.habit is habit for one in story.cast) for habit in Habit}
    return {
        "contacts": str(len(story.cast)),
        **{f"  of them: {habit.value}": str(count) for habit, count in habits.items() if count},
        **{f"mailboxes {words}": str(count) for words, count in story.treated.items()},
        "smarthost went down": f"{story.smarthost.bad.deaths} times",
        "recipients of the exercise": str(accounts.recipients),
        "copies and notices taken": str(accounts.taken),
        "  not at the first try": str(accounts.later),
        "  again, under the same Message-ID": str(accounts.repeated),
        "  opened with the reader's own key": str(story.opened),
        "first copy after": f"{min(alert_times):.2f} s",
        **{f"failed: {why}": str(count) for why, count in sorted(accounts.failed.items())},
        **{f"still tried: {why}": str(count) for why, count in sorted(accounts.waiting.items())},
        "held until there is a key": str(accounts.held),
        "answered": str(len(story.acknowledged)),
        "TLDs called": str(len(story.called)),
        "  reached by phone": str(sum(story.called.values())),
        "mails not accounted for": str(len(accounts.problems)),
    }


def write(folder: Path, story: Story, accounts: Accounts, found: Figures) -> None:
    """The reports as the committee reads them, with their sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, got in zip(("5-minutes", "1-hour", "24-hours"), story.reports, strict=True):
        (folder / f"report-{name}.txt").write_text(f"Subject: {got.subject}\n\n{got.text}")
        if sheet := got.text.partition("WHOM TO CALL\n")[2]:
            (folder / f"call-sheet-{name}.txt").write_text(sheet)
        for file, octets in got.files.items():
            (folder / f"{Path(file).stem}-{name}{Path(file).suffix}").write_bytes(octets)
    (folder / "figures.json").write_text(
        json.dumps({"figures": found, "accounts": asdict(accounts)}, indent=1)
    )


def _print(found: Figures) -> None:
    console = Console()
    made = Table(title="An exercise over a smarthost that misbehaves", title_justify="left", box=SIMPLE)
    made.add_column("what", no_wrap=True)
    made.add_column("", justify="right")
    for what, value in found.items():
        made.add_row(what, value)
    (console if console.is_terminal else Console(width=100)).print(made)


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
