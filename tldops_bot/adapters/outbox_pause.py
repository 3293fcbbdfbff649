"""When to leave the smarthost alone: for a while after each failure of its own, longer each time."""

import asyncio
import logging
from collections.abc import Callable

LONGEST_PAUSE_SECONDS = 30.0

log = logging.getLogger(__name__)


class Pause:
    """After a failure that is the smarthost's and not a recipient's, nothing is tried for a while."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self.troubles = 0
        self._until = 0.0
        self._jitter = jitter

    @property
    def is_on(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    def begin(self, code: int) -> None:
        """Twice as long each time; what fails while the pause is on counts as the same failure.

        `code` is what the smarthost said, 0 for nothing.
        """
        if self.is_on:
            return
        self.troubles += 1
        seconds = min(LONGEST_PAUSE_SECONDS, 2.0 ** min(self.troubles - 1, 10)) * (1 + 0.2 * self._jitter())
        self._until = asyncio.get_running_loop().time() + seconds
        said = f"it says {code}" if code else "no answer"
        log.warning("the smarthost can't be used (%s), next try in %.0f s", said, seconds)

    def end(self) -> None:
        """The smarthost works."""
        if self.troubles:
            log.info("the smarthost can be used again")
        self.troubles = 0
