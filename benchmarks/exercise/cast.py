"""Who takes part: made-up contacts, what each does with an alert, and what their mail servers do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random

from sqlalchemy import func, select

from benchmarks.exercise.smarthost import BadSmarthostThread
from benchmarks.people import Member, cctlds, enrol, make_member
from tests.made_up import NAMES
from tldops_bot.store.database import Database
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import Entry, Person

SLOW_SECONDS = 0.2


class Habit(StrEnum):
    """What becomes of an alert with this contact."""

    ANSWERS = "answer, signed"
    PHONE = "answer from a phone without OpenPGP"
    SILENT = "are silent"
    GONE = "mailbox gone (550)"
    BOUNCES = "mail bounces later"
    FILTERED = "mail filtered (554)"
    FULL = "mailbox full throughout (452)"
    KEYLESS = "have no key"


_SHARES = {
    Habit.ANSWERS: 42,
    Habit.PHONE: 10,
    Habit.SILENT: 29,
    Habit.GONE: 5,
    Habit.BOUNCES: 4,
    Habit.FILTERED: 1,
    Habit.FULL: 2,
    Habit.KEYLESS: 7,
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact; `answers_after` is in minutes."""

    member: Member
    habit: Habit
    answers_after: float
    is_volunteer: bool = False

    @property
    def address(self) -> str:
        return self.member.address


def make_cast(count: int, chance: Random) -> list[Contact]:
    """So many contacts; the first three answer at once and offer to make calls. There is one of each habit at least."""
    cast = [Contact(make_member(n + 1), Habit.ANSWERS, 1.0, is_volunteer=True) for n in range(min(3, count))]
    for number in range(len(cast), count):
        missing = [one for one in Habit if all(each.habit is not one for each in cast)]
        habit = missing[0] if missing else chance.choices([*_SHARES], [*_SHARES.values()])[0]
        cast.append(Contact(make_member(number + 1), habit, chance.lognormvariate(2.8, 1.6)))
    return cast


def enrol_cast(database: Database, cast: Sequence[Contact], tlds: int, now: datetime) -> None:
    """List them, as evenly as can be, for the first so many ccTLDs."""
    keyed = [one.member for one in cast if one.habit is not Habit.KEYLESS]
    enrol(database, keyed, now, tlds)
    labels = cctlds(tlds)
    with database.write() as session:
        for one in cast:
            if one.habit is Habit.KEYLESS:
                session.add(_keyless(one.member, now))
        session.flush()
        for one in cast:
            number = one.member.number
            if one.habit is Habit.KEYLESS:
                listed = {"state": LISTED, "since_at": now, "probation_until": now, "objections_until": now}
                tld = labels[number % len(labels)]
                session.add(Entry(person_id=number, tld=tld, vouched_by="administrative contact", **listed))
            person = session.get_one(Person, number)
            person.name = f"{NAMES[number % len(NAMES)]} {number}"
        if not database.is_sqlite:  # numbers that we gave, it would give again
            last = max(one.member.number for one in cast)
            session.execute(select(func.setval(func.pg_get_serial_sequence("persons", "id"), last)))


def _keyless(one: Member, now: datetime) -> Person:
    return Person(
        id=one.number,
        name="",
        email=one.address,
        email_key=one.address,
        mobile=f"+44 7700 900{one.number % 1000:03d}",
        mobile_e164=f"+447700900{one.number % 1000:03d}",
        organisation="Example Registry",
        created_at=now,
        confirmed_at=now,
    )


def set_up(smarthost: BadSmarthostThread, cast: Sequence[Contact], chance: Random) -> dict[str, int]:
    """Tell the smarthost how to behave; how many it treats in which way."""

    def some(share: float, among: Iterable[Contact]) -> list[str]:
        return [one.address for one in among if chance.random() < share]

    def those(habit: Habit) -> list[str]:
        return [one.address for one in cast if one.habit is habit]

    well = [
        one
        for one in cast
        if one.habit in (Habit.ANSWERS, Habit.PHONE, Habit.SILENT) and not one.is_volunteer
    ]
    greylisted, slow = some(0.12, well), some(0.1, well)
    lost, doubled = some(0.01, well) or [well[0].address], some(0.01, well) or [well[-1].address]
    smarthost.refuses(those(Habit.GONE))
    smarthost.refuses_content(those(Habit.FILTERED))
    smarthost.is_full(those(Habit.FULL))
    smarthost.greylists(greylisted)
    smarthost.hangs_up(lost, doubled)
    smarthost.is_slow(slow, SLOW_SECONDS)
    smarthost.bad.dies_after = len(cast) // 2
    return {
        "greylisted twice": len(greylisted),
        f"slow, {SLOW_SECONDS} s for each": len(slow),
        "hung up on before the mail was taken": len(lost),
        "hung up on after the mail was taken": len(doubled),
    }
