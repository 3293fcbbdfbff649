"""Whose turn it is to do something that only one node does at a time."""

from datetime import datetime

from sqlalchemy.orm import Session

from tldops_bot.store import facts

_PREFIX = "turn:"


def take(session: Session, name: str, word: str, now: datetime, until: datetime) -> bool:
    """Take the turn until then, unless somebody has it; `word` names the taker."""
    holder, _, ends = facts.get(session, _PREFIX + name).partition(" ")
    if holder and datetime.fromisoformat(ends) > now:
        return False
    facts.put(session, _PREFIX + name, f"{word} {until.isoformat()}")
    return True


def give_back(session: Session, name: str, word: str) -> None:
    """It is over; nothing, if another has taken the turn meanwhile."""
    if facts.get(session, _PREFIX + name).partition(" ")[0] == word:
        facts.put(session, _PREFIX + name, "")
