"""On what terms mail is accepted, and who is connected now: what all dialogues share."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from tldops_bot.domain.envelope import Envelope


class NotStored(Exception):
    """The raw mail could not be committed; the sender is asked to try again (451)."""


IsOurs = Callable[[str], bool]
Accept = Callable[[bytes, Envelope], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Terms:
    """`max_held_bytes` bounds the content of all dialogues together; beyond it the answer is 452."""

    hostname: str
    is_lmtp: bool
    max_message_bytes: int
    max_held_bytes: int
    tls: ssl.SSLContext | None
    is_ours: IsOurs
    accept: Accept


class Guest(Protocol):
    """What the listener asks of a dialogue."""

    def idle_seconds(self) -> float: ...
    def dismiss(self) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


@dataclass(slots=True)
class Present:
    """The dialogues open now, the commits under way, and the octets of content held in memory for both."""

    dialogues: set[Guest] = field(default_factory=set)
    commits: set[asyncio.Task[None]] = field(default_factory=set)
    held_bytes: int = 0
    all_gone: asyncio.Event = field(default_factory=asyncio.Event)

    def arrive(self, guest: Guest) -> None:
        self.dialogues.add(guest)
        self.all_gone.clear()

    def leave(self, guest: Guest) -> None:
        self.dialogues.discard(guest)
        if not self.dialogues:
            self.all_gone.set()
