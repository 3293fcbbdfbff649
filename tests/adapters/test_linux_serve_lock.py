"""One `serve` on a database file: the lock goes with its process, however that ends, and says who has it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tldops_bot.adapters.linux_serve_lock import CannotServe, alone_on

HOLD = """
import os, sys, time
from pathlib import Path
from tldops_bot.adapters.linux_serve_lock import alone_on
with alone_on(Path(sys.argv[1])):
    if os.fork() == 0:  # what we start lives on, and holds nothing
        time.sleep(600)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(database: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The lock in the hands of another process, which has a child."""
    command = [sys.executable, "-c", HOLD, str(database)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
    assert other.stdout is not None
    assert other.stdin is not None
    try:
        assert other.stdout.readline() == b"held\n"
        yield other
    finally:
        try:
            subprocess.run(["kill", "-KILL", "--", f"-{other.pid}"], check=False, capture_output=True)
        finally:
            other.wait()
            other.stdin.close()
            other.stdout.close()


def test_while_one_serves_another_is_refused_and_after_its_death_is_not(tmp_path: Path) -> None:
    database = tmp_path / "x.sqlite"
    with held(database) as other:
        with pytest.raises(CannotServe) as found, alone_on(database):
            pass
        assert str(found.value) == f"another `tldops-bot serve` (process {other.pid}) works with {database}"
        other.send_signal(signal.SIGKILL)
        other.wait()
        with alone_on(database):  # though the child of the dead one is still there
            pass


def test_where_no_lock_can_be_made_nobody_serves(tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match="cannot be written"), alone_on(tmp_path / "none/x.sqlite"):
        pass


def test_a_database_without_a_file_has_none() -> None:
    with alone_on(None), alone_on(None) as second:  # nodes on one PostgreSQL
        assert second is None
