"""Four hundred days in a minute: who answers is left in peace, who is silent is never lost, nothing is stuck."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.clockwork import DAY, come_back, tick
from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import stored
from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.domain.token import token_digest
from tldops_bot.store.tables import Delivery, Entry, Message, Person, Token

JOBS_OF_THE_CLOCK = ("ask_still_right", "probe_mailboxes", "forget_old")
DAYS = 400
ADMIN = "admin@registry.example"
MINE, OTHERS, SILENT = "letters/still_right", "letters/still_there", "letters/silent"
PROBE, FAILED, FAILED_OTHER = "letters/probe", "letters/mailbox_failed", "letters/mailbox_failed_other"


@dataclass(frozen=True)
class Somebody:
    """A contact, and how they behave; `answers_on` is the mail of a round that they answer, 0 is none."""

    name: str
    address: str
    tld: str
    answers_on: int
    dead_days: range = range(0)
    spare: str = ""


PROMPT = Somebody("Ann Example", "ann@nic.example", "nl", 1)
SLOW = Somebody("Bob Example", "bob.sample@nic.example", "nl", 3)
LATE = Somebody("Eve Example", "eve.sample@nic.example", "be", 7)
SILENT_ONE = Somebody("Dora Example", "dora.sample@nic.example", "be", 0)
MOVED = Somebody("Fay Example", "fay.sample@nic.example", "nl", 4, range(1, 1000), "fay@home.example")
BROKEN = Somebody("Gus Example", "gus.sample@nic.example", "lu", 6, range(150, 230))
EVERYBODY = (PROMPT, SLOW, LATE, SILENT_ONE, MOVED, BROKEN)


@dataclass
class Life:
    """A town of six contacts and a committee, day after day."""

    desk: Desk
    stale_days: Counter[str] = field(default_factory=Counter)
    failed_days: Counter[str] = field(default_factory=Counter)

    def begin(self, carol: KeyPair) -> None:
        self.desk.now = datetime(2026, 1, 1, 6, tzinfo=UTC)
        for tld in ("nl", "be", "lu"):
            self.desk.iana(tld, ADMIN)
        for one in EVERYBODY:
            number = self.desk.member(one, one.tld, keyless=True)
            with self.desk.app.database.write() as session:
                session.get_one(Person, number).emergency_email = one.spare
                session.get_one(Person, number).emergency_proven_at = self.desk.now if one.spare else None
        self.desk.member(carol, office="committee")

    def live(self) -> None:
        for day in range(1, DAYS + 1):
            self.desk.later(days=1)
            for _ in range(2):  # a doubled tick changes nothing
                tick(self.desk, *JOBS_OF_THE_CLOCK)
            self._post(day)
            for one in EVERYBODY:
                self._answer(one, day)
            with self.desk.look() as session:
                for person in session.scalars(select(Person)):
                    self.stale_days[person.email] += person.stale_at is not None
                    self.failed_days[person.email] += person.mailbox_failed_at is not None

    def _post(self, day: int) -> None:
        """The mails of the day arrive, or come back."""
        come_back(self.desk, *(one.address for one in EVERYBODY if day in one.dead_days))
        with self.desk.app.database.write() as session:
            session.execute(
                update(Delivery)
                .where(Delivery.state == "waiting")
                .values(state="taken", finished_at=self.desk.now)
            )
            session.execute(update(Message).values(entity=None, done_at=self.desk.now))

    def _answer(self, one: Somebody, day: int) -> None:
        boxes = [*([] if day in one.dead_days else [one.address]), *([one.spare] if one.spare else [])]
        for box in boxes:
            for letter in self.desk.to(box):
                is_now = letter.values.get("asked") == one.answers_on and letter.template == MINE
                if (is_now or letter.template == PROBE) and self._is_open(str(letter.values["token"])):
                    self.desk.write(box, f"CONFIRM {letter.values['token']}")

    def _is_open(self, words: str) -> bool:
        with self.desk.look() as session:
            token = session.scalar(select(Token).where(Token.digest == token_digest(words)))
            return token is not None and token.used_at is None and token.expires_at > self.desk.now

    def mails(self, address: str) -> Counter[str]:
        found = [one.template for one in self.desk.to(address)]
        return Counter(one for one in found if one != "reply")


@pytest.fixture(scope="module")
def life(carol: KeyPair) -> Iterator[Life]:
    with open_desk() as desk:
        one = Life(desk)
        one.begin(carol)
        one.live()
        yield one


def test_who_answers_is_asked_once_a_period_and_never_marked(life: Life) -> None:
    assert life.mails(PROMPT.address) - Counter({OTHERS: 99, FAILED_OTHER: 99}) == {MINE: 2}
    assert life.stale_days[PROMPT.address] == 0


def test_who_needs_reminders_gets_no_more_than_those(life: Life) -> None:
    assert life.mails(SLOW.address)[MINE] == 2 * 3
    assert life.stale_days[SLOW.address] == 0


def test_who_answers_late_is_marked_until_then(life: Life) -> None:
    assert life.mails(LATE.address)[MINE] >= 7
    assert life.stale_days[LATE.address] == 60
    assert stored(life.desk, LATE.address).stale_at is None


def test_the_silent_one_is_still_listed_still_asked_and_known_to_the_committee(life: Life) -> None:
    person = stored(life.desk, SILENT_ONE.address)
    assert person.stale_at is not None
    silent_days = (life.desk.now - person.stale_at) / DAY
    assert life.mails(SILENT_ONE.address)[MINE] == 5 + silent_days // 30
    assert person.asked_at is not None
    assert life.desk.now - person.asked_at < 30 * DAY
    told = [one for one in life.desk.letters if one.template == SILENT]
    about = [one for one in told if any(who["email"] == person.email for who in one.values["people"])]
    assert len(about) == 1 + (silent_days - 14) // 90
    with life.desk.look() as session:
        assert set(session.scalars(select(Entry.state))) == {"listed"}


def test_a_dead_mailbox_is_noticed_and_the_second_address_answers(life: Life) -> None:
    assert life.mails(MOVED.spare)[FAILED] == 1
    assert life.mails(PROMPT.address)[FAILED_OTHER] == 1
    assert life.mails(MOVED.address)[PROBE] > 6
    assert stored(life.desk, MOVED.address).mailbox_failed_at is not None
    assert life.stale_days[MOVED.address] == 0


def test_a_mailbox_that_works_again_is_found_out_and_loses_the_mark(life: Life) -> None:
    person = stored(life.desk, BROKEN.address)
    assert (person.mailbox_failed_at, person.stale_at) == (None, None)
    assert 0 < life.failed_days[BROKEN.address] < 80


def test_nobody_gets_more_mail_than_a_person_would_bear(life: Life) -> None:
    for address in (*(one.address for one in EVERYBODY if not one.dead_days), ADMIN, MOVED.spare):
        months = DAYS / 30
        assert sum(life.mails(address).values()) / months <= 1.0, address


def test_nothing_is_stuck(life: Life) -> None:
    with life.desk.look() as session:
        for person in session.scalars(select(Person).join(Entry)):
            last = person.confirmed_at or person.created_at
            is_chased = person.asked_at is not None and life.desk.now - person.asked_at <= 30 * DAY
            assert life.desk.now - last <= FRESH_FOR or is_chased
        oldest = session.scalar(select(func.min(Token.made_at)))
        assert oldest is not None
        assert life.desk.now - oldest < timedelta(days=200)
