"""`stats`: figures, without a name in them."""

from typing import Any

import typer

from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._frame import opened, print_json, say
from tldops_bot.domain.roster import Coverage, Share
from tldops_bot.store import outbox_control, overview
from tldops_bot.store.database import Session
from tldops_bot.store.roster_rows import load_roster

COLUMNS = 22


def stats(context: typer.Context, as_json: AsJson = False) -> None:
    """How many TLDs, contacts and keys there are, and what waits."""
    with opened(context) as parts, parts.database.read() as session:
        coverage = load_roster(session, parts.now(), parts.tlds).coverage
        figures = _coverage(coverage) | _waiting(session)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        for line in _lines(name.replace("_", " "), value):
            say(line)


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "tlds": {
            "ascii": _share(coverage.ascii_cctlds),
            "idn": _share(coverage.idn_cctlds),
            "all": _share(coverage.cctlds),
        },
        "regions": {code: _share(share) for code, share in coverage.regions.items()},
        "contacts": coverage.contacts,
        "with_key": coverage.with_key,
        "without_key": coverage.contacts - coverage.with_key,
        "stale": coverage.stale,
        "members": coverage.with_key,
    }


def _waiting(session: Session) -> dict[str, Any]:
    return {
        "offices": overview.offices_by_role(session),
        "requests": overview.requests_by_state(session),
        "inbox": overview.inbox_by_state(session),
        "inbox_oldest_at": overview.oldest_received_at(session),
        "outbox": outbox_control.counts(session),
        "outbox_oldest_at": outbox_control.oldest_waiting_at(session),
        "alerts": overview.alerts_by_state(session),
    }


def _share(share: Share) -> dict[str, int]:
    return {"covered": share.covered, "total": share.total, "percent": share.percent}


def _lines(name: str, value: Any) -> list[str]:
    if not isinstance(value, dict):
        text = (
            "none" if value is None else f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "year") else str(value)
        )
        return [f"{name:{COLUMNS}}{text}"]
    if set(value) == {"covered", "total", "percent"}:
        return [f"{name:{COLUMNS}}{value['covered']} of {value['total']} ({value['percent']} %)"]
    if not value:
        return [f"{name:{COLUMNS}}0"]
    return [line for key, inner in value.items() for line in _lines(f"{name} {key}", inner)]
