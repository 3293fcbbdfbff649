"""What only one node should do at a time, such as asking IANA; the store says whose turn it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.store import turns
from tldops_bot.store.database import Database, Urgency

TURN = timedelta(hours=2)  # a node that is gone keeps it no longer than that


@dataclass(frozen=True, slots=True)
class OneNode:
    """Runs something unless another node is at it. SQLite means one node, so there is nobody to wait for."""

    database: Database
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def run(self, name: str, does: Callable[[], object]) -> bool:
        """Do it, if it is this node's turn; returns whether it was."""
        if self.database.is_sqlite:
            does()
            return True
        word, now = self.random(8).hex(), self.now()
        with self.database.write(Urgency.DELIVERY) as session:
            if not turns.take(session, name, word, now, now + TURN):
                return False
        try:
            does()
        finally:
            with self.database.write(Urgency.DELIVERY) as session:
                turns.give_back(session, name, word)
        return True
