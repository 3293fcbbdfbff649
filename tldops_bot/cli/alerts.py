"""`alerts`: which went out, and whom they reached; never what they said."""

from typing import Annotated, Any

import typer

from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._frame import card, opened, refuse, show
from tldops_bot.commands._alerts import scope_of
from tldops_bot.commands._reach import counts_of, line_of, tlds_reached
from tldops_bot.store import alerts
from tldops_bot.store.tables import Alert

app = typer.Typer(help="Alerts, and whom they reached.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """The newest alerts first."""
    with opened(context) as parts, parts.database.read() as session:
        rows = [_row(one) for one in alerts.listing(session, limit)]
    show(
        rows, as_json, empty="no alerts", columns=("id", "state", "posted_at", "severity", "tlp", "for_tlds")
    )


@app.command("show")
def show_(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="ID", help="As in A-2026-0007.")],
    as_json: AsJson = False,
) -> None:
    """One alert: whom it has reached, by TLD."""
    with opened(context) as parts, parts.database.read() as session:
        alert = alerts.by_id(session, number)
        if alert is None:
            refuse(f"there is no alert {number[:20]}; `tldops-bot alerts list` shows them")
        reach = alerts.reach(session, alert)
        values = _row(alert) | {
            "scope": scope_of(alert).words,
            "fingerprint": alert.fingerprint,
            "signed_at": alert.signed_at,
            "received_at": alert.received_at,
            "counts": counts_of(reach),
            "tlds": [line_of(one) for one in tlds_reached(session, alert, reach)],
        }
    card(values, as_json)


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "state": alert.state,
        "posted_at": alert.posted_at,
        "severity": alert.severity,
        "tlp": alert.tlp,
        "is_exercise": alert.is_exercise,
        "for_tlds": list(alert.for_tlds),
        "person": alert.person_id,
    }
