"""The roster with its files, made and signed beforehand, so that no transaction waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures, weekly
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_edition import Edition
from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.roster import parts
from tldops_bot.store import figures, printed_rosters
from tldops_bot.store.database import Session
from tldops_bot.store.roster_rows import load_roster


class RosterBeingMade(Unavailable):
    """The files are being made for somebody else; soon they are there for all."""


@dataclass(frozen=True, slots=True)
class Manuscript:
    """Everything the files are made from, and the digest that identifies it."""

    roster: Roster
    history: Sequence[Figures]
    digest: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The roster of one moment, the files made from it (None: they can't be made), what is in everybody's mail.

    Whoever holds it may use it as it is: what changes a second later is in the next one, and this bears its date.
    """

    roster: Roster
    edition: Edition | None
    common: Mapping[str, Any]


def manuscript(session: Session, config: Config, tlds: TldTable, now: datetime) -> Manuscript:
    """The roster of this moment."""
    roster = load_roster(session, now, tlds, config.roster.constituencies)
    return Manuscript(roster, weekly(figures.history(session)), parts.digest(roster, config))


def ready(wanted: Manuscript, edition: Edition | None, config: Config) -> Ready:
    """The roster with files of the same date."""
    roster = wanted.roster if edition is None else parts.as_made(wanted.roster, edition)
    return Ready(roster, edition, parts.values(roster, config))


def as_it_stands(session: Session, config: Config, tlds: TldTable, now: datetime) -> Ready:
    """The roster of this moment, with files if somebody had them made from the same."""
    wanted = manuscript(session, config, tlds, now)
    return ready(wanted, printed_rosters.held(session, wanted.digest, now), config)
