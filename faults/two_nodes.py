"""`python -m faults.two_nodes`: two sites, one replicated PostgreSQL; a node and then the database are killed, on tape.

Each site has a `serve` and a database server. Members send signed commands, by the first MX that takes them, as mail
servers do. At the end every mail is accounted for; exit status 1 where one is lost or was carried out twice.
"""

import email
import shutil
import smtplib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import text as sql

from faults.process import PATIENCE_SECONDS, Process, until
from tests import postgres
from tests.desk import LIST_LINE, kill_agent
from tests.keys import LIST_ADDRESS, KeyPair, person
from tests.service import Town, town
from tldops_bot.store import audit

SITES = ("amsterdam", "brussels")
LEASE_SECONDS = 10  # the shortest that may be set
RETRY_SECONDS = 0.5  # a mail server waits for minutes
TIMEOUT_SECONDS = 60.0
IN_FLIGHT = 4 * 16  # connections, as in tests.desk.CONFIG


@dataclass
class Stage:
    """Everything there is; `say` writes on the tape."""

    town: Town
    folders: Sequence[Path]
    servers: tuple[postgres.Cluster, postgres.Cluster]
    members: Sequence[KeyPair]
    console: Console
    nodes: dict[int, Process] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    sent: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def say(self, words: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:6.1f} s  {words}", highlight=False)

    def start(self, number: int) -> None:
        node = self.nodes[number] = Process(self.folders[number] / "config.toml")
        if not node.port:
            raise RuntimeError(node.words())
        self.say(f"{SITES[number]}: serve listens on port {node.port}")

    def count(self, question: str) -> int:
        with self.town.desk.look() as session:
            return int(session.scalar(sql(question)) or 0)

    # --- members

    def send(self, who: KeyPair, text: str) -> None:
        """By one MX after the other, again and again, until one has said 250."""
        raw = who.pgp_mime_signed(f"{LIST_LINE}\n{text}")
        while not any(self._offer(number, who, raw) for number in range(len(SITES))):
            time.sleep(RETRY_SECONDS)
        self.sent.append(who.address)

    def _offer(self, number: int, who: KeyPair, raw: bytes) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.nodes[number].port, timeout=TIMEOUT_SECONDS) as client:
                client.sendmail(who.address, [LIST_ADDRESS], raw)
        except smtplib.SMTPDataError as problem:
            self.refused[f"{problem.smtp_code} by {SITES[number]}"] += 1
        except (OSError, smtplib.SMTPException):
            self.refused[f"no connection to {SITES[number]}"] += 1
        else:
            return True
        return False

    @contextmanager
    def talking(self, mails: int) -> Iterator[None]:
        """All members send so many mails each while the block is carried out."""
        threads = [threading.Thread(target=self._talk, args=(one, mails)) for one in self.members]
        for one in threads:
            one.start()
        yield
        for one in threads:
            one.join()

    def _talk(self, who: KeyPair, mails: int) -> None:
        for number in range(mails):
            self.send(who, f"UPDATE\nOrganisation: Example Registry, {time.monotonic_ns()} {number}")

    # --- faults

    def kill_node(self, number: int) -> None:
        in_hand = "SELECT count(*) FROM inbox WHERE claim IS NOT NULL"
        until(lambda: self.count(in_hand) > 0)
        self.nodes[number].kill()
        mails = self.count(in_hand)
        copies = self.count("SELECT count(*) FROM deliveries WHERE state = 'sending'")
        self.say(f"{SITES[number]}: kill -9. Claimed just now, by both: {mails} mails, {copies} copies")

    def kill_database(self) -> None:
        self.servers[0].stop()
        self.say(f"{SITES[0]}: the database server is gone (as by a crash)")
        known = sum(self.refused.values())
        until(lambda: sum(self.refused.values()) > known)
        self.say("members' mail servers are answered 451, and will try again")
        self.servers[1].promote()
        self.say(f"{SITES[1]}: pg_promote(); both nodes find it by themselves")

    def calm(self, what: str) -> None:
        """Until nothing waits any more."""
        began = time.monotonic()
        questions = (
            "SELECT count(*) FROM inbox WHERE state = 'waiting'",
            "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')",
        )
        if not until(lambda: not any(self.count(one) for one in questions), 3 * PATIENCE_SECONDS):
            raise RuntimeError("it never gets quiet")
        self.say(f"{what}, {time.monotonic() - began:.1f} s after the last mail")

    # --- the accounts

    def accounts(self) -> bool:
        """Every mail that was answered 250, and what became of it."""
        carried_out = self.count("SELECT count(*) FROM audit WHERE action = 'mail'")
        not_done = self.count("SELECT count(*) FROM inbox WHERE state <> 'done'")
        not_taken = self.count("SELECT count(*) FROM deliveries WHERE state <> 'taken'")
        copies = self.count("SELECT count(*) FROM deliveries")
        ids = Counter(email.message_from_bytes(one.octets)["Message-ID"] for one in self.town.sink.mails)
        with self.town.desk.look() as session:
            entries, tampered = audit.verify(session)
        repeated = sum(ids.values()) - len(ids)
        lines = (
            ("answered 250", len(self.sent), True),
            ("carried out, each once", carried_out, carried_out == len(self.sent)),
            ("not carried out", not_done, not not_done),
            ("mails out", copies, True),
            ("of these taken by the smarthost", len(ids), len(ids) == copies and not not_taken),
            ("handed over twice, under the same Message-ID", repeated, repeated <= 2 * IN_FLIGHT),
            ("entries of the audit chain, which holds", entries, tampered is None),
        )
        for words, number, is_right in lines:
            self.console.print(
                f"  {words:<46}{number:>6}  {'' if is_right else 'WRONG'}".rstrip(), highlight=False
            )
        for words, number in sorted(self.refused.items()):
            self.console.print(f"  {words:<46}{number:>6}", highlight=False)
        return all(is_right for _, _, is_right in lines)


