"""Threads that claim accepted mail and carry it out; a mail that breaks is put off, then set aside, never in the way."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from tldops_bot.intake.steps import Intake, stuck_notice
from tldops_bot.store import inbox
from tldops_bot.store.database import Database
from tldops_bot.store.inbox import Claimed, ClaimLost

POLL_SECONDS = 1.0
CROWD_SECONDS = 0.1

log = logging.getLogger(__name__)


class Workers:
    """`threads` of them; `wake()` when a mail was accepted, `stop()` to finish the ones in hand."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        operator: str,
        now: Callable[[], datetime],
        random: Callable[[int], bytes],
        after: Callable[[], None],
        threads: int = 2,
        is_crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database, self._intake, self._operator = database, intake, operator
        self._now, self._random, self._after = now, random, after
        self._is_crowded = is_crowded
        self._due = threading.Condition()
        self._wanted = 0
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"intake-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin; what waits since the last run is taken first."""
        if (
            self._database.is_sqlite
        ):  # one process only: what a killed one had in hand must not wait for its lease
            with self._database.write() as session:
                inbox.take_back(session)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was accepted. From any thread."""
        with self._due:
            self._wanted += 1
            self._due.notify()

    def stop(self) -> None:
        """Finish the mails in hand."""
        with self._due:
            self._stopping = True
            self._due.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopping:
            if self._is_crowded():  # accepting comes first, but does not stop us altogether
                time.sleep(CROWD_SECONDS)
            if not self.carry_out_one():
                with self._due:
                    if not self._wanted and not self._stopping:
                        self._due.wait(POLL_SECONDS)
                    self._wanted = max(0, self._wanted - 1)

    def carry_out_one(self) -> bool:
        """Claim one mail and carry it out; False when none is due."""
        try:
            with self._database.read() as session:
                if not inbox.is_anything_due(session, self._now()):
                    return False
            with self._database.write() as session:
                taken = inbox.claim(session, self._random(8).hex(), self._now())
        except SQLAlchemyError as problem:
            log.error("the database gives no work: %s", type(problem).__name__)
            return False
        for claimed in taken:
            self._carry_out(claimed)
        return bool(taken)

    def _carry_out(self, claimed: Claimed) -> None:
        try:
            self._intake.handle(claimed, self._now())
        except ClaimLost:
            log.warning("mail %d: taken over by another node", claimed.id)
        except Exception as problem:  # noqa: BLE001  whatever breaks, the mail waits and the next one goes on
            log.error("mail %d broke: %s", claimed.id, describe(problem))
            self._put_off(claimed, problem)
        self._after()

    def _put_off(self, claimed: Claimed, problem: Exception) -> None:
        try:
            with self._database.write() as session:
                if inbox.put_off(session, claimed, self._now(), type(problem).__name__):
                    notice = stuck_notice(self._operator, claimed.id, claimed.attempts)
                    self._intake.post(session, [notice], self._now())
        except SQLAlchemyError as broken:  # the lease runs out by itself
            log.error("mail %d could not be put off: %s", claimed.id, type(broken).__name__)


def describe(problem: BaseException) -> str:
    """The kind of a failure and the line it came from; never its words, which may quote a mail."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(problem).__name__
    code = trace.tb_frame.f_code
    return f"{type(problem).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"
