"""Two `serve` processes on one PostgreSQL, both listening: one is killed or stands still, and nothing is lost or twice.

That a lease has run out is said by moving its end in the database, so that nobody waits for it.
"""

import email
import os
import shutil
import signal
import smtplib
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text as sql

from faults.process import PATIENCE_SECONDS, Process, until
from tests import postgres
from tests.desk import LIST_LINE, kill_agent
from tests.keys import LIST_ADDRESS, KeyPair
from tests.service import Town, town
from tldops_bot.store import audit

# A node that stands still in the middle of a transaction is cut off after this; 30 seconds unless the URL says so.
OPTIONS = quote("-c idle_in_transaction_session_timeout=1s")
MAILS = 2  # that an UPDATE brings: the answer, and what is held now
GPG = """#!/bin/sh
case "$*" in *--verify*) while [ -e "{hold}" ]; do sleep 0.05; done;; esac
exec {gpg} "$@"
"""


@dataclass
class Pair:
    """Two nodes, each with a folder and a gpg home of its own, and the list's key in both."""

    town: Town
    folders: tuple[Path, Path]
    hold: Path  # while this file is there, the first node's gpg does not come to an end
    running: dict[int, Process] = field(default_factory=dict)

    def up(self, number: int) -> Process:
        """Node 0 or 1, started unless it runs."""
        if number not in self.running or not self.running[number].is_alive:
            self.down(number)
            path = f"{self.hold.parent}:{os.environ['PATH']}" if number == 0 else os.environ["PATH"]
            self.running[number] = Process(self.folders[number] / "config.toml", environment={"PATH": path})
        return self.running[number]

    def down(self, number: int) -> None:
        if number in self.running:
            node = self.running.pop(number)
            node.kill()
            node.close()

    def say(self, number: int, who: KeyPair, text: str) -> None:
        """A signed mail to one node; it has said 250 when this returns."""
        raw = who.pgp_mime_signed(f"{LIST_LINE}\n{text}")

        def is_taken() -> bool:
            try:
                with smtplib.SMTP("127.0.0.1", self.up(number).port, timeout=PATIENCE_SECONDS) as client:
                    client.sendmail(who.address, [LIST_ADDRESS], raw)
            except smtplib.SMTPDataError as refused:
                if refused.smtp_code != 451:  # who is too busy may be cut off as if it stood still
                    raise
                return False
            return True

        wait(is_taken)

    # --- the database

    def ask(self, question: str) -> int:
        with self.town.desk.look() as session:
            return int(session.scalar(sql(question)) or 0)

    def tell(self, command: str) -> None:
        with self.town.desk.app.database.beside() as session:
            session.execute(sql(command))

    def leases_run_out(self) -> None:
        for table in ("inbox", "deliveries"):
            self.tell(f"UPDATE {table} SET lease_until = lease_until - interval '1 hour'")

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Nobody else writes to the table meanwhile; reading goes on."""
        with self.town.desk.app.database.beside() as session:
            session.execute(sql("SET LOCAL idle_in_transaction_session_timeout = 0"))
            session.execute(sql(f"LOCK TABLE {table} IN SHARE MODE"))
            yield

    def somebody_waits(self) -> bool:
        return bool(self.ask("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"))

    def calm(self) -> None:
        """Everything that came in is carried out, everything that goes out is taken."""
        waiting = "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting')"
        going = "(SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending'))"
        wait(lambda: not self.ask(f"{waiting} + {going}"))

    def chain_holds(self) -> bool:
        with self.town.desk.look() as session:
            return audit.verify(session)[1] is None

    def answers(self, who: KeyPair) -> list[str]:
        """The Message-ID of each copy somebody got, with repetitions."""
        theirs = [one for one in self.town.sink.mails if one.rcpt == who.address]
        return [email.message_from_bytes(one.octets)["Message-ID"] for one in theirs]


def wait(happened: Callable[[], bool]) -> None:
    assert until(happened), "it did not happen"


@pytest.fixture(scope="module")
def pair(ann: KeyPair, bob: KeyPair) -> Iterator[Pair]:
    with ExitStack() as parts:
        url = parts.enter_context(postgres.new_database(OPTIONS))
        place = parts.enter_context(town(f"\n[database]\nurl = {url!r}\nlease = '10s'\n"))
        first = place.config.file.parent
        second = Path(tempfile.mkdtemp(prefix="n", dir="/tmp"))
        parts.callback(shutil.rmtree, second, ignore_errors=True)
        parts.callback(kill_agent, second / "var/gnupg")
        kill_agent(first / "var/gnupg")
        sockets = shutil.ignore_patterns("S.*")
        shutil.copytree(first, second, dirs_exist_ok=True, ignore=sockets)
        hold = first / "bin/hold"
        hold.parent.mkdir()
        (hold.parent / "gpg").write_text(GPG.format(hold=hold, gpg=shutil.which("gpg")))
        (hold.parent / "gpg").chmod(0o755)
        place.desk.member(ann, "nl")
        place.desk.member(bob, "be")
        place.roster_is_sent()
        made = Pair(place, (first, second), hold)
        yield made
        made.down(0)
        made.down(1)


@pytest.fixture
def both(pair: Pair) -> Iterator[Pair]:
    """Both nodes up, nothing held up; afterwards nobody stands still."""
    for node in [pair.up(number) for number in range(2)]:
        assert node.port, node.words()
    yield pair
    pair.hold.unlink(missing_ok=True)
    pair.town.sink.behave()
    for node in pair.running.values():
        node.send_signal(signal.SIGCONT)


def in_hand(pair: Pair) -> bool:
    return pair.ask("SELECT count(*) FROM inbox WHERE state = 'waiting' AND claim IS NOT NULL") > 0


def test_both_take_mail_in_and_each_mail_is_carried_out_once(both: Pair, ann: KeyPair, bob: KeyPair) -> None:
    def say(number: int, who: KeyPair) -> None:
        for turn in range(4):
            both.say(number, who, f"UPDATE\nOrganisation: Example Registry {number} {turn}")

    people = ((0, ann), (1, bob))
    done = "SELECT count(*) FROM inbox WHERE state = 'done'"
    before, before_to = both.ask(done), {who: both.answers(who) for _, who in people}
    threads = [threading.Thread(target=say, args=one) for one in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    both.calm()
    assert both.ask(done) == before + 8
    for _, who in people:
        got = both.answers(who)[len(before_to[who]) :]
        assert len(got) == len(set(got)) == 4 * MAILS
    assert both.chain_holds()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped and woken", "killed"])
def test_mail_in_the_hand_of_a_node_that_is_gone_is_taken_over(
    both: Pair, ann: KeyPair, number: signal.Signals
) -> None:
    """While gpg looks at it: no transaction is open."""
    before = len(both.answers(ann))
    both.hold.touch()
    both.running[1].send_signal(signal.SIGSTOP)  # the first node it shall be
    both.say(0, ann, f"UPDATE\nOrganisation: Taken over after {number.name}")
    wait(lambda: in_hand(both))
    both.running[0].send_signal(number)
    both.running[1].send_signal(signal.SIGCONT)
    both.leases_run_out()
    both.calm()
    mails, entries = len(both.answers(ann)), both.ask("SELECT count(*) FROM audit")
    assert mails == before + MAILS
    both.hold.unlink()
    both.running[0].send_signal(signal.SIGCONT)
    if number == signal.SIGSTOP:
        words = both.running[0].words
        wait(lambda: "taken over by another node" in words() or "broke" in words())
    both.calm()
    assert (len(both.answers(ann)), both.ask("SELECT count(*) FROM audit")) == (mails, entries)
    assert both.ask("SELECT count(*) FROM persons WHERE organisation LIKE 'Taken over%'") == 1


def test_node_that_stands_still_in_a_transaction_commits_nothing_and_holds_up_nobody(
    both: Pair, ann: KeyPair, bob: KeyPair
) -> None:
    both.running[1].send_signal(signal.SIGSTOP)
    before = len(both.answers(ann))
    with both.locked("audit"):
        both.say(0, ann, "UPDATE\nOrganisation: Within the transaction")
        wait(both.somebody_waits)
        both.running[0].send_signal(signal.SIGSTOP)
        both.running[1].send_signal(signal.SIGCONT)
    both.say(1, bob, "UPDATE\nOrganisation: Meanwhile")
    named = "SELECT count(*) FROM persons WHERE organisation = "
    wait(lambda: both.ask(f"{named} 'Meanwhile'") == 1)
    both.leases_run_out()
    wait(lambda: both.ask(f"{named} 'Within the transaction'") == 1)
    entries = both.ask("SELECT count(*) FROM audit")
    both.running[0].send_signal(signal.SIGCONT)
    wait(lambda: "broke" in both.running[0].words())
    both.calm()
    assert len(both.answers(ann)) == before + MAILS
    assert both.ask("SELECT count(*) FROM audit") == entries
    assert both.chain_holds()


def test_copies_on_their_way_from_a_node_that_stands_still_go_out_from_the_other(
    both: Pair, ann: KeyPair, bob: KeyPair
) -> None:
    before = {who: both.answers(who) for who in (ann, bob)}
    both.running[1].send_signal(signal.SIGSTOP)
    both.town.sink.answer("DATA", delay=3600.0)  # it never says yes
    both.say(0, ann, "ALERT\n\nWe are under attack.")
    copies = "SELECT count(*) FROM deliveries WHERE state = 'sending'"
    wait(lambda: both.ask(copies) >= 2)
    both.running[0].send_signal(signal.SIGSTOP)
    both.town.sink.behave()
    both.leases_run_out()
    both.running[1].send_signal(signal.SIGCONT)
    both.calm()
    done = both.ask("SELECT count(*) FROM deliveries WHERE state = 'taken'")
    both.running[0].send_signal(signal.SIGCONT)
    both.calm()
    assert both.ask("SELECT count(*) FROM deliveries WHERE state = 'taken'") == done
    assert both.ask("SELECT count(*) FROM deliveries WHERE state <> 'taken'") == 0
    for who in (ann, bob):
        new = both.answers(who)[len(before[who]) :]
        assert new, "no alert came"
        assert set(new).isdisjoint(before[who])


def test_job_of_a_node_that_stands_still_is_done_once_by_the_other(pair: Pair) -> None:
    pair.down(0)
    pair.down(1)
    pair.tell("DELETE FROM daily_figures")
    pair.tell("DELETE FROM job_runs")
    with pair.locked("daily_figures"):
        pair.up(0)
        wait(pair.somebody_waits)
        pair.running[0].send_signal(signal.SIGSTOP)
    wait(lambda: not pair.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"))
    assert pair.ask("SELECT count(*) FROM daily_figures") == 0
    pair.up(1)
    wait(lambda: pair.ask("SELECT count(*) FROM daily_figures") == 1)
    wait(lambda: pair.ask("SELECT count(*) FROM job_runs WHERE name = 'note_figures'") == 1)
    pair.running[0].send_signal(signal.SIGCONT)
    wait(lambda: "job note_figures broke" in pair.running[0].words())
    assert pair.ask("SELECT count(*) FROM daily_figures") == 1
