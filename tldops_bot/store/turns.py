"""Whose turn it is to do what only one node may do at a time."""

from datetime import datetime

from sqlalchemy.orm import Session

from tldops_bot.store import facts

_PREFIX = "turn:"


def take(session: Session, name: str, word: str, now: datetime, until: datetime) -> bool:
    """Take the turn until then, unless somebody else has it; `word` names the taker."""
    holder, _, ends = facts.get(session, _PREFIX + name).partition(" ")
    if holder and datetime.fromisoformat(ends) > now:
        return False
    facts.put(session, _PREFIX + name, f"{word} {until.isoformat()}")
    return True


def give_back(session: Session, name: str, word: str) -> None:
    """End the turn; does nothing if somebody else has taken it meanwhile."""
    if facts.get(session, _PREFIX + name).partition(" ")[0] == word:
        facts.put(session, _PREFIX + name, "")
