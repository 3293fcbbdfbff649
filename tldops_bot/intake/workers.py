"""Threads that claim accepted mail and carry it out; a mail that breaks is put off, then set aside."""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.intake.steps import Handled, Intake
from tldops_bot.store import inbox
from tldops_bot.store.database import Database, Session, is_temporary
from tldops_bot.store.inbox import LEASE, MAX_ATTEMPTS, MAX_PATIENCE, Claimed, ClaimLost

POLL_SECONDS = 1.0
CROWD_SECONDS = 0.05  # from one mail to the next, of all threads together
SAID_AGAIN_SECONDS = 60.0  # from one line about a database that is away to the next

log = logging.getLogger(__name__)


class Workers:
    """`threads` of them; `wake()` when a mail was accepted, `stop()` to finish those in hand."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        now: Callable[[], datetime],
        random: Callable[[int], bytes],
        after: Callable[[], None],
        threads: int = 2,
        is_crowded: Callable[[], bool] = lambda: False,
        lease: timedelta = LEASE,
        counted: Callable[[Handled | None, float], None] = lambda _handled, _seconds: None,
    ) -> None:
        """`counted` is told what became of each mail (None if it broke), and how long that took."""
        self._database, self._intake = database, intake
        self._now, self._random, self._after = now, random, after
        self._is_crowded, self._lease, self._counted = is_crowded, lease, counted
        self._taken: deque[Claimed] = deque()  # claimed together with finishing the mail before
        self._begun: dict[str, float] = {}  # the claims in hand, and since when
        self._owed: deque[Callable[[Session], None]] = deque()  # what is still to be written
        self._due = threading.Condition()
        self._wanted = 0
        self._quiet_until = 0.0  # about a database that is away
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"intake-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin; what waits since the last run is taken first."""
        if self._database.is_sqlite:  # one process: what a killed one had in hand need not wait for its lease
            with self._database.write() as session:
                inbox.take_back(session, self._now())
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
            if thread.ident is not None:  # else the store was away when it should have begun
                thread.join()
        self._owed.extend(partial(inbox.give_back, claim_word=one.claim) for one in self._taken)
        self._taken.clear()
        with contextlib.suppress(SQLAlchemyError):  # then their leases run out
            self._write_down_what_is_owed()

    def _work(self) -> None:
        while not self._stopping:
            if self._is_crowded():  # accepting mail comes first, but must not stop us altogether
                time.sleep(CROWD_SECONDS * len(self._threads))
            if not self.carry_out_one():
                with self._due:
                    if not self._wanted and not self._stopping:
                        self._due.wait(POLL_SECONDS)
                    self._wanted = max(0, self._wanted - 1)

    def carry_out_one(self) -> bool:
        """Claim one mail, unless one is claimed already, and carry it out; False when none is due."""
        claimed = self._next()
        if claimed is None:
            return False
        if claimed.attempts > MAX_PATIENCE:  # each time it was in hand, the process ended
            log.error("mail %d was in hand %d times and never done with", claimed.id, claimed.attempts)
            self._put_off(claimed, "never done with", MAX_ATTEMPTS)
            return True
        self._begun[claimed.claim] = time.monotonic()
        try:
            self._carry_out(claimed)
        finally:
            del self._begun[claimed.claim]
        return True

    def longest_in_hand(self) -> float:
        """For how many seconds a mail has been in hand: one that never ends holds up all others."""
        now = time.monotonic()
        return max((now - begun for begun in tuple(self._begun.values())), default=0.0)

    def _next(self) -> Claimed | None:
        with contextlib.suppress(IndexError):
            return self._taken.popleft()
        try:
            self._write_down_what_is_owed()
            with self._database.glance() as session:
                if not inbox.is_anything_due(session, self._now()):
                    return None
            return next(iter(self._claim()), None)
        except SQLAlchemyError as problem:
            if time.monotonic() >= self._quiet_until:
                self._quiet_until = time.monotonic() + SAID_AGAIN_SECONDS
                log.error("the database gives no work: %s", type(problem).__name__)
            return None

    def _claim(self) -> list[Claimed]:
        """The next mail. If we never hear whether a commit was made, its claim is given back later."""
        word = self._random(8).hex()
        try:
            with self._database.beside() as session:
                return inbox.claim(session, word, self._now(), lease=self._lease)
        except SQLAlchemyError:
            self._owed.append(partial(inbox.give_back, claim_word=word))
            raise

    def _write_down_what_is_owed(self) -> None:
        """Give back claims that the database was away for: no mail need wait for a lease to run out."""
        for _ in range(len(self._owed)):
            with contextlib.suppress(IndexError):  # another thread has done it
                owed = self._owed.popleft()
                try:
                    with self._database.write() as session:
                        owed(session)
                except DBAPIError as problem:
                    if is_temporary(problem):  # else its lease runs out by itself
                        self._owed.append(owed)
                    raise

    def _carry_out(self, claimed: Claimed) -> None:
        """The next mail is claimed in the same commit: one transaction less to wait for the disk."""
        began, word = time.monotonic(), self._random(8).hex()
        following: list[Claimed] = []

        def claim_next(session: Session) -> None:
            if not self._stopping:
                following.extend(inbox.claim(session, word, self._now(), lease=self._lease))

        try:
            handled = self._intake.handle(claimed, self._now(), claim_next)
            self._taken.extend(following)
            if handled is not None:  # else it comes again
                self._counted(handled, time.monotonic() - began)
        except ClaimLost:
            log.warning("mail %d: taken over by another node", claimed.id)
        except Exception as problem:  # noqa: BLE001  whatever breaks, the mail waits and the next one goes on
            log.error("mail %d broke: %s", claimed.id, describe(problem))
            if following:  # the commit may have been made
                self._owed.append(partial(inbox.give_back, claim_word=word))
            self._counted(None, time.monotonic() - began)
            self._put_off(claimed, type(problem).__name__, patience_with(problem))
        self._after()

    def _put_off(self, claimed: Claimed, why: str, most: int | None) -> None:
        put_off = partial(self._set_aside, claimed=claimed, why=why, most=most)
        try:
            with self._database.write() as session:
                put_off(session)
        except SQLAlchemyError as broken:
            log.error("mail %d could not be put off: %s", claimed.id, type(broken).__name__)
            self._owed.append(put_off)

    def _set_aside(self, session: Session, claimed: Claimed, why: str, most: int | None) -> None:
        """A job tells the operator: nothing is rendered here, since rendering may be what is broken."""
        if inbox.put_off(session, claimed, self._now(), why, most):
            log.error("mail %d is set aside: %s", claimed.id, why)


def patience_with(problem: Exception) -> int | None:
    """After how many attempts a mail is set aside: it is not to blame for a store or gpg that is away."""
    if isinstance(problem, DBAPIError) and is_temporary(problem):
        return None
    return MAX_PATIENCE if isinstance(problem, Unavailable) else MAX_ATTEMPTS


def describe(problem: BaseException) -> str:
    """The kind of failure and the line it came from; never its text, which may quote a mail."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(problem).__name__
    code = trace.tb_frame.f_code
    return f"{type(problem).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} in {code.co_name}"