@contextmanager
def stage(members: int, console: Console) -> Iterator[Stage]:
    """Two folders with the list's key in both, two database servers of which the second copies the first."""
    with ExitStack() as parts:
        first = postgres.new_cluster()
        parts.callback(first.remove)
        with postgres.new_database(on=first) as url:
            second = first.standby()
            parts.callback(second.stop)
            name = url.rpartition("/")[2]
            hosts = "&".join(f"host=127.0.0.1:{one.port}" for one in (first, second))
            both = f"postgresql+psycopg://tldops@/{name}?{hosts}"
            table = f"\n[database]\nurl = {both!r}\nlease = '{LEASE_SECONDS}s'\n"
            place = parts.enter_context(town(table))
            folder = Path(tempfile.mkdtemp(prefix="n", dir="/tmp"))
            parts.callback(shutil.rmtree, folder, ignore_errors=True)
            parts.callback(kill_agent, folder / "var/gnupg")
            home = place.config.file.parent
            kill_agent(home / "var/gnupg")
            shutil.copytree(home, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("S.*"))
            people = [person(f"Member {n}", f"member{n}@nic{n}.example") for n in range(members)]
            for tld, one in zip(("nl", "be", "de", "fr", "uk", "ch", "se", "no"), people, strict=False):
                place.desk.member(one, tld)
            place.roster_is_sent()
            made = Stage(place, (home, folder), (first, second), people, console)
            try:
                yield made
            finally:
                for node in made.nodes.values():
                    node.kill()
                    node.close()


def fail_over(scene: Stage, mails: int) -> bool:
    """The story; whether the accounts are right."""
    scene.say(
        f"two database servers, {SITES[1]} copies {SITES[0]}; nothing is committed before it is on both"
    )
    for number in range(len(SITES)):
        scene.start(number)
    with scene.talking(mails):
        scene.say(f"{len(scene.members)} members send {mails} signed commands each")
        scene.kill_node(0)
    scene.calm(f"what {SITES[0]} had in hand was taken up by {SITES[1]}: all is carried out and delivered")
    scene.start(0)
    with scene.talking(mails):
        scene.say(f"{len(scene.members)} members send {mails} signed commands each")
        until(lambda: scene.count("SELECT count(*) FROM inbox WHERE state = 'waiting'") > 0)
        scene.kill_database()
    scene.calm("all is carried out and delivered")
    return scene.accounts()


def main(
    members: Annotated[int, typer.Option(help="How many write.", min=1, max=8)] = 6,
    mails: Annotated[int, typer.Option(help="How many each of them sends, twice.", min=1)] = 10,
) -> None:
    """A fail-over, told as it goes; exit status 1 where a mail was lost or carried out twice."""
    console = Console(width=110)
    if not postgres.is_there():
        console.print("PostgreSQL's server is needed (Debian: apt-get install postgresql)")
        raise typer.Exit(1)
    with stage(members, console) as scene:
        is_right = fail_over(scene, mails)
    console.print("nothing was lost, nothing was done twice" if is_right else "the accounts are WRONG")
    raise typer.Exit(0 if is_right else 1)


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
