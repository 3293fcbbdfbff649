"""`audit`: what changed, when, by which key; and whether anybody has rewritten it."""

import json
from typing import Annotated, Any

import typer

from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._completion import seats
from tldops_bot.cli._frame import opened, print_json, refuse, say
from tldops_bot.cli._progress import counting
from tldops_bot.domain.organisation import parse_seat
from tldops_bot.store import audit
from tldops_bot.store.tables import AuditEntry

app = typer.Typer(help="What changed, when, by whom.", no_args_is_help=True)


@app.command()
def log(
    context: typer.Context,
    tld: Annotated[str, typer.Option(help="Only this TLD.", autocompletion=seats)] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 200,
    as_json: AsJson = False,
) -> None:
    """The newest entries, newest last."""
    wanted = parse_seat(tld) if tld else None
    if tld and wanted is None:
        refuse(f"{tld[:80]} is not the name of a TLD, such as nl, .nl, рф or xn--p1ai")
    with opened(context) as parts, parts.database.read() as session:
        rows = [_row(one) for one in audit.history(session, wanted.a_label if wanted else "", limit)]
    if as_json:
        print_json(rows)
    for row in [] if as_json else rows:
        _print(row)


@app.command()
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Walk the chain of hashes; refuses at the first entry that was changed."""
    with opened(context) as parts, parts.database.read() as session:
        with counting("audit", audit.length(session)) as told:
            count, tampered = audit.verify(session, told)
        head = audit.head(session)
    if as_json:
        print_json({"entries": count, "head": head, "tampered": tampered.entry_id if tampered else None})
    if tampered is not None:
        refuse(f"entry {tampered.entry_id} {tampered.why}; {count} entries before it hold")
    if not as_json:
        say(f"{count} entries hold")
        say(f"head {head}")
        say("every roster prints the head of its day: compare it with one you kept")


def _print(row: dict[str, Any]) -> None:
    """Two lines per entry: a fingerprint and what goes with it need more than 80 columns."""
    tld = parse_seat(row["tld"])
    say(f"{row['id']:>6}  {row['at']:%Y-%m-%d %H:%M}  {row['action']}{f'  {tld.dotted}' if tld else ''}")
    details = row["details"].items() if isinstance(row["details"], dict) else [("details", row["details"])]
    words = [f"{name} {_words(value)}" for name, value in details if value is not None]
    say(" " * 8 + "; ".join([f"by {row['actor']}", *words]))


def _words(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "tld": entry.tld,
        "person": entry.person_id,
        "inbox": entry.inbox_id or None,
        "details": _details(entry.details),
        "hash": entry.hash,
    }


def _details(text: str) -> Any:
    """Read as far as possible: somebody may have tampered with the database."""
    try:
        return json.loads(text)
    except ValueError:
        return text
