"""What gpg reads and writes lies where only we can read it, and does not outlive us."""

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tldops_bot.adapters import scratch_folder
from tldops_bot.adapters.scratch_folder import LOCK, ScratchFolder, remove_abandoned

DIES = """
import os, signal, sys
from pathlib import Path
from tldops_bot.adapters.scratch_folder import ScratchFolder
folder = ScratchFolder(Path(sys.argv[1]))
(folder.path / "keyring.gpg").write_bytes(b"somebody's key")
print(folder.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_only_we_can_read_it_and_it_goes_with_us(tmp_path: Path) -> None:
    folder = ScratchFolder(tmp_path)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    (folder.path / "x").write_bytes(b"x")
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = Path(done.stdout.strip())
    assert (left / "keyring.gpg").exists()
    ScratchFolder(tmp_path).close()
    assert not left.exists()


def test_what_another_process_uses_stays(tmp_path: Path) -> None:
    one = ScratchFolder(tmp_path)
    ScratchFolder(tmp_path).close()
    assert one.path.is_dir()
    one.close()


@pytest.mark.parametrize("is_still_at_it", [False, True])
def test_one_that_another_process_takes_for_abandoned_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_still_at_it: bool
) -> None:
    flock, taken = fcntl.flock, list[Path]()

    def another_was_quicker(lock: int, how: int) -> None:
        if not taken:
            taken.extend(tmp_path.iterdir())
            shutil.rmtree(taken[0])
            if is_still_at_it:
                raise BlockingIOError
        flock(lock, how)

    monkeypatch.setattr(scratch_folder.fcntl, "flock", another_was_quicker)
    folder = ScratchFolder(tmp_path)
    assert folder.path.is_dir()
    assert folder.path not in taken
    folder.close()


def test_a_folder_that_is_just_being_made_stays(tmp_path: Path) -> None:
    fresh, old = tmp_path / "tldops-fresh", tmp_path / "tldops-old"
    for folder in (fresh, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    remove_abandoned(tmp_path)
    assert fresh.exists()
    assert not old.exists()


@pytest.mark.parametrize("trick", ["symlink", "file", "lock is a symlink", "somebody else's"])
def test_nobody_has_us_remove_something_else(
    tmp_path: Path, trick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "precious"
    target.mkdir()
    (target / LOCK).touch()
    trap = tmp_path / "tldops-trap"
    if trick == "symlink":
        trap.symlink_to(target)
    elif trick == "file":
        trap.touch()
    else:
        trap.mkdir()
        (trap / LOCK).symlink_to(target / LOCK)
    if trick == "somebody else's":
        (trap / LOCK).unlink()
        (trap / LOCK).touch()
        monkeypatch.setattr(scratch_folder.os, "getuid", lambda: 4711)
    remove_abandoned(tmp_path)
    assert (target / LOCK).exists()
    assert trap.exists()
