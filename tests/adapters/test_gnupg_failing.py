"""A gpg that fails without a word, at whichever of its runs: the mail waits, and nobody is told something wrong."""

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from faults.disks import can_mount
from faults.process import agent_of
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome
from tests.service import wait_until
from tldops_bot.adapters.gnupg_files import NEEDED_BYTES
from tldops_bot.adapters.gnupg_runner import GpgRunner, GpgTimedOut, GpgUnavailable, Limits
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.store.tables import InboxRow

# The run with that number fails as gpg does when it can't begin; 0: every run.
FAKE = """#!/bin/sh
n=$(($(cat {count} 2>/dev/null || echo 0) + 1))
echo $n > {count}
if [ {which} = 0 ] || [ $n = {which} ]; then exit 2; fi
exec gpg "$@"
"""
MOST_RUNS = 12
DISK = 2 * NEEDED_BYTES


@pytest.fixture
def silenced(desk: Desk, tmp_path: Path) -> Callable[[int], None]:
    """Make one run, or all, of the desk's gpg fail from now on."""

    def silence(which: int) -> None:
        count, program = tmp_path / f"count-{which}", tmp_path / f"gpg-{which}"
        program.write_text(FAKE.format(count=count, which=which))
        program.chmod(0o755)
        desk.app.gnupg._runner._program = str(program)

    return silence


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as one:
        yield one


def calls(gnupg: Gnupg, desk: Desk) -> dict[str, Callable[[], object]]:
    ann = person("Ann Example", "ann@nic.example")
    signature = ann.detached(b"words")
    return {
        "inspect": lambda: gnupg.inspect(ann.armored, desk.now),
        "merge": lambda: gnupg.merge(ann.certificate, ann.revoked(), desk.now),
        "encrypt": lambda: gnupg.encrypt(b"words", ann.certificate),
        "verify": lambda: gnupg.verify_detached(b"words", signature, ann.certificate, desk.now),
        "list key": lambda: gnupg.keyring.export("A" * 40),
    }


@pytest.mark.parametrize("name", ["inspect", "merge", "encrypt", "verify", "list key"])
def test_a_gpg_that_says_nothing_has_judged_nothing(
    desk: Desk, silenced: Callable[[int], None], name: str
) -> None:
    call = calls(desk.app.gnupg, desk)[name]
    silenced(0)
    with pytest.raises(GpgUnavailable):
        call()


@pytest.mark.parametrize("which", range(1, MOST_RUNS))
def test_a_revocation_is_merged_or_waits_whichever_run_fails(
    desk: Desk, ann: KeyPair, silenced: Callable[[int], None], which: int
) -> None:
    revoked, certificate = ann.revoked(), ann.certificate
    silenced(which)
    try:
        merged = desk.app.gnupg.merge(certificate, revoked, desk.now)
    except GpgUnavailable:
        return
    desk.app.gnupg._runner._program = "gpg"
    (found,) = desk.app.gnupg.inspect(merged, desk.now)
    assert found.is_revoked


@pytest.mark.parametrize("which", range(1, MOST_RUNS))
def test_a_mail_waits_and_is_then_carried_out_whichever_run_fails(
    desk: Desk, ann: KeyPair, silenced: Callable[[int], None], which: int
) -> None:
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", "tld-ops@lists.example")
    raw = ann.pgp_mime_encrypted("SHOW\n", ours, at=desk.now)
    desk.member(ann, "nl")
    silenced(which)
    try:
        handled = desk.receive(raw, ann.address)
    except GpgUnavailable:
        (row,) = all_of(desk, InboxRow)
        assert row.state == "waiting", "free again when the lease ends"
        assert desk.letters == []
    else:
        assert outcome(handled) == "record"


@pytest.fixture
def small_folder(desk: Desk, tmp_path: Path) -> Iterator[Path]:
    """What gpg reads and writes lies on a disk of its own, which is easily full."""
    if not can_mount():
        pytest.skip("nothing can be mounted here")
    folder = tmp_path / "scratch"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tests", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("left", [0, 4096, NEEDED_BYTES])
