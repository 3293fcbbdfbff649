"""No convoy: a copy that can't be made or handed over holds up no other; it is set aside, and can be sent later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.adapters.test_outbox_delivery import (
    ANN,
    BOB,
    Post,
    alert,
    members,
    post,
    run,
    strangers,
)
from tests.adapters.test_outbox_delivery import database as database
from tests.adapters.test_outbox_delivery import encryption as encryption
from tests.adapters.test_outbox_delivery import gnupg as gnupg
from tests.keys import person
from tests.sink import DROP, Sink
from tldops_bot.adapters import outbox_delivery, outbox_sealing
from tldops_bot.adapters.gnupg_runner import GpgTimedOut
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.adapters.outbox_delivery import Delivery
from tldops_bot.adapters.outbox_exchange import Taken
from tldops_bot.adapters.outbox_troubles import MOST_STUMBLES, Troubles
from tldops_bot.adapters.sequoia_encryption import Encryption
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.store import outbox_control, set_aside
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import BROKEN, HELD, NO_GPG, NO_SIGNATURE, SMARTHOST_FAILS, TAKEN
from tldops_bot.store.set_aside import SetAside
from tldops_bot.store.tables import CertificateRow

POISON = "Poison\n"
FEW = 2


@pytest.fixture
def office(database: Database, gnupg: Gnupg, encryption: Encryption) -> Post:
    """Nothing is sent to its sink before `run` has set it."""
    return post(database, gnupg, encryption, Sink())


def letter(number: int = 0) -> Letter:
    return Letter(Kind.NOTICE, "x", {}, strangers(1, f"noc{number}-"))


@asynccontextmanager
async def impatient(office: Post) -> AsyncIterator[Delivery]:
    """Sets aside after a few failures; how many it takes is another test's matter."""
    async with office.open() as delivery:
        delivery._stages._failures, delivery._stages._stumbles = Troubles(FEW), Troubles(FEW)
        yield delivery


async def until_set_aside(office: Post, poison: int) -> None:
    """Time goes by, and other mail with it, until the poison is held."""
    for number in range(FEW + 5):
        if office.rows()[poison].state == HELD:
            return
        office.clock.ahead += timedelta(minutes=6)
        (other,) = office.put(letter(number))
        await office.until(lambda other=other: office.rows()[other].state == TAKEN)
        await office.until(lambda: "sending" not in office.states())
    raise AssertionError(f"it is {office.rows()[poison].state}")


async def is_sent_after_a_retry(office: Post, poison: int) -> None:
    with office.database.write() as session:
        assert set_aside.find(session) == {SetAside("copy", poison)}
        assert outbox_control.retry(session, poison, office.clock())
    assert office.delivery is not None
    office.delivery.wake()
    await office.until(lambda: office.rows()[poison].state == TAKEN)


def test_a_message_that_gpg_can_not_sign_is_set_aside(office: Post) -> None:
    async def main(sink: Sink) -> None:
        office.sink, signs = sink, office.signer.sign_detached

        def hangs(octets: bytes) -> bytes:
            if POISON.strip().encode() in octets:
                raise GpgTimedOut("gpg took too long")
            return signs(octets)

        office.signer.sign_detached = hangs  # type: ignore[method-assign]
        async with impatient(office):
            (poison,) = office.put(letter(), POISON)
            await until_set_aside(office, poison)
            assert office.rows()[poison].last_status == NO_SIGNATURE
            office.signer.sign_detached = signs  # type: ignore[method-assign]
            await is_sent_after_a_retry(office, poison)

    run(main)


def test_a_certificate_that_neither_sequoia_nor_gpg_can_use_is_set_aside(office: Post) -> None:
    async def main(sink: Sink) -> None:
        office.sink = sink
        ann, bob = (person(*one) for one in (ANN, BOB))
        to = members(office.database, [ann, bob])
        office.encrypter.refuse[bob.fingerprint] = "unusable_key"
        encrypts = office.signer.encrypt

        def hangs(octets: bytes, certificate: bytes) -> Any:
            raise GpgTimedOut("gpg took too long")

        office.signer.encrypt = hangs  # type: ignore[method-assign]
        async with impatient(office):
            anns, bobs = office.put(alert(to))
            await office.until(lambda: office.rows()[anns].state == TAKEN)
            await until_set_aside(office, bobs)
            assert office.rows()[bobs].last_status == NO_GPG
            office.signer.encrypt = encrypts  # type: ignore[method-assign]
            await is_sent_after_a_retry(office, bobs)

    run(main)


