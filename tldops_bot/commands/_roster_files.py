"""The roster with its files, made and signed beforehand, so that no transaction waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures, weekly
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_edition import Edition
from tldops_bot.roster import parts
from tldops_bot.store import figures, printed_rosters
from tldops_bot.store.database import Session
from tldops_bot.store.roster_rows import load_roster


@dataclass(frozen=True, slots=True)
class Manuscript:
    """Everything the files are made from, and the digest that identifies it."""

    roster: Roster
    history: Sequence[Figures]
    digest: str


def manuscript(session: Session, config: Config, tlds: TldTable, now: datetime) -> Manuscript:
    """The roster of this moment."""
    roster = load_roster(session, now, tlds, config.roster.constituencies)
    history = weekly(figures.history(session))
    return Manuscript(roster, history, parts.digest(roster, config, history))


def with_files(
    session: Session, config: Config, tlds: TldTable, now: datetime
) -> tuple[Roster, Edition | None]:
    """The roster of this moment with files of the same date; None if they are not made yet."""
    wanted = manuscript(session, config, tlds, now)
    edition = printed_rosters.held(session, wanted.digest, now)
    return (wanted.roster, None) if edition is None else (parts.as_made(wanted.roster, edition), edition)
