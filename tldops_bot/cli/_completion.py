"""What the shell offers after a half-typed word: requests, alerts, jobs, TLDs. Problems stay silent."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from tldops_bot.app import App
from tldops_bot.cli._frame import named_config
from tldops_bot.config import ConfigProblem, find_config, load_config
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.organisation import shown
from tldops_bot.store import alerts, iana, overview, requests
from tldops_bot.store.database import Session, StoreProblem

Offers = list[tuple[str, str]]  # a word, and the help that some shells show beside it
MOST = 200
T = TypeVar("T")
_SILENT = (ConfigProblem, Mendable, StoreProblem, OSError)


def request_ids(context: typer.Context, incomplete: str) -> Offers:
    """R-17, R-18 …: those that wait."""
    from tldops_bot.commands._requests import number

    def ask(session: Session) -> Offers:
        held = requests.listing(session, requests.OPEN)
        return [(number(one), f"{one.kind} {one.tld}".strip()) for one in held]

    return _beginning(_asked(context, ask), incomplete)


def alert_ids(context: typer.Context, incomplete: str) -> Offers:
    """A-2026-0007 …: the newest first."""

    def ask(session: Session) -> Offers:
        return [(one.id, f"{one.severity}, {one.state}") for one in alerts.listing(session, MOST)]

    return _beginning(_asked(context, ask), incomplete)


def job_names(incomplete: str) -> Offers:
    """All jobs of the clock."""
    from tldops_bot.jobs._all import JOBS

    return _beginning([(name, "") for name in sorted(JOBS)], incomplete.replace("-", "_"))


def iana_tlds(context: typer.Context, incomplete: str) -> Offers:
    """TLDs whose IANA record is held, in either spelling."""
    return _labels(context, iana.held_tlds, incomplete)


def seats(context: typer.Context, incomplete: str) -> Offers:
    """TLDs, and organisations without one, that have a contact."""
    return _labels(context, overview.seats, incomplete)


def _labels(context: typer.Context, ask: Callable[[Session], list[str]], incomplete: str) -> Offers:
    found: Offers = []
    for label in sorted(_asked(context, ask)):
        seen = shown(label)
        found.append((label, "" if seen == label else seen))
        if seen != label:  # as "рф (xn--p1ai)"
            found.append((seen.partition(" ")[0], label))
    return _beginning(found, incomplete)


def _asked(context: typer.Context, ask: Callable[[Session], list[T]]) -> list[T]:
    """What the database says; nothing if there is none, or it can't be asked."""
    try:
        app = App(load_config(find_config(named_config(context), os.environ, Path.cwd())))
        try:
            app.database.must_exist()
            with app.database.read() as session:
                return ask(session)
        finally:
            app.close()
    except _SILENT:
        return []


def _beginning(offers: Offers, incomplete: str) -> Offers:
    wanted = incomplete.casefold()
    return [one for one in offers if one[0].casefold().startswith(wanted)]
