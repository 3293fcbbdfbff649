"""Members who write mails, and send each again until it is answered 250, as a mail server would."""

import re
import smtplib
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from random import Random

from tests.desk import LIST_LINE
from tests.keys import LIST_ADDRESS, KeyPair

_SUBJECT = re.compile(rb"(?mi)^Subject: [^\r\n]*?no\. (\d+)\.")
TIMEOUT_SECONDS = 60.0


class Wish(StrEnum):
    """What a mail is for."""

    UPDATE = "update"
    QUERY = "query"
    ALERT = "alert"


WISHES = (Wish.UPDATE, Wish.UPDATE, Wish.UPDATE, Wish.QUERY, Wish.QUERY, Wish.ALERT)


@dataclass(slots=True)
class Written:
    """One mail, and what its writer knows of it."""

    number: int
    wish: Wish
    author: str
    octets: bytes
    tries: int = 0
    is_answered: bool = False


@dataclass
class Post:
    """All mails ever written, by number."""

    people: tuple[KeyPair, ...]
    chance: Random
    written: dict[int, Written] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def write(self, wish: Wish | None = None) -> Written:
        """Another mail by somebody."""
        number, who = next(self._numbers), self.chance.choice(self.people)
        wish = wish or self.chance.choice(WISHES)
        words = {
            Wish.UPDATE: f"UPDATE\n{LIST_LINE}\nPostal: House {number}\n",
            Wish.QUERY: "QUERY nl\n",
            Wish.ALERT: f"ALERT\n{LIST_LINE}\nTitle: Number {number}\n\nLook at your delegations.\n",
        }[wish]
        text = f"# {number}\n{words}" if wish is not Wish.ALERT else words
        octets = who.pgp_mime_signed(text, {"Subject": f"no. {number}."})
        one = self.written[number] = Written(number, wish, who.address, octets)
        return one

    def unanswered(self) -> list[Written]:
        """What is still in its sender's queue."""
        return [one for one in self.written.values() if not one.is_answered]

    @property
    def answered(self) -> int:
        return sum(one.is_answered for one in self.written.values())


def send(port: int, mails: list[Written]) -> None:
    """Hand mails over one after the other, until one fails for want of a service."""
    with suppress(OSError, smtplib.SMTPException):
        client = smtplib.SMTP("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            for one in mails:
                one.tries += 1
                with suppress(smtplib.SMTPDataError):  # put off: it stays in the queue
                    client.sendmail(one.author, [LIST_ADDRESS], one.octets)
                    one.is_answered = True
        finally:
            client.close()


def send_aside(port: int, mails: list[Written], connections: int = 2) -> list[threading.Thread]:
    """The same over several connections at a time; the threads that do it."""
    threads = [
        threading.Thread(target=send, args=(port, mails[number::connections]), daemon=True)
        for number in range(connections)
    ]
    for one in threads:
        one.start()
    return threads


def number_of(octets: bytes) -> int | None:
    """Which of our mails this is, or answers; by its outer subject."""
    head = octets.partition(b"\r\n\r\n")[0]
    found = _SUBJECT.search(head)
    return int(found[1]) if found else None
