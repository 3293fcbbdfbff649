"""Mail that comes in crowds is accepted first; a single mail holds nobody up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tldops_bot.adapters import inbox_acceptance
from tldops_bot.adapters.inbox_acceptance import CROWD, Acceptance
from tldops_bot.adapters.smtp_terms import NotStored
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox_control
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.tables import InboxRow, Person

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ENVELOPE = Envelope("ann@nic.example", ("tld-ops@lists.example",), "192.0.2.1", "", False, "")


async def is_over(acceptance: Acceptance) -> bool:
    async with asyncio.timeout(60):
        while acceptance.is_crowded:
            await asyncio.sleep(0.01)
    return True


def after(folder: Path, mails: int, look: Callable[[Acceptance], Awaitable[bool]]) -> bool:
    """What one sees once so many mails that came together are stored."""
    (folder / "inbox.sqlite").touch()
    database = Database(f"sqlite:///{folder}/inbox.sqlite")
    Base.metadata.create_all(database.writing)

    async def talk() -> bool:
        acceptance = Acceptance(database, lambda: datetime.now(UTC), lambda: None)
        await asyncio.gather(*(acceptance.accept(b"mail", ENVELOPE) for _ in range(mails)))
        seen = await look(acceptance)
        acceptance.close()
        return seen

    try:
        return asyncio.run(talk())
    finally:
        database.close()


@pytest.mark.parametrize(("mails", "is_crowd"), [(1, False), (2 * CROWD, True)])
def test_mails_that_come_together_are_a_crowd_and_a_single_mail_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mails: int, is_crowd: bool
) -> None:
    monkeypatch.setattr(inbox_acceptance, "CROWD_SECONDS", 3600.0)  # a commit may take long

    async def look(acceptance: Acceptance) -> bool:
        return acceptance.is_crowded

    assert after(tmp_path, mails, look) == is_crowd


def test_the_crowd_is_over_soon_after_its_last_mail(tmp_path: Path) -> None:
    assert after(tmp_path, 2 * CROWD, is_over)


def test_one_mail_that_can_not_be_stored_turns_away_none_that_came_together_with_it(tmp_path: Path) -> None:
    """An envelope with a lone surrogate: no database takes it, and the others in its commit have done nothing."""
    (tmp_path / "inbox.sqlite").touch()
    database = Database(f"sqlite:///{tmp_path}/inbox.sqlite")
    Base.metadata.create_all(database.writing)
    poison = Envelope("ann\udcff@nic.example", ENVELOPE.rcpt_tos, "192.0.2.1", "", False, "")

    async def talk() -> list[object]:
        acceptance = Acceptance(database, lambda: datetime.now(UTC), lambda: None)
        senders = [ENVELOPE, poison, ENVELOPE, ENVELOPE]
        answers = await asyncio.gather(
            *(acceptance.accept(b"mail", one) for one in senders), return_exceptions=True
        )
        acceptance.close()
        return list(answers)

    try:
        answers = asyncio.run(talk())
        with database.read() as session:
            assert len(inbox_control.listing(session)) == 3
    finally:
        database.close()
    assert [isinstance(one, NotStored) for one in answers] == [False, True, False, False]


def test_what_is_left_of_a_full_disk_is_for_the_mails_of_people_here(tmp_path: Path) -> None:
    """Whoever can send mail could fill it, and nobody's alert would be taken any more."""
    (tmp_path / "inbox.sqlite").touch()
    database = Database(f"sqlite:///{tmp_path}/inbox.sqlite")
    Base.metadata.create_all(database.writing)
    with database.write() as session:
        person = Person(name="Ann", email="Ann@nic.example", email_key="ann@nic.example", created_at=NOW)
        session.add(person)
    is_full = [True]
    stranger = replace(ENVELOPE, mail_from="eve@elsewhere.example")

    async def bring(*envelopes: Envelope) -> list[bool]:
        acceptance = Acceptance(database, lambda: NOW, lambda: None, lambda: is_full[0])
        brought = (acceptance.accept(b"mail", envelope) for envelope in envelopes)
        outcomes = await asyncio.gather(*brought, return_exceptions=True)
        acceptance.close()
        return [one is None for one in outcomes]

    try:
        assert asyncio.run(bring(stranger, ENVELOPE, replace(ENVELOPE, mail_from=""))) == [False, True, False]
        assert asyncio.run(bring(stranger)) == [False]
        is_full.clear()
        is_full.append(False)
        assert asyncio.run(bring(stranger, ENVELOPE)) == [True, True]
        with database.read() as session:
            assert session.scalar(select(func.count(InboxRow.id))) == 3
    finally:
        database.close()
