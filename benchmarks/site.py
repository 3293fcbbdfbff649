"""The program as an operator runs it: `init`, then `serve` in a process of its own, on a folder of its own."""

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import update

from benchmarks.database import database_for, table_of
from benchmarks.people import Member, enrol
from tests.keys import LIST_ADDRESS
from tldops_bot.adapters.checked_keys import CheckedKeys
from tldops_bot.app import App
from tldops_bot.config import Config, load_config
from tldops_bot.domain.schedule import last_due
from tldops_bot.store import roster_sends
from tldops_bot.store.tables import CertificateRow

# The jobs run as always, but IANA is not asked and no limit on alerts stands in the way.
CONFIG = """
[list]
address = "{address}"
owner = "secretariat@lists.example"
[operator]
email = "root@lists.example"
[listener]
port = 0
[smarthost]
port = {smarthost}
connections = {connections}
[iana]
whois = "127.0.0.1:9"
[dns]
resolver = "none"
[alerts]
max_per_member_hour = 1000
"""
WHO_MAIL = 50  # the first so many members
PROGRAM = (sys.executable, "-m", "tldops_bot")
STOP_SECONDS = 30.0


class Site:
    """A folder with configuration, list key and store; `serve` runs it for as long as the context lasts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def config(self) -> Config:
        return load_config(self.home / "config.toml")

    @contextlib.contextmanager
    def serve(self, smarthost: int, connections: int) -> Iterator["Site"]:
        """Run the service until the context ends."""
        configure(self.home, smarthost, connections)
        command = [*PROGRAM, "--config", str(self.home / "config.toml"), "serve"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError("the service did not start")
            self.port = int(line.rpartition(":")[2])
            yield self
        finally:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_SECONDS)
            if self._process.stdout is not None:
                self._process.stdout.close()

    @property
    def processes(self) -> list[int]:
        """The service and what it started: the encryption process, and gpg where one runs just now."""
        assert self._process is not None
        return [self._process.pid, *_children(self._process.pid)]


@contextlib.contextmanager
def new_site(members: Sequence[Member]) -> Iterator[Site]:
    """A fresh site with these members, to whom the roster of this period went already."""
    home = Path(tempfile.mkdtemp(prefix="bench", dir="/tmp"))  # short: gpg's sockets stand in it
    database = contextlib.ExitStack()
    try:
        database.enter_context(database_for(home))
        _init(home)
        app = App(load_config(home / "config.toml"))
        now = datetime.now(UTC)
        enrol(app.database, members, now)
        _check(app, members[:WHO_MAIL], now)
        roster = app.config.roster
        with app.database.write() as session:
            period_at = last_due(roster.schedule, ZoneInfo(roster.timezone), now)
            roster_sends.count_as_sent(session, period_at, now)
        app.close()
        yield Site(home)
    finally:
        gnupg = str(home / "var/gnupg")
        subprocess.run(["gpgconf", "--homedir", gnupg, "--kill", "all"], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)
        database.close()


def _check(app: App, some: Sequence[Member], now: datetime) -> None:
    """As after a while of service, in which all have been checked; but only for `some`, as it takes a minute for all."""
    others = CertificateRow.fingerprint.not_in([one.fingerprint for one in some])
    with app.database.write() as session:
        session.execute(update(CertificateRow).where(others).values(checked_at=now))
    CheckedKeys(app.database, app.gnupg, lambda: now, sleep=lambda _: None).run()


def _init(home: Path) -> None:
    configure(home, 25, 1)
    command = [*PROGRAM, "init", "--directory", str(home), "--list-address", LIST_ADDRESS]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (home / "var").chmod(0o700)  # also where no database stands in it


def configure(home: Path, smarthost: int, connections: int) -> None:
    text = CONFIG.format(address=LIST_ADDRESS, smarthost=smarthost, connections=connections)
    (home / "config.toml").write_text(text + table_of(home))


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                child = int(stat.parent.name)
                found += [child, *_children(child)]
    return found
