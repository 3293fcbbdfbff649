"""What a machine notes of itself, for whoever warns the operator."""

import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desk import Desk, kill_agent
from tldops_bot.adapters.gnupg_runner import GpgRunner, GpgUnavailable
from tldops_bot.store import machines
from tldops_bot.store.machines import Machine

Usage = namedtuple("Usage", "total used free")


def noted(desk: Desk) -> list[Machine]:
    desk.app.machine_watch.note()
    with desk.look() as session:
        return machines.seen_since(session, desk.now - timedelta(minutes=1))


def test_it_notes_the_key_and_the_fullest_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = desk.app.disks.look()[0].folder
    free = {kept: 5 * 10**8}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**11, 0, free.get(folder, 10**10)))
    (found,) = noted(desk)
    assert (found.host, found.folder, found.free_bytes, found.is_low) == (
        desk.app.hostname,
        str(kept),
        5 * 10**8,
        True,
    )
    assert (found.fingerprint, found.key_ends_at) == (desk.app.gnupg.keyring.fingerprint, None)


def test_it_is_kept_once_for_each_machine(desk: Desk) -> None:
    assert len(noted(desk)) == 1
    desk.later(minutes=30)
    (found,) = noted(desk)
    assert found.seen_at == desk.now


def test_without_gpg_it_notes_the_disks(desk: Desk) -> None:
    kill_agent(desk.app.config.openpgp.home)
    home = desk.app.config.openpgp.home
    (home / "pubring.kbx").unlink()
    (found,) = noted(desk)
    assert (found.fingerprint, found.key_ends_at) == ("", None)
    assert found.free_bytes > 0


# --- runs of gpg are seen


def test_a_run_of_gpg_is_seen_with_what_it_did_and_whether_it_did_it(tmp_path: Path) -> None:
    seen: list[tuple[str, bool]] = []
    runner = GpgRunner(observe=lambda operation, _seconds, is_done: seen.append((operation, is_done)))
    runner.run(("--list-keys",))
    runner.run(("--verify",), b"no signature")  # gpg says so, and has done its work
    runner.close()
    dumb = tmp_path / "gpg"
    dumb.write_text("#!/bin/sh\nexit 2\n")
    dumb.chmod(0o755)
    runner = GpgRunner(
        program=str(dumb), observe=lambda what, _seconds, is_done: seen.append((what, is_done))
    )
    runner.run(("--decrypt",))
    runner.close()
    runner = GpgRunner(program="no-such-gpg", observe=lambda what, _s, is_done: seen.append((what, is_done)))
    with pytest.raises(GpgUnavailable):
        runner.run(("--import",))
    runner.close()
    assert seen == [("other", True), ("verify", True), ("decrypt", False), ("import", False)]
