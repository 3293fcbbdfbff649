"""Answers to strangers are few: one a day for each kind, six in all, and a limit over everybody."""

from datetime import datetime, timedelta

import pytest

from tldops_bot.store import strangers
from tldops_bot.store.database import Database
from tldops_bot.store.strangers import IN_ALL, IN_ALL_TO_CONTACTS, OVERALL_HOUR, May
from tldops_bot.store.tables import StrangerAnswer

DAY = timedelta(days=1)


def test_each_kind_once_a_day_whatever_the_spelling_of_the_address(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert strangers.may_answer(session, "x@nic.example", "unsigned", now) is May.ANSWER
        assert strangers.may_answer(session, "X@NIC.example", "unsigned", now + DAY - DAY / 24) is May.SILENCE
        assert strangers.may_answer(session, "x@nic.example", "unsigned", now + DAY) is May.ANSWER


@pytest.mark.parametrize(("who", "limit"), [("is_mistake", IN_ALL), ("is_contact", IN_ALL_TO_CONTACTS)])
def test_help_and_contacts_are_answered_alike_again_within_the_limit(
    database: Database, now: datetime, who: str, limit: int
) -> None:
    how = {who: who == "is_contact"}
    with database.write() as session:
        found = [strangers.may_answer(session, "x@nic.example", "help", now, **how) for _ in range(limit + 1)]
        assert found == [May.ANSWER] * (limit - 1) + [May.LAST, May.SILENCE]


def test_six_in_all_and_the_sixth_is_the_last(database: Database, now: datetime) -> None:
    with database.write() as session:
        found = [strangers.may_answer(session, "x@nic.example", str(kind), now) for kind in range(IN_ALL + 2)]
        assert found == [May.ANSWER] * (IN_ALL - 1) + [May.LAST] + [May.SILENCE] * 2
        assert strangers.may_answer(session, "y@nic.example", "0", now) is May.ANSWER


def test_flood_of_forged_addresses_makes_us_silent_for_an_hour(database: Database, now: datetime) -> None:
    with database.write() as session:
        for number in range(OVERALL_HOUR):
            strangers.may_answer(session, f"x{number}@nic.example", "unsigned", now)
        assert strangers.may_answer(session, "new@nic.example", "unsigned", now) is May.SILENCE
        assert (
            strangers.may_answer(session, "new@nic.example", "unsigned", now + timedelta(hours=1))
            is May.ANSWER
        )


def test_addresses_are_kept_as_digests_and_dropped(database: Database, now: datetime) -> None:
    with database.write() as session:
        strangers.may_answer(session, "x@nic.example", "unsigned", now)
        (row,) = session.query(StrangerAnswer)
        assert "nic" not in row.digest
        strangers.forget_before(session, now)
        assert session.query(StrangerAnswer).count() == 1
        strangers.forget_before(session, now + DAY)
        assert session.query(StrangerAnswer).count() == 0
