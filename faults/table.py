"""The accounts as a table, and under it whatever is wrong."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from faults.accounts import Accounts

COLUMNS = (
    *("fault", "blows", "mails", "answered 250", "carried out"),
    *("copies", "taken", "repeated", "by one blow", ""),
)


def print_table(found: Sequence[Accounts]) -> int:
    """Print it; 1 where anything is wrong."""
    table = Table(*COLUMNS)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for one in found:
        figures = (one.blows, one.written, one.answered, one.carried_out, one.deliveries, one.taken)
        rest = (one.repeated, one.most_repeated)
        verdict = "[red]wrong[/]" if one.wrong else "all accounted for"
        table.add_row(one.name, *(f"{figure:,}" for figure in (*figures, *rest)), verdict)
    console = Console()
    (console if console.is_terminal else Console(width=130)).print(table)
    for one in found:
        for what in one.wrong:
            console.print(f"[red]{one.name}:[/] {what}")
    return 1 if any(one.wrong for one in found) else 0
