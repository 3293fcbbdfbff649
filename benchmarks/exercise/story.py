"""The exercise as it goes: posted, delivered, answered, reported after 5 minutes, an hour and a day, and called about.

The service is the real one, with a clock that is moved once nothing is left to do at the present moment.
"""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from random import Random

from sqlalchemy import select
from sqlalchemy import text as sql

from benchmarks.exercise.cast import Contact, Habit, enrol_cast, make_cast, set_up
from benchmarks.exercise.smarthost import BadSmarthostThread
from tests.desk import LIST_LINE, Desk, fresh_home
from tests.keys import KeyPair, person
from tests.letterbox import Got, parse
from tests.service import Running, Town
from tests.sink import SunkMail
from tldops_bot.app import App
from tldops_bot.config import Config
from tldops_bot.domain.alert_reach import REPORTED_AFTER
from tldops_bot.store.tables import Alert

Say = Callable[[str], None]

STEPS = (
    (0.5, 1, 2, 3, 4, 5),
    (8, 12, 20, 30, 45, 60),
    (90, 150, 240, 480, 720, 1440),
)  # minutes, a report after each
PATIENCE_SECONDS = 300.0
ANSWERS_ITS_PHONE = 0.6
TRIES_MORE = 20
FULL = 452  # what a full mailbox says, and nobody waits for
_BEGIN, _END = b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"
TITLE = "What if a registrar's accounts were taken over"
TEXT = f"""EXERCISE
{LIST_LINE}
When: now
TLP: AMBER
Title: {TITLE}

Suppose that somebody changes delegations through a registrar's accounts since this
morning. Look at what was changed since 04:00 UTC, and say what you would do.
"""


class Clock:
    """The real time, and how far it was moved."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward_to(self, moment: datetime) -> None:
        """Never back."""
        self._ahead += max(moment - self(), timedelta(0))


@dataclass
class Story:
    """One exercise, and what is known of it so far."""

    place: Town
    smarthost: BadSmarthostThread
    clock: Clock
    cast: Sequence[Contact]
    carol: KeyPair
    chance: Random
    say: Say
    config: Config
    treated: dict[str, int]
    number: str = ""
    posted_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    answered_at: float = 0.0  # time.monotonic() of the 250 to the poster
    opened: int = 0  # copies that their readers' own keys have opened
    acknowledged: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)
    called: dict[str, bool] = field(default_factory=dict)
    reports: list[Got] = field(default_factory=list)

    def run(self) -> None:
        """From the first mail to the last report."""
        self._post()
        for steps, after in zip(STEPS, REPORTED_AFTER, strict=True):
            for minutes in steps:
                self._move(minutes)
                self._bounce()
                self._answer(minutes)
            self._report(after)
            if after < REPORTED_AFTER[-1]:
                self._call()
        self._close()
        self._read_all()

    def _close(self) -> None:
        """Try once more what was taken without a word of it, and stop: from now on nothing changes."""
        for _ in range(TRIES_MORE):
            if not self._is_in_doubt():
                break
            self.clock.forward_to(self.clock() + timedelta(minutes=5))
            assert self.place.running is not None
            self.place.running.service.delivery.wake()
            self._settle()
        if self.place.running is not None:
            self.place.running.stop()
            self.place.running = None

    def _is_in_doubt(self) -> bool:
        with self.place.desk.app.database.read() as session:
            waiting = session.execute(sql("SELECT last_code FROM deliveries WHERE state = 'waiting'")).all()
        return any(code != FULL for (code,) in waiting)

    def _post(self) -> None:
        self.say("posting the exercise")
        self.place.say(self.carol, TEXT, at=self.clock())
        self.answered_at = time.monotonic()
        self._settle()
        with self.place.desk.look() as session:
            posted = session.scalars(select(Alert)).one()
            self.number, self.posted_at = posted.id, posted.posted_at

    def _move(self, minutes: float) -> None:
        self.say(f"{minutes} minutes after")
        self.clock.forward_to(self.posted_at + timedelta(minutes=minutes))
        assert self.place.running is not None
        self.place.running.service.delivery.wake()
        self._settle()

    def _settle(self) -> None:
        """Until nothing is due, and nothing in flight: what one thing leads to is written in one transaction with it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._is_busy():
            assert time.monotonic() < until, "it never gets quiet"
            time.sleep(0.05)

    def _is_busy(self) -> bool:
        with self.place.desk.app.database.read() as session:
            mails = session.scalar(sql("SELECT count(*) FROM inbox WHERE state <> 'done'")) or 0
            copies = session.execute(
                sql("SELECT state, next_attempt_at FROM deliveries WHERE state IN ('waiting', 'sending')")
            ).all()
        now = f"{self.clock():%Y-%m-%d %H:%M:%S}"
        return bool(mails) or any(state == "sending" or str(again) <= now for state, again in copies)

    # --- what contacts do

    def alert_to(self, one: Contact) -> SunkMail | None:
        """The copy somebody has in their mailbox."""
        for sunk in self.smarthost.mails:
            if sunk.rcpt == one.address and self.number in _subject(sunk) and "[TLP:" in _subject(sunk):
                return sunk
        return None

    def _answer(self, minutes: float) -> None:
        for one in self.cast:
            if one.address in self.acknowledged or one.answers_after > minutes:
                continue
            if one.habit in (Habit.ANSWERS, Habit.PHONE) and (copy := self.alert_to(one)) is not None:
                self._acknowledge(one, copy)
                self.acknowledged.add(one.address)
        self._settle()

    def _acknowledge(self, one: Contact, copy: SunkMail) -> None:
        if one.habit is Habit.PHONE:
            token = re.search(r"\(ACK ([\w-]{19})\)", _subject(copy))
            assert token, _subject(copy)
            self.place.write(
                f"phone{one.member.number}@phone.example", f"ACK {token[1]}\n\nSent from my phone"
            )
        else:
            words = "volunteer" if one.is_volunteer else "nothing was changed here"
            self.place.send(one.member.signed_mail(f"ACK {self.number} {words}\n"), one.address)

    def _bounce(self) -> None:
        bouncing = (
            one for one in self.cast if one.habit is Habit.BOUNCES and one.address not in self.bounced
        )
        for one in bouncing:
            if (copy := self.alert_to(one)) is not None:
                self.place.send(_bounce_of(copy), "", copy.mail_from)
                self.bounced.add(one.address)

    def _call(self) -> None:
        """The volunteers call whom their own sheet names, and send back what they found."""
        for one in self.cast:
            if not one.is_volunteer:
                continue
            tlds = [tld for tld in self._own_sheet(one) if not self.called.get(tld)]
            found = {tld: self.chance.random() < ANSWERS_ITS_PHONE for tld in tlds}
            self.called |= found
            for verb, is_reached, words in (
                ("REACHED", True, "they look"),
                ("NOTREACHED", False, "nobody answers"),
            ):
                some = [tld for tld, reached in found.items() if reached is is_reached]
                for at in range(0, len(some), 20):
                    line = f"{verb} {self.number} {' '.join(some[at : at + 20])}: {words}\n{LIST_LINE}\n"
                    self.place.send(one.member.signed_mail(line), one.address)
        self._settle()

    def _own_sheet(self, one: Contact) -> list[str]:
        """The TLDs on the newest part of the call sheet that somebody got."""
        for sunk in reversed(self.smarthost.mails):
            if sunk.rcpt == one.address and "TLDs to call" in _subject(sunk):
                return _tlds_on_sheet(one.member.decrypt(ciphertext(sunk)))
        return []

    # --- what the committee gets

    def _report(self, after: timedelta) -> None:
        self.say(f"the report after {after}")
        assert self.place.running is not None
        self.place.running.service.calls["report_reach"][1]()
        self._settle()
        self.reports.append(self.place.next_to(self.carol, "how far it got"))

    def _read_all(self) -> None:
        """Every copy opens with its reader's key, and holds the poster's own words."""
        for one in self.cast:
            copy = self.alert_to(one) if one.habit is not Habit.KEYLESS else None
            if copy is not None:
                opened = one.member.decrypt(ciphertext(copy))
                assert TITLE.encode() in opened, "a copy without the words"
                assert b"EXERCISE" in opened, "a copy that does not say what it is"
                self.opened += 1


