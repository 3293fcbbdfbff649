"""The people of the simulated year: each reads a mail, and answers by the rules printed in it, or does not."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from benchmarks.year.post import Mail, PostOffice
from tests.keys import LIST_ADDRESS, KeyPair

LIST_LINE = f"List: {LIST_ADDRESS}"
A_DAY = timedelta(days=1)
NO_SUCH_MAILBOX, MAILBOX_FULL = "5.1.1", "5.2.2"
PROMPT, SLOW, SILENT = "prompt", "slow", "silent"
_DAYS_TO_ANSWER = {PROMPT: 0.5, SLOW: 4.0, SILENT: 4.0}
_ANSWERS = {PROMPT: 0.98, SLOW: 0.6, SILENT: 0.0}  # the share of questions that lead to anything


class Around(Protocol):
    """What a person needs of the world."""

    post: PostOffice
    random: random.Random
    now: datetime
    hurry: float

    def after(self, days: float, act: Callable[[], object]) -> None: ...


class Reader:
    """Somebody with a mailbox, a key perhaps, and a pace."""

    rules: ClassVar[Sequence[tuple[str, str]]] = ()

    def __init__(self, world: Around, name: str, address: str, pace: str) -> None:
        self.world, self.name, self.address, self.pace = world, name, address, pace
        self.fails, self.is_read = "", True
        self.key: KeyPair | None = None
        self.key_ends: datetime | None = None
        self.keys: set[str] = set()
        self.last: dict[str, Mail] = {}

    def read(self, got: Mail) -> None:
        """What a mail makes its reader do; nothing, where the key to open it is gone."""
        if not self.is_read or (got.fingerprint and got.fingerprint not in self.keys):
            return
        for subject, does in self.rules:
            if re.match(subject, got.subject):
                self.last[does] = got
                getattr(self, does)(got)
                return

    # --- what a person can do

    @property
    def can_sign(self) -> bool:
        return self.key_ends is None or self.world.now < self.key_ends

    def say(
        self, text: str, subject: str, to: str = "", signs: bool = False, files: Sequence[bytes] = ()
    ) -> None:
        """A mail to the list, signed now where it is to be and there is a key."""
        if signs and self.key is not None and self.can_sign:
            top = {"Subject": subject, "From": f"{self.name} <{self.address}>"}
            raw = self.key.pgp_mime_signed(text, top, at=self.world.now, attachments=files)
            self.world.post.bring(raw, self.address, to)
        else:
            self.world.post.write(self.address, text, subject, to)

    def hand_back(self, got: Mail, verb: str = "CONFIRM", words: str = "", eager: bool = False) -> None:
        """Send the line back that stands in the mail, if there is one: soon, or as is one's habit."""
        token = got.token(verb)
        delay = self.patience(eager)
        if not token or delay is None:
            return
        signs = "and sign the mail" in got.text
        line, subject = f"{verb} {token} {words}".strip(), f"Re: {got.subject}"
        self.world.after(delay, lambda: self.still() and self.say(line, subject, got.reply_to, signs))

    def still(self) -> bool:
        """Whether one is there to do what one meant to."""
        return self.is_read and not self.fails

    def patience(self, eager: bool = False) -> float | None:
        """In how many days something is done; None for never."""
        if not eager and self.world.random.random() > _ANSWERS[self.pace]:
            return None
        return self.world.random.expovariate(1 / (0.2 if eager else _DAYS_TO_ANSWER[self.pace]))

    def agree(self, got: Mail) -> None:
        """It is about what one asked for oneself."""
        self.hand_back(got, eager=True)

    def answer(self, got: Mail) -> None:
        """A question the program came up with."""
        self.hand_back(got)
