"""`alerts`: which went out, and whom they reached; never what they said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._completion import alert_ids
from tldops_bot.cli._frame import card, opened, print_json, refuse, show
from tldops_bot.cli._look import bar
from tldops_bot.commands._alerts import scope_of
from tldops_bot.commands._reach import counts_of, line_of, tld_counts, tlds_reached
from tldops_bot.domain.alert_reach import BEST_FIRST, CALLED, SEEN, Reach
from tldops_bot.store import alerts
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Alert, Person

app = typer.Typer(help="Alerts, and whom they reached.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """The newest alerts first."""
    with opened(context) as parts, parts.database.read() as session:
        found = alerts.listing(session, limit)
        seen = alerts.seen_counts(session, [one.id for one in found])
        rows = [_row(one) | _seen(*seen.get(one.id, (0, 0))) for one in found]
        now = parts.now()
    if as_json:
        print_json(rows)
        return
    show(
        [one | {"know": f"{one['seen']} of {one['people']}", "severity": _severity(one)} for one in rows],
        False,
        empty="no alerts",
        columns=("id", "state", "posted_at", "severity", "know", "for_tlds"),
        wide=("tlp",),
        now=now,
    )


@app.command("show")
def show_(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="ID", help="As in A-2026-0007.", autocompletion=alert_ids)],
    as_json: AsJson = False,
) -> None:
    """One alert: whom it has reached, by TLD."""
    with opened(context) as parts, parts.database.read() as session:
        alert = alerts.by_id(session, number)
        if alert is None:
            refuse(f"there is no alert {number[:20]}; `tldops-bot alerts list` shows them")
        reach, now = alerts.reach(session, alert), parts.now()
        lines = tlds_reached(session, alert, reach)
        values = _row(alert) | {
            "scope": scope_of(alert).words,
            "fingerprint": alert.fingerprint,
            "signed_at": alert.signed_at,
            "received_at": alert.received_at,
            "counts": counts_of(reach),
            "tld_counts": tld_counts(lines),
            "timeline": _timeline(session, alert, reach),
            "tlds": [line_of(one) for one in lines],
        }
    if as_json:
        print_json(values)
        return
    know = sum(values["tld_counts"][state] for state in (SEEN, CALLED))
    told = {"know": f"{bar(know, len(lines))} {know} of {len(lines)} TLDs"}
    worst_first = sorted(values.pop("tlds"), key=lambda one: -BEST_FIRST.index(one["state"]))
    card(values | told | {"tlds": worst_first}, False, now)


def _timeline(session: Session, alert: Alert, reach: Sequence[Reach]) -> list[dict[str, Any]]:
    """What happened, in order: by whom, but not in which words."""
    found: list[tuple[str, datetime, int | None]] = [
        ("signed", alert.signed_at, alert.person_id),
        ("received", alert.received_at, None),
    ]
    found.append(("begins" if alert.state == "announced" else "posted", alert.posted_at, None))
    for one in alerts.every_news_of(session, alert.id):
        state = "" if one.state == "posted" else f", {one.state}"
        number = f" {one.number}" if one.kind == "update" else ""
        found.append((f"{one.kind}{number}{state}", one.posted_at, one.person_id))
    known = sorted(one.seen_after for one in reach if one.seen_after is not None)
    for what, nth in (("first knows", 1), ("half know", -(-len(reach) // 2)), ("all know", len(reach))):
        if 0 < nth <= len(known):
            found.append((what, alert.received_at + known[nth - 1], None))
    found += [("first call", call.at, None) for call in alerts.calls_of(session, alert.id)[:1]]
    return [
        {"at": at, "what": what, "by": _name(session, number)}
        for what, at, number in sorted(found, key=lambda one: one[1])
    ]


def _name(session: Session, number: int | None) -> str | None:
    person = session.get(Person, number) if number else None
    return person.name if person is not None else None


def _severity(row: dict[str, Any]) -> str:
    return "exercise" if row["is_exercise"] else str(row["severity"])


def _seen(people: int, seen: int) -> dict[str, int]:
    return {"people": people, "seen": seen}


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