@pytest.mark.parametrize("form", ["encrypted", "clear text", "detached"])
def test_with_no_room_for_temporary_files_a_mail_waits_and_is_not_misjudged(
    desk: Desk, ann: KeyPair, small_folder: Path, form: str, left: int
) -> None:
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", "tld-ops@lists.example")
    words = "SHOW\n" + "# what nobody reads\n" * 5000
    raw = {
        "encrypted": lambda: ann.pgp_mime_encrypted(words, ours, at=desk.now),
        "clear text": lambda: ann.inline_signed(words, at=desk.now),
        "detached": lambda: ann.pgp_mime_signed(words, at=desk.now),
    }[form]()
    desk.member(ann, "nl")
    desk.app.gnupg._runner._scratch = small_folder
    with suppress(OSError):
        (small_folder / "ballast").write_bytes(b"x" * (DISK - left))
    try:
        handled = desk.receive(raw, ann.address)
    except GpgUnavailable:
        assert left < NEEDED_BYTES
        (row,) = all_of(desk, InboxRow)
        assert row.state == "waiting"
        assert desk.letters == []
    else:
        assert outcome(handled) == "record"


def test_with_no_more_open_files_nothing_is_judged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "memfd_create", fails)
    assert desk.app.gnupg.keyring.export("A" * 40) == b"", (
        "where none in memory may be made, there are others"
    )
    monkeypatch.setattr("tempfile.TemporaryFile", fails)
    with pytest.raises(GpgUnavailable):
        desk.app.gnupg.keyring.export("A" * 40)


def test_gpg_is_given_no_file_of_which_the_memory_took_only_a_part(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda _file, octets, _at: len(octets) - 1)
    with pytest.raises(GpgUnavailable):
        desk.app.gnupg.sign_detached(b"words")


def test_the_limit_on_cores_is_left_to_gpg_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads that limit and sets it; where the upper bound is lowered in between, it dies: now and then, under load."""
    limited = []
    monkeypatch.setattr(resource, "prlimit", lambda _pid, kind, _bounds: limited.append(kind))
    runner = GpgRunner()
    try:
        assert runner.run(("--version",)).code == 0
    finally:
        runner.close()
    assert resource.RLIMIT_AS in limited
    assert resource.RLIMIT_CORE not in limited


def test_an_agent_that_hangs_holds_up_no_signature_for_ever(desk: Desk) -> None:
    """And with two that wait, nothing else would ever get its turn."""
    gnupg = desk.app.gnupg
    gnupg.sign_detached(b"words")
    agent = agent_of(desk.app.config.openpgp.home)
    os.kill(agent, signal.SIGSTOP)
    try:
        gnupg._runner.limits, gnupg.keyring._gpg._seconds = Limits(seconds=0.5), 0.5
        with pytest.raises(GpgTimedOut):
            gnupg.sign_detached(b"words")
        gnupg.keyring.look_again()
        with pytest.raises(GpgUnavailable):
            gnupg.sign_detached(b"words")
    finally:
        os.kill(agent, signal.SIGCONT)
    gnupg._runner.limits, gnupg.keyring._gpg._seconds = Limits(seconds=60), 60
    assert gnupg.sign_detached(b"words")


def test_when_the_service_ends_no_gpg_is_waited_for(desk: Desk) -> None:
    gnupg = desk.app.gnupg
    gnupg.sign_detached(b"words")
    agent = agent_of(desk.app.config.openpgp.home)
    os.kill(agent, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as aside:
            signing = aside.submit(gnupg.sign_detached, b"words")
            wait_until(lambda: bool(gnupg._runner.processes._running))
            gnupg.end()
            with pytest.raises(GpgUnavailable):
                signing.result(300)
            with pytest.raises(GpgUnavailable):
                gnupg.sign_detached(b"words")
    finally:
        os.kill(agent, signal.SIGCONT)


def test_a_public_key_kept_in_memory_that_does_not_serve_any_more_is_looked_for_again(desk: Desk) -> None:
    """As when it has ended, and somebody prolonged it meanwhile."""
    gnupg, keyring = desk.app.gnupg, desk.app.gnupg.keyring
    gnupg.sign_detached(b"words")
    keyring._public[keyring.fingerprint] = person("Ann Example", "ann@nic.example").certificate
    signature = gnupg.sign_detached(b"words")
    assert gnupg.verify_detached(b"words", signature, keyring.export(), datetime.now(UTC)).is_good
