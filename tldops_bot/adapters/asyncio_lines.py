"""The queue in front of each stage of delivery: most urgent first, held back while the next stage is full."""

import asyncio
import heapq
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """A queue by priority (smaller first), then by arrival. `octets` is the size of all that waits in it."""

    def __init__(self) -> None:
        self.octets = 0
        self._heap: list[tuple[int, int, int, T]] = []
        self._arrived = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._earlier: Line[Any] | None = None
        self._next: Line[Any] | None = None
        self._most_octets = 0

    def holds_back(self, earlier: "Line[Any]", most_octets: int) -> None:
        """Let nothing leave `earlier` while this queue holds `most_octets`.

        What is urgent (priority 0 or less) may fill it to twice as much.
        """
        self._earlier = earlier
        earlier._next = self
        earlier._most_octets = most_octets

    def put(self, priority: int, item: T, octets: int = 0) -> None:
        """Never waits."""
        self._arrived += 1
        self.octets += octets
        heapq.heappush(self._heap, (priority, self._arrived, octets, item))
        self._poke()

    async def get(self) -> T:
        """The most urgent item, as soon as it may leave."""
        while not self._may_leave():
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        _, _, octets, item = heapq.heappop(self._heap)
        self.octets -= octets
        if self._earlier is not None:
            self._earlier._poke()
        return item

    def _may_leave(self) -> bool:
        if not self._heap or self._next is None:
            return bool(self._heap)
        is_urgent = self._heap[0][0] <= 0
        return self._next.octets < self._most_octets * (2 if is_urgent else 1)

    def _poke(self) -> None:
        """Let one waiting `get` look again."""
        while self._waiters:
            waiter = self._waiters.pop()
            if not waiter.done():
                waiter.set_result(None)
                return
