"""The files of a roster; the printed one is made once for all who ask while nothing in it changes."""

from datetime import datetime

from sqlalchemy.orm import Session

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import weekly
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.domain.roster import Roster
from tldops_bot.roster import parts
from tldops_bot.store import figures, printed_rosters


def roster_files(
    session: Session, roster: Roster, config: Config, tlds: TldTable, now: datetime
) -> tuple[Attachment, ...]:
    """What is attached to the roster."""
    history = weekly(figures.history(session))
    digest = parts.digest(roster, config, history)
    printed = printed_rosters.held(session, digest, now)
    if printed is None:
        printed = parts.printed(roster, config, tlds, history)
        printed_rosters.keep(session, digest, printed, now)
    return parts.files(roster, printed)
