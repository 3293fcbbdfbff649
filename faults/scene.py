"""One service under load, to which something is about to happen: its senders, its clock, and what is seen at once."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.post import Post, Wish, send_aside
from faults.process import PATIENCE_SECONDS, Process
from faults.town import FaultTown

MAILS = 24


@dataclass
class Scene:
    """One service under load."""

    town: FaultTown
    post: Post
    process: Process
    chance: Random
    clock: Path
    pace: float = 1.0  # less: fewer mails, shorter waits
    senders: list[threading.Thread] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what is seen at once, before the accounts

    def must(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def hand_in(self, count: int = MAILS, wait: bool = True) -> None:
        """Mails of all kinds, some of which may be put off."""
        more = int(count * self.pace) - 3
        mails = [self.post.write(wish) for wish in Wish] + [self.post.write() for _ in range(more)]
        self.senders += send_aside(self.process.port, mails)
        if wait:
            self.join()

    def join(self) -> None:
        """Wait until every mail has an answer, good or bad."""
        for one in self.senders:
            one.join(PATIENCE_SECONDS)
        self.senders.clear()

    def some_time(self, seconds: float) -> None:
        time.sleep(seconds * self.pace)
