"""Asks IANA about the TLDs that are due, one after the other, and hands on the answers.

No transaction is open while IANA is asked. Answers that say nothing new are kept a few dozen at a time; those
that do are judged together, since only a whole sync shows whether too much has changed to be believed.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.adapters.iana_whois import Result, WhoisServer, sync
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.iana_record import IanaRecord, NotFound
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.jobs._iana_answers import Taken, as_record, take_changes, take_unchanged
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import iana
from tldops_bot.store.database import Database, Session, Urgency

AT_ONCE = 50  # records in a transaction, so that mail coming in never waits long

log = logging.getLogger(__name__)

Answered = tuple[Tld, Result]
Whole = tuple[Tld, IanaRecord | NotFound]


@dataclass(frozen=True, slots=True)
class IanaKeeper:
    """Where IANA's answers are kept, and where the mails go that follow from them."""

    database: Database
    context: Callable[[Session, datetime], JobContext]
    post: Callable[[Session, Sequence[Letter], datetime], None]
    now: Callable[[], datetime]

    def take(self, answers: Sequence[Answered], by: str, is_trusted: bool = False) -> Taken:
        """Keep what can be relied on. Only a record, or "nothing found", changes anything that is held."""
        whole = [(tld, one) for tld, one in answers if isinstance(one, IanaRecord | NotFound)]
        unchanged, changed = self._unchanged(whole)
        taken = Taken()
        if changed:
            now = self.now()
            with self.database.write(Urgency.DELIVERY) as session:
                context = self.context(session, now)
                taken = take_changes(context, changed, len(whole), by, is_trusted)
                self.post(session, taken.letters, now)
        taken.kept[:0] = unchanged
        return taken

    def _unchanged(self, answers: Sequence[Whole]) -> tuple[list[Tld], list[IanaRecord]]:
        """Keep the answers that say nothing new; returns their TLDs, and the records that are left."""
        kept, changed = list[Tld](), list[IanaRecord]()
        for batch in _batches(answers):
            with self.database.write(Urgency.DELIVERY) as session:
                context = self.context(session, self.now())
                for tld, answer in batch:
                    record = as_record(context, tld, answer)
                    if record is None:
                        continue
                    if take_unchanged(context, record):
                        kept.append(tld)
                    else:
                        changed.append(record)
        return kept, changed


@dataclass(frozen=True, slots=True)
class IanaRefresh:
    """Where IANA is, how often it is asked, and who keeps its answers."""

    keeper: IanaKeeper
    tlds: TldTable
    server: WhoisServer
    refresh_every: timedelta
    sleep: Callable[[float], None]
    after: Callable[[], None] = lambda: None
    pause_seconds: float = 1.0
    is_stopping: Callable[[], bool] = lambda: False
    kinds: Collection[str] = ("cctld",)

    def due(self) -> list[Tld]:
        """The TLDs of the kinds this list serves, and whatever else is held, that were not asked about lately."""
        with self.keeper.database.read() as session:
            held = iana.held_tlds(session)
            known = list(dict.fromkeys([*(one.tld.a_label for one in self.tlds.of_kind(*self.kinds)), *held]))
            labels = iana.tlds_to_refresh(session, known, self.keeper.now(), self.refresh_every)
        return [tld for label in labels if (tld := parse_tld(label)) is not None]

    def ask(self, tlds: Sequence[Tld]) -> Iterator[Answered]:
        """Ask about each, politely; yields each answer as it comes."""
        for tld, result in sync(tlds, self.server, self.sleep, self.pause_seconds):
            yield tld, result
            if self.is_stopping():
                return

    def run(self) -> int:
        """Fetch what is due; how many answers were kept."""
        taken = self.keeper.take(list(self.ask(self.due())), CLOCK)
        if taken.kept:
            log.info("IANA: %d records kept, %d changed", len(taken.kept), len(taken.believed))
        if taken.held_back:
            log.warning("IANA: %d records held back until a later sync confirms them", len(taken.held_back))
        if taken.letters:
            self.after()
        return len(taken.kept)


def _batches(many: Sequence[Whole]) -> Iterator[Sequence[Whole]]:
    return (many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE))
