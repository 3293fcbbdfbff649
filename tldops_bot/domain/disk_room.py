"""How much room a disk must have: what can't be stored is not accepted, and SQLite needs some itself."""

from dataclasses import dataclass
from typing import Final

from tldops_bot.domain.finding import State

FULL_BYTES: Final = 100_000_000  # a few mails of the largest size, and what they leave behind
LOW_BYTES: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """How large a disk is, and how much of it is left."""

    total_bytes: int
    free_bytes: int


def judge_room(room: Room) -> State:
    """Disks smaller than the bounds are judged by share: a tenth left is low, a hundredth is full."""
    if room.free_bytes < min(FULL_BYTES, room.total_bytes // 100):
        return State.BROKEN
    return State.WARNING if room.free_bytes < min(LOW_BYTES, room.total_bytes // 10) else State.OK
