"""`outbox`: copies that wait to go out; sent again, or given up, by the operator's word."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tldops_bot.cli._acting import (
    ACTOR,
    AsJson,
    Because,
    Confidential,
    Yes,
    acting,
    looking,
    must_be_sure,
    must_say_why,
    tell,
)
from tldops_bot.cli._frame import masked, note, opened, refuse, say, show
from tldops_bot.store import audit, outbox, outbox_control, outbox_copies, overview
from tldops_bot.store.database import Session
from tldops_bot.store.outbox_control import Listed

ENDED = (outbox.TAKEN, outbox.REFUSED, outbox.DROPPED)
NO_KEY = "no-key"  # those go out by themselves once the key is mended
app = typer.Typer(help="Mail that waits to go out.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="What went out, or never will, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 1000,
    confidential: Confidential = False,
    as_json: AsJson = False,
) -> None:
    """Copies in the order in which they go."""
    states = (*outbox.UNFINISHED, *ENDED) if everything else outbox.UNFINISHED
    with looking(context, "outbox list", confidential) as (parts, session):
        rows = [_row(one, confidential) for one in outbox_control.listing(session, states, limit)]
        coming = sum(number for _, number, _ in outbox_copies.to_come(session))
        now = parts.now()
    columns = ("id", "kind", "to", "state", "made_at", "attempts", "status")
    show(rows, as_json, empty="nothing waits", columns=columns, wide=("next_attempt_at",), now=now)
    if len(rows) == limit:
        note(f"these are the first {limit}; --limit shows more")
    if coming:
        note(f"copies for {coming} more people are written as these go; `tldops-bot alerts show` counts all")


@app.command()
def retry(
    context: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", help="As in `outbox list`; all that are held, unless named."),
    ] = None,
) -> None:
    """Send now what waits, is held, or was given up."""
    with opened(context) as parts, parts.database.write() as session:
        now = parts.now()
        wanted = ids or overview.held_deliveries(session, but=NO_KEY)
        for number in wanted:
            if not 0 < number < 2**62 or not outbox_control.retry(session, number, now):
                refuse(
                    f"delivery {number} is not there, has gone, is on its way, or its content is gone;"
                    " `tldops-bot outbox list --all` shows them"
                )
        audit.record(session, now, ACTOR, "outbox_retried", deliveries=wanted[:100], number=len(wanted))
    say(f"{len(wanted)} {'copy is' if len(wanted) == 1 else 'copies are'} tried now")


@app.command()
def drop(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="As in `outbox list`.")],
    because: Because = "",
    yes: Yes = False,
) -> None:
    """Give copies up; they never go. Once there is a committee, it is told."""
    if not all(0 < number < 2**62 for number in ids):
        refuse("a number of a delivery is wanted, as `tldops-bot outbox list` shows it")
    with opened(context) as parts:
        must_be_sure(parts, lambda session: f"Give up for good: {_copies(session, ids)}?", yes)
        with acting(parts) as ctx:
            must_say_why(ctx.session, because)
            for number in ids:
                if not outbox_control.drop(ctx.session, number, ctx.now):
                    refuse(f"delivery {number} is not there, is finished, or is on its way at this moment")
                audit.record(ctx.session, ctx.now, ACTOR, "outbox_dropped", delivery=number)
            tell(ctx, "dropped", f"copies of mails: {_copies(ctx.session, ids)}", because)
    say(f"{len(ids)} given up")


def _copies(session: Session, ids: Sequence[int]) -> str:
    kinds = [overview.message_kind(session, number) for number in ids]
    return ", ".join(f"{number} ({kind})" for number, kind in zip(ids, kinds, strict=True))


def _row(one: Listed, confidential: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "to": masked(one.rcpt_to, confidential),
        "state": one.state,
        "attempts": one.attempts,
        "made_at": one.made_at,
        "next_attempt_at": one.next_attempt_at,
        "status": f"{one.last_code or ''} {one.last_status}".strip(),
        "alert": one.alert_id,
    }
