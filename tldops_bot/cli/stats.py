"""`stats`: figures, without a name in them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tldops_bot.cli import _plots
from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._frame import opened, print_json, say, show
from tldops_bot.cli._look import GOOD, bar
from tldops_bot.cli._to_do import ToDo, to_do
from tldops_bot.commands._reach import tlds_reached
from tldops_bot.domain.alert_reach import response
from tldops_bot.domain.durations import say_length
from tldops_bot.domain.figures import Figures, monthly, weekly
from tldops_bot.domain.freshness import confirmations
from tldops_bot.domain.roster import Coverage, Share
from tldops_bot.roster.response_picture import Exercise
from tldops_bot.store import alerts, figures, freshness, outbox_control, overview
from tldops_bot.store.database import Session
from tldops_bot.store.roster_rows import load_roster

COLUMNS = 21  # and a blank
SHARE_COLUMNS = 22


def stats(
    context: typer.Context,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw a map of coverage, and a line over time: .svg, .png or .pdf."
        ),
    ] = None,
    plot_exercises: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw how soon exercises were answered: .svg, .png or .pdf."),
    ] = None,
) -> None:
    """How many TLDs, contacts and keys there are, and what waits."""
    _plots.must_be_drawable(plot)
    _plots.must_be_drawable(plot_exercises)
    with opened(context) as parts, parts.database.read() as session:
        now = parts.now()
        roster = load_roster(session, now, parts.tlds)
        history, exercises = figures.history(session), _exercises(session)
        if plot is not None:
            _plots.plot_coverage(parts, roster, history, plot)
        if plot_exercises is not None:
            _plots.plot_exercises(parts, exercises, plot_exercises)
        if plot is not None or plot_exercises is not None:
            return
        waits = to_do(session, now)
        found = _coverage(roster.coverage, parts.config.roster.regions)
        found |= _freshness(session, now) | _waiting(session)
    if as_json:
        past = [asdict(one) for one in weekly(history)]
        more = {"history": past, "exercises": [_exercise_values(one) for one in exercises]}
        print_json({"to_do": [_to_do_values(one) for one in waits]} | found | more)
        return
    _say_to_do(waits, now)
    _say_figures(found, history, exercises)


def _say_figures(found: Mapping[str, Any], history: Sequence[Figures], exercises: Sequence[Exercise]) -> None:
    """The figures of now, then a line for each of the last months and exercises."""
    for name, value in found.items():
        for line in _lines(name.replace("_", " "), value):
            say(line)
    for one in monthly(history)[-12:]:
        say(_line_of_month(one))
    for exercise in exercises[-12:]:
        say(_line_of_exercise(exercise))


def _say_to_do(waits: Sequence[ToDo], now: datetime) -> None:
    """First what needs attention, each with the verb that shows it."""
    if not waits:
        say("nothing needs doing", GOOD)
    else:
        rows = [
            {"number": one.number, "needs_somebody": one.words, "since": one.at, "look_at": one.verb}
            | {"is_urgent": one.is_urgent}
            for one in waits
        ]
        show(rows, False, columns=("number", "needs_somebody", "since", "look_at"), now=now)
    say("")


def _to_do_values(one: ToDo) -> dict[str, Any]:
    return {"what": one.what, "number": one.number, "at": one.at, "is_urgent": one.is_urgent}


def _coverage(coverage: Coverage, regions: bool) -> dict[str, Any]:
    return {
        "tlds": {
            "ascii": _share(coverage.ascii_cctlds),
            "idn": _share(coverage.idn_cctlds),
            "all": _share(coverage.cctlds),
            "confirmed": _share(coverage.confirmed),
        },
        "gtlds": _share(coverage.gtlds),
        "organisations": dict(coverage.organisations),
        "regions": {code: _share(share) for code, share in coverage.regions.items()} if regions else {},
        "contacts": coverage.contacts,
        "with_key": coverage.with_key,
        "without_key": coverage.contacts - coverage.with_key,
        "keyless_percent": coverage.keyless.percent,
        "stale": coverage.stale,
        "members": coverage.with_key,
    }


def _freshness(session: Session, now: datetime) -> dict[str, Any]:
    found = confirmations(freshness.confirmations(session), now)
    return {
        "contacts_confirmed": _share(Share(found.confirmed, found.total)),
        "confirmed_median_days": found.median_days,
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
    if not isinstance(value, Mapping):
        shown = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value
        return [f"{name:{COLUMNS}} {'none' if value is None else shown}"]
    if set(value) == {"covered", "total", "percent"}:
        words = f"{value['covered']} of {value['total']} ({value['percent']} %)"
        return [f"{name:{COLUMNS}} {words:{SHARE_COLUMNS}}{bar(value['covered'], value['total'])}"]
    if not value:
        return [] if name == "regions" else [f"{name:{COLUMNS}} 0"]
    return [line for key, inner in value.items() for line in _lines(f"{name} {key}", inner)]


def _line_of_month(one: Figures) -> str:
    covered, confirmed = one.coverage, one.confirmation
    words = f"tlds {covered.covered} of {covered.total} ({covered.percent} %), confirmed {confirmed.covered}"
    return f"{f'on {one.day}':{COLUMNS}} {words} ({confirmed.percent} %)"


def _exercises(session: Session) -> list[Exercise]:
    return [
        Exercise(
            one.id, one.posted_at.date(), response(tlds_reached(session, one, alerts.reach(session, one)))
        )
        for one in alerts.exercises(session)
    ]


def _exercise_values(one: Exercise) -> dict[str, Any]:
    median, ninety = (
        None if length is None else round(length.total_seconds())
        for length in (one.response.median, one.response.ninety)
    )
    shares = {"tlds": one.response.tlds, "never": one.response.never}
    return {"id": one.alert_id, "day": one.day, **shares, "median_seconds": median, "ninety_seconds": ninety}


def _line_of_exercise(one: Exercise) -> str:
    half, ninety = (
        "never" if length is None else say_length(length)
        for length in (one.response.median, one.response.ninety)
    )
    never = f"never {one.response.never} of {one.response.tlds}"
    return f"{f'exercise {one.alert_id}':{COLUMNS}} half {half}, nine of ten {ninety}, {never}"
