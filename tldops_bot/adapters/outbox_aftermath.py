"""What must be said because of how a delivery ended, in the transaction that marks it: said once."""

import logging
from collections.abc import Callable
from typing import Any

from tldops_bot.store.database import is_temporary
from tldops_bot.store.outbox import Claimed

Aftermath = Callable[[Any, Claimed], None]  # the first argument is the session

log = logging.getLogger(__name__)


def told(aftermath: Aftermath, session: Any, claimed: Claimed) -> None:
    """A letter that can't be rendered is not sent, and the mark counts all the same."""
    try:
        with session.begin_nested():
            aftermath(session, claimed)
    except Exception as problem:
        if is_temporary(problem):
            raise
        log.error("delivery %d: nobody could be told: %s", claimed.id, type(problem).__name__)
