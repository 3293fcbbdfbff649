"""Asks IANA what is due to be asked, one TLD after the other, and keeps what came back: one short transaction each."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.adapters.iana_whois import Result, WhoisServer, sync
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.iana_record import IanaRecord
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.store import audit, iana
from tldops_bot.store.database import Database, Session, Urgency
from tldops_bot.store.iana import ContactChange

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One TLD, what IANA answered, and which of its contacts changed by it."""

    tld: Tld
    result: Result
    changes: tuple[ContactChange, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Anything but a whole record changes nothing that is held."""
        return isinstance(self.result, IanaRecord)


@dataclass(frozen=True, slots=True)
class IanaRefresh:
    """Where IANA is, how often it is asked, and where its answers are kept."""

    database: Database
    tlds: TldTable
    server: WhoisServer
    refresh_every: timedelta
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    pause_seconds: float = 1.0
    is_stopping: Callable[[], bool] = bool  # never, unless told

    def due(self) -> list[Tld]:
        """The ccTLDs of the root, and whatever else is held, that were not asked about lately."""
        with self.database.read() as session:
            held = iana.held_tlds(session)
            known = list(dict.fromkeys([*(one.tld.a_label for one in self.tlds.of_kind("cctld")), *held]))
            labels = iana.tlds_to_refresh(session, known, self.now(), self.refresh_every)
        return [tld for label in labels if (tld := parse_tld(label)) is not None]

    def fetch(self, tlds: Sequence[Tld]) -> Iterator[Fetched]:
        """Ask about each and keep the answer, politely; yields each as it is done."""
        for tld, result in sync(tlds, self.server, self.sleep, self.pause_seconds):
            yield Fetched(tld, result, self._keep(result) if isinstance(result, IanaRecord) else ())
            if self.is_stopping():
                return

    def run(self) -> int:
        """Fetch what is due; how many answers were kept."""
        kept = sum(fetched.is_kept for fetched in self.fetch(self.due()))
        if kept:
            log.info("IANA: %d records kept", kept)
        return kept

    def _keep(self, record: IanaRecord) -> tuple[ContactChange, ...]:
        with self.database.write(Urgency.DELIVERY) as session:
            return keep(session, record, self.now(), "the clock")


def keep(session: Session, record: IanaRecord, now: datetime, by: str) -> tuple[ContactChange, ...]:
    """Hold one record, with an audit entry for each contact that changed."""
    changes = tuple(iana.keep_record(session, record, now))
    for change in changes:
        audit.record(session, now, by, "iana_changed", change.tld, kind=change.kind)
    return changes
