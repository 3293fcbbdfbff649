"""A PostgreSQL of our own: a cluster on a free port, started once, that gives each who asks an empty database.

with new_database() as url: …                    # as the program's migrations make it
cluster().restart()                              # as a crash would: all connections are gone

As root the server runs as the user `postgres`, since it refuses to be root. Nothing is kept: no fsync.
"""

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
import pytest

from tests.keys import SHORT
from tests.ports import free_port
from tldops_bot.config.shipped import shipped
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.schema import Schema

PATIENCE_SECONDS = 300.0
VARIABLE = "TLDOPS_TESTS_ON"  # "postgresql": every desk and every town has its database there
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
_NO_DISK = {"fsync": "off", "full_page_writes": "off"}  # what is committed outlives the server all the same
_numbers = itertools.count(1)


def is_there() -> bool:
    """Whether PostgreSQL's server is installed."""
    return (_programs() / "initdb").exists()


@dataclass
class Cluster:
    """A server with its data in a folder.

    `is_durable`: as an operator has it. What is committed outlives the machine, too, and who is on the same machine
    speaks through the socket, which takes less of it.
    """

    folder: Path
    port: int
    is_durable: bool = False
    _server: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, name: str) -> str:
        if self.is_durable:
            return f"postgresql+psycopg://tldops@/{name}?host={self.folder}&port={self.port}"
        return f"postgresql+psycopg://tldops@127.0.0.1:{self.port}/{name}"

    @property
    def _where(self) -> dict[str, str]:
        return {
            "port": str(self.port),
            "unix_socket_directories": str(self.folder) if self.is_durable else "",
        }

    def make(self) -> None:
        """`initdb`, and the first start."""
        where = ("-D", str(self.folder), "-U", "tldops", "-A", "trust", "--no-sync")
        _run("initdb", *where, "-E", "UTF8", "--locale=C.UTF-8")  # whatever LANG is, and whether it is there
        self.start()

    def start(self) -> None:
        settings = _SETTINGS | self._where | ({} if self.is_durable else _NO_DISK)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = (self.folder / "server.log").open("ab")
        command = [str(_programs() / "postgres"), "-D", str(self.folder), *words]
        with log:
            self._server = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", user=_other_user(), start_new_session=True
            )
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT is PostgreSQL's "immediate": no goodbye, and recovery at the next start."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(PATIENCE_SECONDS)
            self._server = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def standby(self) -> "Cluster":
        """A second server that copies this one; from now on nothing is committed that has not reached it."""
        copy = Cluster(self.folder.parent / "standby", free_port(), self.is_durable)
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "tldops")
        _run("pg_basebackup", *where, "-D", str(copy.folder), "-R", "--checkpoint=fast", "--no-sync")
        copy.start()
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.sql("SELECT pg_reload_conf()")
        return copy

    def promote(self) -> None:
        """The copy is the one that is written to, and waits for nobody."""
        self.sql("ALTER SYSTEM RESET synchronous_standby_names")
        self.sql("SELECT pg_reload_conf()")
        self.sql("SELECT pg_promote()")

    def sql(self, words: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Say something as the owner of the cluster, outside of any transaction."""
        where = f"host=127.0.0.1 port={self.port} user=tldops dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            done = connection.execute(words.encode())
            return done.fetchall() if done.description else []

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert self._server is not None
            assert self._server.poll() is None, (self.folder / "server.log").read_text()
            with suppress(psycopg.OperationalError):
                self.sql("SELECT 1")
                return
            assert time.monotonic() < until, "PostgreSQL does not start"
            time.sleep(0.05)


@cache
def cluster() -> Cluster:
    """The one of this process."""
    made = new_cluster()
    atexit.register(made.remove)
    return made


def new_cluster(is_durable: bool = False) -> Cluster:
    """Another one, for whoever wants to break it; to be removed by them."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if (user := _other_user()) is not None:
        shutil.chown(folder, user)
    made = Cluster(folder / "data", free_port(), is_durable)
    made.make()
    return made


@contextmanager
def new_database(options: str = "", *, is_empty: bool = False, on: Cluster | None = None) -> Iterator[str]:
    """The URL of a database of its own; `options` are what libpq takes, `is_empty` without any table."""
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    server = on or cluster()
    name = f"tldops_{next(_numbers)}"
    template = "template1" if is_empty else _template(server.port)
    server.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.url(name) + (f"?options={options}" if options else "")
    finally:
        with suppress(psycopg.OperationalError):
            server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def new_store() -> Iterator[Database]:
    """An empty database for one test: a file, or where the variable says."""
    with ExitStack() as until_then:
        if os.environ.get(VARIABLE) == "postgresql":
            made = Database(until_then.enter_context(new_database()))
        else:
            folder = until_then.enter_context(tempfile.TemporaryDirectory(prefix="st", dir=SHORT))
            made = Database(f"sqlite:///{shutil.copy(_empty_file(), folder)}")
        until_then.callback(made.close)
        yield made


@cache
def _empty_file() -> Path:
    """A SQLite file with the tables, to be copied."""
    folder = tempfile.mkdtemp(prefix="st", dir=SHORT)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "store.sqlite"
    file.touch()
    database = Database(f"sqlite:///{file}")
    Base.metadata.create_all(database.writing)
    database.close()
    return file


@cache
def _template(port: int) -> str:
    """A database with the schema, to be copied: quicker than the migrations."""
    server = Cluster(Path("/nonexistent"), port)
    server.sql("CREATE DATABASE schema")
    database = Database(server.url("schema"))
    Schema(database, shipped("migrations")).upgrade()
    database.close()
    return "schema"


def _other_user() -> str | None:
    if os.getuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name


def _run(program: str, *words: str) -> None:
    command = [str(_programs() / program), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=_other_user(), check=False)
    assert done.returncode == 0, done.stderr


@cache
def _programs() -> Path:
    """Where `initdb` and `postgres` are: Debian keeps each version in a folder of its own, off the PATH."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max(versions, key=lambda one: float(one.parts[-3]), default=Path()).parent
