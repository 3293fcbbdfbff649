"""Makes and signs the roster's files ahead of time, once for everybody, so that no transaction waits for it.

The files are made in a process of its own at a low priority; gpg signs each of them.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from tldops_bot.adapters.child_process import give_way
from tldops_bot.adapters.child_worker import Worker, WorkerGone, WorkerNotStarted
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.commands._roster_files import (
    Manuscript,
    Ready,
    RosterBeingMade,
    as_it_stands,
    manuscript,
    ready,
)
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.address import address_key
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.roster import Roster, RosterContact
from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.jobs.send_roster import is_wanted
from tldops_bot.mail.certifications import for_others
from tldops_bot.roster import parts
from tldops_bot.store import printed_rosters
from tldops_bot.store.database import Database, Urgency

MOST_TRIES = 3
MOST_SECONDS = 600.0  # the files of thousands of members take a few
BURIAL_SECONDS = 10.0  # it has been killed by then
Make = Callable[[Roster, Config, TldTable, Sequence[Figures]], tuple[RosterFile, ...]]

log = logging.getLogger(__name__)


class Signer(Protocol):
    """What is needed of gpg. Raises GpgUnavailable."""

    def sign_detached(self, octets: bytes) -> bytes: ...


def make_files(
    roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
) -> tuple[RosterFile, ...]:
    """In this process: the files; the keys in them name their owners and nobody else."""
    ours = {config.list.address, config.list.owner}
    everybody = {key for one in roster.contacts for key in _addresses(one)} | {
        address_key(one) for one in ours
    }
    contacts = (replace(one, key_blob=_handed_out(one, everybody)) for one in roster.contacts)
    return parts.files(replace(roster, contacts=tuple(contacts)), config, tlds, history)


def _handed_out(contact: RosterContact, everybody: Collection[str]) -> bytes | None:
    own = _addresses(contact)
    return for_others(contact.key_blob or b"", own, lambda one: one in everybody and one not in own) or None


def _addresses(contact: RosterContact) -> set[str]:
    return {address_key(one) for one in (contact.email, contact.emergency_email) if one}


def make_aside(
    roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
) -> tuple[RosterFile, ...]:
    """The same in a process started for this alone.

    Raises WorkerGone if it dies or takes too long, WorkerNotStarted if it can't be made.
    """
    worker = Worker(1, MOST_SECONDS)
    try:
        return worker.ask(_make_giving_way, roster, config, tlds, history)
    finally:
        worker.end()
        worker.process.join(BURIAL_SECONDS)  # or it would be a zombie until the next one is started


def _make_giving_way(*of: Any) -> tuple[RosterFile, ...]:
    give_way()
    return make_files(*of)


@dataclass(frozen=True, slots=True)
class RosterPress:
    """Makes one edition at a time, which then serves all who ask."""

    database: Database
    signer: Signer
    config: Config
    tlds: TldTable
    now: Callable[[], datetime]
    make: Make = make_aside
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, waits: bool = True) -> Ready:
        """The present roster with its files, made if need be; without them if they can't be made.

        While they are being made for somebody else, this waits for them, or else raises RosterBeingMade.
        """
        if not self._busy.acquire(blocking=waits):
            raise RosterBeingMade
        try:
            return self._prepare()
        except (GpgUnavailable, WorkerGone, WorkerNotStarted) as problem:
            log.warning("the files of the roster could not be made: %s", type(problem).__name__)
            with self.database.read() as session:
                return as_it_stands(session, self.config, self.tlds, self.now())
        finally:
            self._busy.release()

    def prepare_what_is_due(self) -> Ready | None:
        """The same; None if no roster is due to be sent."""
        with self.database.read() as session:
            is_due = is_wanted(session, self.config, self.now())
        return self.prepare() if is_due else None

    def _prepare(self) -> Ready:
        """Looks again at the end: somebody may have joined or left while the files were made."""
        for _ in range(MOST_TRIES):
            now = self.now()
            with self.database.read() as session:
                wanted = manuscript(session, self.config, self.tlds, now)
                held = printed_rosters.held(session, wanted.digest, now)
            if held is not None:
                return ready(wanted, held, self.config)
            edition = self._edition(wanted)
            with self.database.write(Urgency.DELIVERY) as session:
                printed_rosters.keep(session, wanted.digest, edition)
            log.info("made and signed the files of a roster: %d", len(edition.files))
        return ready(wanted, edition, self.config)

    def _edition(self, wanted: Manuscript) -> Edition:
        made = self.make(wanted.roster, self.config, self.tlds, wanted.history)
        signed = tuple(replace(one, signature=self.signer.sign_detached(one.octets)) for one in made)
        return Edition(wanted.roster.made_at, wanted.roster.audit_head, signed)
