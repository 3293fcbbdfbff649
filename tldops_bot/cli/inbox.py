"""`inbox`: mail that came in and what became of it; what was set aside gets another chance."""

from typing import Annotated, Any

import typer

from tldops_bot.cli._acting import ACTOR, AsJson, Confidential, looking
from tldops_bot.cli._frame import masked, opened, refuse, say, show
from tldops_bot.store import audit, inbox_control
from tldops_bot.store.tables import InboxRow

app = typer.Typer(help="Mail that came in.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    stuck: Annotated[bool, typer.Option("--stuck", help="Only what was set aside.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 200,
    confidential: Confidential = False,
    as_json: AsJson = False,
) -> None:
    """The newest mails first, with their outcomes."""
    with looking(context, "inbox list", confidential) as (parts, session):
        rows = [_row(one, size, confidential) for one, size in inbox_control.listing(session, stuck, limit)]
        now = parts.now()
    columns = ("id", "received_at", "mail_from", "state", "verdict", "outcome")
    show(rows, as_json, empty="no mail", columns=columns, now=now)


@app.command()
def retry(
    context: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", help="As in `inbox list --stuck`; all of these, unless named."),
    ] = None,
) -> None:
    """Carry out again what was set aside."""
    with opened(context) as parts, parts.database.write() as session:
        now = parts.now()
        wanted = ids or [one.id for one, _ in inbox_control.listing(session, only_stuck=True, limit=10_000)]
        for number in wanted:
            if not 0 < number < 2**62 or not inbox_control.retry(session, number, now):
                refuse(f"mail {number} was not set aside; `tldops-bot inbox list --stuck` shows what was")
            audit.record(session, now, ACTOR, "inbox_retried", inbox_id=number)
    say(f"{len(wanted)} {'mail' if len(wanted) == 1 else 'mails'} will be carried out again")


def _row(row: InboxRow, size: int | None, confidential: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "received_at": row.received_at,
        "mail_from": masked(row.mail_from, confidential),
        "bytes": size,
        "state": row.state,
        "attempts": row.attempts,
        "verdict": row.verdict,
        "fingerprint": row.fingerprint,
        "person": row.person_id,
        "outcome": row.outcome or row.last_problem,
        "done_at": row.done_at,
    }
