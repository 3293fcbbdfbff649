"""The database goes away under load and comes back: new mail is answered 451, the rest waits, nothing is lost."""

import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import text as sql

from tests import postgres
from tests.desk import LIST_LINE
from tests.keys import LIST_ADDRESS, KeyPair
from tests.service import PATIENCE_SECONDS, Town, town, wait_until
from tldops_bot.store import audit

MAILS = 6


def say_until_taken(place: Town, who: KeyPair, raw: bytes, refusals: list[int]) -> None:
    """As a mail server would: what is answered 451 is sent again."""
    assert place.running is not None
    host, _, port = place.running.where.rpartition(":")
    while True:
        try:
            with smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS) as client:
                client.sendmail(who.address, [LIST_ADDRESS], raw)
        except smtplib.SMTPDataError as refused:
            if refused.smtp_code != 451:
                raise
            refusals.append(refused.smtp_code)
            threading.Event().wait(0.1)
        else:
            return


def numbers(place: Town) -> tuple[int, int, int]:
    """Mails that wait, copies that wait, mails carried out."""
    questions = (
        "SELECT count(*) FROM inbox WHERE state <> 'done'",
        "SELECT count(*) FROM deliveries WHERE state <> 'taken'",
        "SELECT count(*) FROM audit WHERE action = 'mail'",
    )
    with place.desk.look() as session:
        waiting, going, done = (int(session.scalar(sql(one)) or 0) for one in questions)
    return waiting, going, done


@dataclass
class Outage:
    """The database a service is on, how it goes, and how it comes back."""

    url: str
    goes: Callable[[], object]
    comes_back: Callable[[], object]
    times: int


@contextmanager
def restarted() -> Iterator[Outage]:
    """A crash of the server, twice."""
    with postgres.new_database() as url:
        yield Outage(url, postgres.cluster().stop, postgres.cluster().start, times=2)


@contextmanager
def failed_over() -> Iterator[Outage]:
    """A crash of the server for good; its copy, which has all that was committed, takes its place."""
    first = postgres.new_cluster()
    try:
        with postgres.new_database(on=first) as url:
            second = first.standby()
            hosts = "&".join(f"host=127.0.0.1:{one.port}" for one in (first, second))
            both = f"postgresql+psycopg://tldops@/{url.rpartition('/')[2]}?{hosts}"
            try:
                yield Outage(both, first.stop, second.promote, times=1)
            finally:
                second.stop()
    finally:
        first.remove()


@pytest.mark.parametrize("happens", [restarted, failed_over])
def test_database_goes_and_comes_back_under_load(
    ann: KeyPair, bob: KeyPair, happens: Callable[[], AbstractContextManager[Outage]]
) -> None:
    with happens() as outage, town(f"\n[database]\nurl = {outage.url!r}\n") as place:
        for who, tld in ((ann, "nl"), (bob, "be")):
            place.desk.member(who, tld)
        place.roster_is_sent()
        refusals: list[int] = []
        mails = {
            who: [who.pgp_mime_signed(f"{LIST_LINE}\nSHOW\n# {turn}") for turn in range(MAILS)]
            for who in (ann, bob)
        }

        def talk(who: KeyPair) -> None:
            for raw in mails[who]:
                say_until_taken(place, who, raw, refusals)

        with place.serving():
            threads = [threading.Thread(target=talk, args=(who,)) for who in mails]
            for one in threads:
                one.start()
            for _ in range(outage.times):
                wait_until(lambda: bool(place.sink.taken), PATIENCE_SECONDS)
                known = len(refusals)
                outage.goes()
                late = threading.Thread(target=say_until_taken, args=(place, ann, mails[ann][0], refusals))
                late.start()
                wait_until(partial(_more_than, refusals, known), PATIENCE_SECONDS)
                outage.comes_back()
                late.join(PATIENCE_SECONDS)
            for one in threads:
                one.join(PATIENCE_SECONDS)
            wait_until(lambda: numbers(place) == (0, 0, 2 * MAILS), PATIENCE_SECONDS)
        with place.desk.look() as session:
            assert audit.verify(session)[1] is None
        for who in mails:
            shown = [one for one in place.all_to(who) if one.subject.startswith("SUCCESS")]
            assert len({one.outer["Message-ID"] for one in shown}) >= MAILS


def _more_than(refusals: list[int], known: int) -> bool:
    return len(refusals) > known