@pytest.mark.parametrize("where", ["outer_headers", "_encrypted", "mail", "send_one"])
def test_whatever_breaks_over_one_copy_the_others_go(
    office: Post, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours, or a row that nobody foresaw, at any stage."""

    async def main(sink: Sink) -> None:
        office.sink = sink
        ann, bob = (person(*one) for one in (ANN, BOB))
        to = members(office.database, [ann, bob])
        async with impatient(office) as delivery:
            stages = delivery._stages
            places = {"outer_headers": outbox_sealing, "send_one": stages._transport}
            target = places.get(where, stages._sealing)
            whole = getattr(target, where)

            def breaks(*arguments: Any) -> Any:
                if where == "outer_headers" and arguments[-1]:  # of an alert
                    raise ZeroDivisionError
                if any("A-2026-0001" in repr(one) or to[1].address in repr(one) for one in arguments):
                    raise ZeroDivisionError
                return whole(*arguments)

            monkeypatch.setattr(target, where, breaks)
            (poison,) = office.put(alert(to[1:2]))
            await until_set_aside(office, poison)
            assert office.rows()[poison].last_status == BROKEN
            monkeypatch.undo()
            await is_sent_after_a_retry(office, poison)

    run(main)


def test_a_copy_at_which_the_smarthost_always_fails_is_set_aside_even_of_an_alert(office: Post) -> None:
    """Each try of it makes a pause for everybody."""

    async def main(sink: Sink) -> None:
        office.sink = sink
        sink.answer(".", DROP, match="poison")
        async with impatient(office) as delivery:
            (poison,) = office.put(
                Letter(Kind.ALERT, "x", {}, strangers(1, "poison"), alert_id="A-2026-0001")
            )
            pause = delivery._stages.pause
            for number in range(FEW + 5):
                if office.rows()[poison].state == HELD:
                    break
                office.clock.ahead += timedelta(minutes=6)
                pause._until = 0.0  # as if it had been waited for
                (other,) = office.put(letter(number))
                while office.rows()[other].state != TAKEN:
                    pause._until = 0.0
                    delivery.wake()
                    await asyncio.sleep(0.02)
            assert office.rows()[poison].last_status == SMARTHOST_FAILS
            sink.behave()
            pause._until = 0.0
            await is_sent_after_a_retry(office, poison)

    run(main)


def test_while_the_smarthost_fails_everybody_nothing_is_set_aside(office: Post) -> None:
    async def main(sink: Sink) -> None:
        office.sink = sink
        sink.answer(".", DROP)
        async with impatient(office) as delivery:
            ids = [office.put(letter(number))[0] for number in range(3)]
            pause = delivery._stages.pause
            for _ in range(4 * FEW):
                office.clock.ahead += timedelta(minutes=6)
                pause._until = 0.0
                delivery.wake()
                await asyncio.sleep(0.03)
            assert {office.rows()[one].state for one in ids} <= {"waiting", "sending"}
            await office.until(
                lambda: any(one.last_status == SMARTHOST_FAILS for one in office.rows().values())
            )
            sink.behave()
            pause._until = 0.0
            office.clock.ahead += timedelta(minutes=6)
            delivery.wake()
            await office.until(lambda: set(office.states()) == {TAKEN})

    run(main)


def test_a_word_that_can_not_be_said_keeps_no_mark_from_being_made(office: Post) -> None:
    """What is said to somebody without a key is rendered in the transaction that marks the copy."""

    async def main(sink: Sink) -> None:
        office.sink = sink
        ann = person(*ANN)
        to = members(office.database, [ann])
        with office.database.write() as session:
            session.execute(update(CertificateRow).values(is_revoked=True))

        def breaks(_session: Any, _one: Any) -> None:
            raise ZeroDivisionError

        async with impatient(office) as delivery:
            delivery._on_keyless = breaks
            (held,) = office.put(alert(to))
            (other,) = office.put(letter())
            await office.until(lambda: office.rows()[other].state == TAKEN)
            await office.until(lambda: office.rows()[held].state == HELD)
        assert set(office.states()) == {TAKEN, HELD}

    run(main)


def test_failures_count_only_where_something_else_worked_in_between() -> None:
    troubles = Troubles(MOST_STUMBLES)
    assert [troubles.failed(1) for _ in range(3 * MOST_STUMBLES)] == list(range(1, 3 * MOST_STUMBLES + 1))
    assert not troubles.is_its_own(1)
    for _ in range(MOST_STUMBLES - 1):
        assert not troubles.is_its_own(1)
        troubles.worked()
        troubles.failed(1)
    assert troubles.is_its_own(1)
    assert not troubles.is_its_own(2)
    troubles.forget(1)
    assert troubles.failed(1) == 1


def test_a_store_that_stays_away_is_one_line_a_minute(
    office: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox_delivery, "TICK_SECONDS", 0.01)

    async def main(sink: Sink) -> None:
        office.sink = sink
        async with office.open() as delivery:
            turn, refused = delivery._exchange.turn, 0

            def away(*asked: Any) -> Taken:
                nonlocal refused
                if refused == 3:
                    return turn(*asked)
                refused += 1
                raise OperationalError("", {}, Exception("gone"))

            delivery._exchange.turn = away
            office.put(letter())
            await office.until(lambda: office.states() == [TAKEN])

    run(main)
    assert caplog.text.count("the store can't be written to just now") == 1
