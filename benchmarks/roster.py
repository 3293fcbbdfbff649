"""The roster: making its files, signing them, the batch that puts it into the outbox, and how large a mail is.

Seconds are of this machine, and for information; what counts is the size, and that time grows with the members.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from benchmarks.figures import Figure, Say, below, middle, seconds, times
from benchmarks.people import Member
from benchmarks.site import new_site
from tldops_bot.app import App
from tldops_bot.domain.roster_edition import MOST_MAIL_OCTETS
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import roster_sends
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Message, RosterSend

GROWTH = 1.5  # a larger roster may take this much longer for each member
_ARMORED = 66 / 48  # what the ciphertext of a mail adds


@dataclass
class Made:
    """What the rounds of one size gave."""

    size: int
    making: list[float] = field(default_factory=list)
    sending: list[float] = field(default_factory=list)
    writing: list[float] = field(default_factory=list)  # the longest transaction of these
    octets: list[float] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """The lines about this size."""
        name = f"roster of {self.size:,}"
        return [
            Figure(f"{name}: files made and signed", seconds(middle(self.making)), "", "", ""),
            Figure(f"{name}: put into the outbox", seconds(middle(self.sending)), "", "", ""),
            Figure(f"{name}: longest time nobody else writes", seconds(middle(self.writing)), "", "", ""),
            below(f"{name}: one mail", self.octets, MOST_MAIL_OCTETS, _megabytes),
        ]


def measure(members: Sequence[Member], rounds: int, say: Say) -> Made:
    """Each round has a site of its own, to which no roster went yet."""
    found = Made(len(members))
    for number in range(rounds):
        say(f"roster of {len(members):,}, round {number + 1}")
        with new_site(members) as site:
            app = App(site.config)
            try:
                _round(found, app)
            finally:
                app.close()
    return found


def growth(rounds: Sequence[Made]) -> list[Figure]:
    """Time per member at each larger size, as a ratio to that at the smallest."""
    smallest, *larger = rounds
    return [
        times(
            f"roster per member, {one.size:,} to {smallest.size:,}",
            [middle(each(one)) / one.size],
            [middle(each(smallest)) / smallest.size],
            GROWTH,
        )
        for one in larger
        for each in (_making, _sending)
    ]


def _making(one: Made) -> list[float]:
    return one.making


def _sending(one: Made) -> list[float]:
    return one.sending


def _round(found: Made, app: App) -> None:
    now = datetime.now(UTC)
    with app.database.write() as session:  # the site counts its roster as sent
        session.query(RosterSend).delete()
        roster_sends.note_under_way(session, None)
    found.making.append(_seconds(app.roster_press.prepare))
    runner = replace(app.job_runner(), now=lambda: now)
    timed: Any = app.database
    timed.write = clock = _Clocked(app.database.write)
    found.sending.append(_seconds(lambda: runner.run(JOBS["send_roster"])))
    found.writing.append(max(clock.seconds))
    with app.database.read() as session:
        entity = session.scalar(select(Message.entity).where(Message.kind == "roster"))
    found.octets.append(len(entity or b"") * _ARMORED)


class _Clocked:
    """How long each writing transaction took."""

    def __init__(self, write: Callable[..., AbstractContextManager[Session]]) -> None:
        self.seconds: list[float] = []
        self._write = write

    @contextmanager
    def __call__(self, *arguments: Any) -> Iterator[Session]:
        begun = time.perf_counter()
        with self._write(*arguments) as session:
            yield session
        self.seconds.append(time.perf_counter() - begun)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _megabytes(octets: float) -> str:
    return f"{octets / 1e6:.1f} MB"
