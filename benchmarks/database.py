"""Which database is measured: a SQLite file in each site's folder, or a PostgreSQL server that is started for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tests import postgres

TABLE = "database.toml"  # beside config.toml, which is written anew for each run of the service


class Kind(StrEnum):
    """What `--database` may say."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


_servers: list[postgres.Cluster] = []


@contextmanager
def measured(kind: Kind) -> Iterator[None]:
    """All sites made meanwhile have their database there. As durable as SQLite's: every commit is on the disk."""
    if kind is Kind.SQLITE:
        yield
        return
    if not postgres.is_there():
        raise SystemExit("PostgreSQL's server is needed (Debian: apt-get install postgresql)")
    server = postgres.new_cluster(is_durable=True)
    _servers.append(server)
    try:
        yield
    finally:
        _servers.remove(server)
        server.remove()


@contextmanager
def database_for(home: Path) -> Iterator[None]:
    """A database for the site in this folder."""
    if not _servers:
        yield
        return
    with postgres.new_database(on=_servers[-1], is_empty=True) as url:
        (home / TABLE).write_text(f'\n[database]\nurl = "{url}"\n')
        yield


def table_of(home: Path) -> str:
    """What config.toml says of it; "" for the file that is used when nothing is said."""
    file = home / TABLE
    return file.read_text() if file.exists() else ""
