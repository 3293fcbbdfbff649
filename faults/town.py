"""A service's folder, its members, and a smarthost that keeps everything it takes and whose life it was in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text as sql

from tests.desk import Desk, fresh_home, initialised, kill_agent, write_config
from tests.keys import KeyPair, person
from tests.service import Town
from tests.sink import Sink, SunkMail, ThreadedSink
from tldops_bot.app import App
from tldops_bot.config import Config

TLDS = ("nl", "be", "br", "ca", "jp", "nz", "tz", "uy", "de", "fr", "se", "no")
CONNECTIONS = 4  # as in tests.desk.CONFIG
IN_FLIGHT = CONNECTIONS * 16  # what a crash may repeat at most
MORE = """
[alerts]
max_per_member_hour = 1000
"""


class Remembering(Sink):
    """Notes in which life of the service each mail was taken; when told to, hangs up before it can say so."""

    def __init__(self) -> None:
        super().__init__()
        self.life = 0
        self.lives: list[int] = []
        self.hang_ups = 0  # still to come

    def take(self, mail: SunkMail) -> None:
        self.lives.append(self.life)
        super().take(mail)
        if self.hang_ups:
            self.hang_ups -= 1
            self.drop_all()


class RememberingThread(ThreadedSink):
    """The same on a loop and thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.remembering = self.sink = Remembering()


@dataclass
class FaultTown:
    """Everything around the process."""

    config: Config
    sink: RememberingThread
    desk: Desk
    people: tuple[KeyPair, ...]

    @property
    def home(self) -> Path:
        return self.config.file.parent

    @property
    def gnupg(self) -> Path:
        return self.config.openpgp.home

    def new_life(self) -> None:
        """What the smarthost takes from now on, it takes from another process."""
        self.sink.remembering.life += 1

    def age_alerts(self) -> None:
        """As if two hours had passed: the brake on alerts is another test's matter. Not while it serves."""
        with self.desk.app.database.write() as session:
            for row in session.execute(sql("SELECT id, posted_at FROM alerts")).all():
                earlier = datetime.fromisoformat(str(row.posted_at)) - timedelta(hours=2)
                session.execute(
                    sql("UPDATE alerts SET posted_at = :at WHERE id = :id"),
                    {"at": f"{earlier:%Y-%m-%d %H:%M:%S.%f}", "id": row.id},
                )

    def hurry(self) -> None:
        """As if enough time had passed for whatever was put off to be tried again."""
        now = f"{datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%d %H:%M:%S.%f}"
        with self.desk.app.database.write() as session:
            for table in ("deliveries", "inbox"):
                session.execute(
                    sql(f"UPDATE {table} SET next_attempt_at = :now WHERE state = 'waiting'"),
                    {"now": now},
                )

    def left(self) -> tuple[int, int]:
        """How many mails and how many copies are not yet done with."""
        with self.desk.look() as session:
            mails = session.scalar(sql("SELECT count(*) FROM inbox WHERE state = 'waiting'")) or 0
            copies = session.scalar(
                sql("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')")
            )
        return mails, copies or 0


@contextmanager
def fault_town(more: str = "", members: int = len(TLDS), home: Path | None = None) -> Iterator[FaultTown]:
    """A folder in which `init` was run, with this many members, one of each TLD."""
    with RememberingThread() as sink, _folder(sink.port, MORE + more, home) as config:
        long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)  # nobody is on probation
        desk = Desk(App(config), long_ago)
        people = tuple(person(f"Member {tld.upper()}", f"member@nic-{tld}.example") for tld in TLDS[:members])
        try:
            for tld, one in zip(TLDS, people, strict=False):
                desk.member(one, tld)
            desk.now = datetime.now(UTC).replace(microsecond=0)
            Town(config, sink, desk).roster_is_sent()
            yield FaultTown(config, sink, desk, people)
        finally:
            desk.app.close()


@contextmanager
def _folder(port: int, more: str, home: Path | None) -> Iterator[Config]:
    if home is None:
        with fresh_home(port, more) as config:
            yield config
        return
    shutil.copytree(
        initialised(), home, dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if n[:2] == "S."]
    )
    try:
        yield write_config(home, port, more)
    finally:
        kill_agent(home / "var/gnupg")
