"""How full is too full: a bound in octets, and a share where the whole disk is small."""

import pytest

from tldops_bot.domain.disk_room import Room, judge_room
from tldops_bot.domain.finding import State

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (100 * GB, 50 * GB, State.OK),
        (100 * GB, GB, State.OK),
        (100 * GB, GB - 1, State.WARNING),
        (100 * GB, GB // 10 - 1, State.BROKEN),
        (2 * GB, GB // 2, State.OK),
        (2 * GB, GB // 5 - 1, State.WARNING),
        (2 * GB, 20_000_000 - 1, State.BROKEN),
        (0, 0, State.OK),  # a file system that says nothing of its size
    ],
)
def test_room_is_judged(total: int, free: int, state: State) -> None:
    assert judge_room(Room(total, free)) is state
