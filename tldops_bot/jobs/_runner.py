"""Runs one job: a writing transaction for each batch, its letters into the outbox, and how it ended."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import Job, JobContext, Unfinished
from tldops_bot.store.database import Database, Session, Urgency
from tldops_bot.store.tables import JobRun

MOST_BATCHES = 10_000

log = logging.getLogger(__name__)

Post = Callable[[Session, Sequence[Letter], datetime], None]


@dataclass(frozen=True, slots=True)
class JobRunner:
    """What every job is given, and where its letters go.

    `looks`: what is done before each transaction of the job of that name, in place of its own `look`.
    """

    database: Database
    context: Callable[[Session, datetime], JobContext]
    now: Callable[[], datetime]
    post: Post
    after: Callable[[], None]
    looks: Mapping[str, Callable[[], object]] = field(default_factory=dict)

    def run(self, job: Job) -> int:
        """Do what is due; returns how many letters were made. Running it again does no harm."""
        made = 0
        for _ in range(MOST_BATCHES):
            letters, is_done = self._batch(job)
            made += letters
            if is_done:
                break
        if made:
            log.info("job %s: %d letters", job.name, made)
            self.after()
        return made

    def _batch(self, job: Job) -> tuple[int, bool]:
        now = self.now()
        seen = self._look(job, now)
        with self.database.write(Urgency.DELIVERY) as session:
            found = job.run(replace(self.context(session, now), seen=seen))
            letters = found.letters if isinstance(found, Unfinished) else found
            self.post(session, letters, now)
            run = session.get(JobRun, job.name) or JobRun(name=job.name, started_at=now, problem="")
            run.started_at, run.finished_at, run.problem = now, self.now(), ""
            session.add(run)
        return len(letters), not isinstance(found, Unfinished)

    def _look(self, job: Job, now: datetime) -> object:
        """What is found beforehand, while others may write."""
        if job.name in self.looks:
            return self.looks[job.name]()
        if job.look is None:
            return None
        with self.database.read() as session:
            return job.look(self.context(session, now))
