"""What a scheduled job is made of: its declaration, what it is given, and what it returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.outgoing import Letter
from tldops_bot.store.database import Session


@dataclass(frozen=True, slots=True)
class JobContext:
    """What one run is given: the open transaction, the time, the settings.

    A job asks the store what is due, changes rows, and returns letters. It never commits, renders, sends, or
    reads the clock, and does no harm when it runs twice, or a day late.
    """

    session: Session
    now: datetime
    config: Config
    tlds: TldTable
    random: Callable[[int], bytes]
    seen: Any = None  # what the job's `look` has found


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The letters of a first batch; there is more to do at once, in another transaction."""

    letters: Sequence[Letter]


Run = Callable[[JobContext], Sequence[Letter] | Unfinished]
Look = Callable[[JobContext], object]


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job. `every` is how often it asks what is due, not how often something is.

    `look` does beforehand, in a reading transaction, what would take too long in one that keeps others from
    writing.
    """

    name: str
    every: timedelta
    summary: str
    run: Run
    look: Look | None = None


def job(every: timedelta, look: Look | None = None) -> Callable[[Run], Job]:
    """Declare a job. It is named after its function; the docstring's first line says what it does."""

    def declare(run: Run) -> Job:
        summary = (run.__doc__ or "").strip().split("\n")[0]
        return Job(name=run.__name__, every=every, summary=summary, run=run, look=look)

    return declare