@contextmanager
def staged(tlds: int, contacts: int, seed: int, say: Say) -> Iterator[Story]:
    """The service up and running, the contacts listed, the smarthost set to misbehave."""
    chance, clock = Random(seed), Clock()
    far = (clock() + timedelta(days=60)).month
    with (
        BadSmarthostThread() as smarthost,
        fresh_home(smarthost.port, f'[roster]\nschedule = "0 6 1 {far} *"') as config,
    ):
        say("making keys")
        cast, carol = make_cast(contacts, chance), person("Carol Example", "carol.sample@committee.example")
        desk = Desk(App(config), clock().replace(microsecond=0))
        enrol_cast(desk.app.database, cast, tlds, desk.now)
        desk.member(carol, office="committee")
        place = Town(config, smarthost, desk)
        place.roster_is_sent()
        treated = set_up(smarthost, cast, chance)
        place.running = Running(config, clock)
        place.running.start()
        try:
            yield Story(place, smarthost, clock, cast, carol, chance, say, config, treated)
        finally:
            if place.running is not None:
                place.running.stop()
            desk.app.close()


def _subject(sunk: SunkMail) -> str:
    return str(headers(sunk)["Subject"])


def headers(sunk: SunkMail) -> dict[str, str]:
    """The headers that whoever carries a mail can read."""
    head, _, _ = sunk.octets.partition(b"\r\n\r\n")
    return {
        name: " ".join(str(value).split()) for name, value in BytesHeaderParser().parsebytes(head).items()
    }


def ciphertext(sunk: SunkMail) -> bytes:
    return sunk.octets[sunk.octets.index(_BEGIN) : sunk.octets.index(_END) + len(_END)]


def _tlds_on_sheet(entity: bytes) -> list[str]:
    """The A-labels in the first column of the attached table."""
    for part in parse(entity).walk():
        if part.get_filename() == "call-sheet.csv":
            content = part.get_content()
            octets = content if isinstance(content, bytes) else content.encode()
            rows = csv.DictReader(io.StringIO(octets.decode("utf-8-sig")))
            names = dict.fromkeys(row["tld"] for row in rows)
            return [re.sub(r"^.*\((.*)\)$", r"\1", name) for name in names]
    return []


def _bounce_of(copy: SunkMail) -> bytes:
    text = (
        "From: MAILER-DAEMON@registry.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=b"\n\n'
        "--=b\nContent-Type: text/plain\n\nNo such user\n--=b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.registry.example\n\nFinal-Recipient: rfc822; {copy.rcpt}\n"
        "Action: failed\nStatus: 5.1.1\n\n--=b--\n"
    )
    return text.replace("\n", "\r\n").encode()
