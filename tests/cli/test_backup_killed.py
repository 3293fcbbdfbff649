"""`backup` and `restore` killed in the middle, and on a full disk: nothing half is ever taken for something whole."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_backup import empty_folder
from tldops_bot.store.tables import InboxRow

PATIENCE_SECONDS = 180.0
MAILS = 300
# The program as it is, but for standing still once it has some rows in hand.
STANDS_STILL = """
import sys, time
from pathlib import Path
from tldops_bot.cli.commands import main
from tldops_bot.store import dump

there = Path(sys.argv.pop(1))
name = sys.argv.pop(1)
whole = getattr(dump, name)

def stand_still(_rows):
    there.touch()
    time.sleep(600)

setattr(dump, name, lambda connection, held, _progress: whole(connection, held, stand_still))
main()
"""


@pytest.fixture
def large(cli: Cli) -> Cli:
    """A service with so many mails that a backup of it takes a while."""
    now = cli.desk.now
    rows = [
        InboxRow(
            received_at=now, mail_from="", rcpt_tos=[], raw=bytes(20_000), state="done", next_attempt_at=now
        )
        for _ in range(MAILS)
    ]
    with cli.desk.app.database.write() as session:
        session.add_all(rows)
    return cli


def killed_in(doing: str, cli: Cli, there: Path, *words: str) -> None:
    """SIGKILL in the middle of that function of `dump`."""
    command = [sys.executable, "-c", STANDS_STILL, str(there), doing]
    command += ["--config", str(cli.desk.app.config.file), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + PATIENCE_SECONDS
    while not there.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    process.kill()
    process.communicate()


def test_a_backup_that_is_killed_leaves_no_file_of_that_name(large: Cli, tmp_path: Path) -> None:
    killed_in("write", large, tmp_path / "there", "backup", str(tmp_path / "b"))
    assert not (tmp_path / "b").exists()
    assert {one.stat().st_mode & 0o777 for one in tmp_path.glob(".b.*.part")} == {0o600}
    large("backup", str(tmp_path / "b"))


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(large: Cli, tmp_path: Path) -> None:
    limited = ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", sys.executable, "-m", "tldops_bot"]
    command = [*limited, "--config", str(large.desk.app.config.file), "backup", str(tmp_path / "b")]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr == f"tldops-bot: {tmp_path}/b: cannot be written (File too large)\n".encode()
    assert not [one for one in tmp_path.iterdir() if "b" in one.name.split(".")]


def test_a_restore_that_is_killed_leaves_no_service_and_can_be_done_again(large: Cli, tmp_path: Path) -> None:
    large("backup", str(tmp_path / "b"))
    with empty_folder() as place:
        words = ("restore", str(tmp_path / "b"), "--directory", str(place))
        killed_in("read", large, tmp_path / "there", *words)
        assert (place / ".restoring/var/tldops.sqlite").exists()
        assert not (place / "config.toml").exists()
        large("restore", str(tmp_path / "b"), "--directory", str(place))
        assert sorted(one.name for one in place.iterdir()) == ["config.toml", "var"]
