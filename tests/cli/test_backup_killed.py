"""`backup` and `restore` killed in the middle, and on a full disk: nothing half is ever taken for something whole."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_backup import empty_folder
from tldops_bot.store.tables import InboxRow

PATIENCE_SECONDS = 60.0
MAILS = 300


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


def started(cli: Cli, *words: str, most_bytes: int = 0) -> "subprocess.Popen[bytes]":
    def limit() -> None:
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    command = [sys.executable, "-m", "tldops_bot", "--config", str(cli.desk.app.config.file), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)


def killed_when(process: "subprocess.Popen[bytes]", folder: Path, pattern: str) -> None:
    """SIGKILL as soon as there is such a file."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not any(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.001)
    process.kill()
    process.communicate()


def test_a_backup_that_is_killed_leaves_no_file_of_that_name(large: Cli, tmp_path: Path) -> None:
    killed_when(started(large, "backup", str(tmp_path / "b")), tmp_path, ".b.*.part")
    assert not (tmp_path / "b").exists()
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in tmp_path.glob(".b.*"))
    large("backup", str(tmp_path / "b"))


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(large: Cli, tmp_path: Path) -> None:
    process = started(large, "backup", str(tmp_path / "b"), most_bytes=1_000_000)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert said == f"tldops-bot: {tmp_path}/b: cannot be written (File too large)\n".encode()
    assert not [one for one in tmp_path.iterdir() if "b" in one.name.split(".")]


def test_a_restore_that_is_killed_leaves_no_service_and_can_be_done_again(large: Cli, tmp_path: Path) -> None:
    large("backup", str(tmp_path / "b"))
    with empty_folder() as place:
        process = started(large, "restore", str(tmp_path / "b"), "--directory", str(place))
        killed_when(process, place, ".restoring/var/tldops.sqlite")
        assert not (place / "config.toml").exists()
        large("restore", str(tmp_path / "b"), "--directory", str(place))
        assert sorted(one.name for one in place.iterdir()) == ["config.toml", "var"]
