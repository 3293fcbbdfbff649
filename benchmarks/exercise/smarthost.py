"""A smarthost on loopback that is slow, puts off, refuses, hangs up, and dies half-way; it keeps what it has taken."""

import asyncio
from collections.abc import Iterable

from tests.ports import free_port
from tests.sink import DROP, Sink, SunkMail, ThreadedSink

DOWN_SECONDS = 2.0


class BadSmarthost(Sink):
    """Takes mail; for some it hangs up on everybody before it can say so, and once it is down for a while."""

    def __init__(self) -> None:
        super().__init__(port=free_port())  # its own also while it is down
        self.hang_up_on: set[str] = set()
        self.dies_after: int | None = None
        self.deaths = self.hung_up = 0
        self._comes_back: asyncio.Task[None] | None = None

    def take(self, mail: SunkMail) -> None:
        super().take(mail)
        if self.dies_after is not None and self.taken >= self.dies_after:
            self.dies_after = None
            self._comes_back = asyncio.create_task(self._die())
        elif mail.rcpt in self.hang_up_on:
            self.hang_up_on.discard(mail.rcpt)
            self.hung_up += 1
            self.drop_all()  # taken, but no 250 was seen: it will come again

    async def _die(self) -> None:
        self.deaths += 1
        await self.close()
        await asyncio.sleep(DOWN_SECONDS)
        await self.__aenter__()


class BadSmarthostThread(ThreadedSink):
    """The same on a loop and thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.bad = self.sink = BadSmarthost()

    def refuses(self, addresses: Iterable[str]) -> None:
        """No such user, at RCPT."""
        for one in addresses:
            self.answer("RCPT", "550 5.1.1 No such user", match=f"<{one}>")

    def refuses_content(self, addresses: Iterable[str]) -> None:
        """A filter that will not have it, after the content."""
        for one in addresses:
            self.answer(".", "554 5.7.1 Not wanted here", match=one)

    def is_full(self, addresses: Iterable[str]) -> None:
        """A mailbox over its quota, for as long as the exercise lasts."""
        for one in addresses:
            self.answer("RCPT", "452 4.2.2 Mailbox full", match=f"<{one}>")

    def greylists(self, addresses: Iterable[str]) -> None:
        """Not at the first two tries."""
        for one in addresses:
            self.answer("RCPT", "451 4.7.1 Try again later", match=f"<{one}>", times=2)

    def is_slow(self, addresses: Iterable[str], seconds: float) -> None:
        """Thinks long about each mail."""
        for one in addresses:
            self.answer(".", match=one, delay=seconds)

    def hangs_up(self, before: Iterable[str], after: Iterable[str]) -> None:
        """After the content and without a word, once each: `before` it has taken the mail, or `after`."""
        for one in before:
            self.answer(".", DROP, match=one, times=1)
        self.bad.hang_up_on |= set(after)
