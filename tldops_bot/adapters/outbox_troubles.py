"""Which copy fails by itself: one that keeps failing while others succeed is set aside.

Where nothing works for anybody, the fault is not the copy's, and it waits.
"""

from typing import Final

MOST_FAILURES: Final = 10  # of a copy that gpg or Sequoia, or we ourselves, can't make
MOST_STUMBLES: Final = 30  # of a copy that the smarthost fails at without refusing it: half an hour and more


class Troubles:
    """Counts the failures of one stage, in memory only: a restart gives everything another chance."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._works = 0
        self._failed: dict[int, tuple[int, int, int]] = {}

    def worked(self) -> None:
        """Something went through."""
        self._works += 1

    def failed(self, delivery: int) -> int:
        """Count one more failure; returns how many there are by now."""
        times, lonely, seen = self._failed.get(delivery, (0, 0, -1))
        self._failed[delivery] = (times + 1, lonely + (self._works != seen), self._works)
        return times + 1

    def is_its_own(self, delivery: int) -> bool:
        """Whether it has failed so often, while others went through, that it should be set aside."""
        return self._failed.get(delivery, (0, 0, 0))[1] >= self._most

    def forget(self, delivery: int) -> None:
        self._failed.pop(delivery, None)
