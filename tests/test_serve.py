"""`tldops-bot serve` as the operator runs it: a process, its signals. What survives when it is killed: test_faults.py."""

import os
import re
import signal
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests import postgres
from tests.desk import fresh_home, write_config
from tests.keys import LIST_ADDRESS, KeyPair
from tests.service import PATIENCE_SECONDS, Running, Town, reconfigure, town, wait_until
from tests.whois_server import HANG, LoopbackWhois
from tldops_bot.store import sqlite_file
from tldops_bot.store.outbox import StoreBusy


class Process:
    """One running `tldops-bot serve`."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "tldops_bot", "--config", str(config), "serve"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.first_line = self.line()

    def line(self) -> str:
        """The next line on its stdout, waited for."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    @property
    def port(self) -> int:
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", self.first_line)
        assert found, self.end(signal.SIGKILL)
        return int(found[1])

    def end(self, with_signal: signal.Signals) -> tuple[int, str, str]:
        """Its exit status, and what else it wrote to stdout and stderr."""
        self._process.send_signal(with_signal)
        out, err = self._process.communicate(timeout=PATIENCE_SECONDS)
        return self._process.returncode, out, err

    def send(self, *mails: tuple[str, bytes]) -> int:
        """Hand mails over one by one; how many were answered 250 before it died."""
        taken = 0
        with suppress(OSError, smtplib.SMTPException):
            client = smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            try:
                for sender, octets in mails:
                    client.sendmail(sender, [LIST_ADDRESS], octets)
                    taken += 1
            finally:
                client.close()
        return taken


@contextmanager
def serving(config: Path) -> Iterator[Process]:
    running = Process(config)
    try:
        yield running
    finally:
        if running._process.poll() is None:
            running.end(signal.SIGKILL)
        for pipe in (running._process.stdout, running._process.stderr):
            if pipe is not None:
                pipe.close()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tldops_bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


@pytest.fixture
def place(ann: KeyPair, bob: KeyPair) -> Iterator[Town]:
    with town() as one:
        one.desk.member(ann, "nl")
        one.desk.member(bob, "be")
        one.roster_is_sent()
        yield one


def test_it_says_where_it_listens_and_ends_at_sigterm(place: Town, ann: KeyPair) -> None:
    with place.config.file.open("a") as config:
        config.write('[metrics]\nlisten = "127.0.0.1:0"\n')
    with serving(place.config.file) as process:
        assert process.send((ann.address, ann.pgp_mime_signed("QUERY be"))) == 1
        assert re.fullmatch(r"metrics on 127\.0\.0\.1:[1-9]\d+\n", process.line())
        assert "Bob Example" in place.next_to(ann, "SUCCESS").text
        code, out, err = process.end(signal.SIGTERM)
    assert (code, out, err) == (0, "", "")


def test_a_socket_in_a_folder_that_is_not_there_is_named(place: Town) -> None:
    reconfigure(place, "listener", 'socket = "nowhere/lmtp.sock"')
    done = run("--config", str(place.config.file), "serve")
    folder = place.config.file.parent / "nowhere"
    assert (done.returncode, done.stderr) == (
        1,
        f"tldops-bot: cannot listen: {folder}: there is no such folder\n",
    )


def test_without_gpg_it_says_so_and_not_that_nothing_can_be_listened_on(
    place: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("--config", str(place.config.file), "serve")
    said = "tldops-bot: gpg is not installed, or not on PATH; `tldops-bot doctor` says more\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_sigterm_finishes_what_was_answered_250(place: Town, ann: KeyPair) -> None:
    mails = [(ann.address, ann.pgp_mime_signed(f"# {number}\nSHOW")) for number in range(8)]
    with serving(place.config.file) as process:
        assert process.send(*mails) == len(mails)
        code, _, err = process.end(signal.SIGTERM)
    assert (code, err) == (0, "")
    with serving(place.config.file):
        wait_until(lambda: len(place.all_to(ann)) == len(mails))


def test_without_a_database_it_says_so_in_one_line(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    done = run("--config", str(config.file), "serve")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(
        r"tldops-bot: no database at \S+; [^\n]* `tldops-bot init` makes a new one\n", done.stderr
    )
    assert not (tmp_path / "var/tldops.sqlite").exists()


def _lines_of(page: Path, having: str) -> str:
    """The block of a page with these words in it."""
    (found,) = [block for block in page.read_text("utf-8").split("```")[1::2] if having in block]
    return found.partition("\n")[2]


@pytest.mark.skipif(os.environ.get(postgres.VARIABLE) == "postgresql", reason="there is no file")
def test_a_database_deleted_under_it_takes_no_mail_and_can_be_taken_from_the_running_process(
    place: Town, ann: KeyPair
) -> None:
    file = place.desk.app.database.file
    assert file is not None
    with serving(place.config.file) as process:
        assert process.send((ann.address, ann.pgp_mime_signed("QUERY be"))) == 1
        place.next_to(ann, "SUCCESS")
        for one in file.parent.glob(f"{file.name}*"):
            if not one.name.endswith(".serving"):
                one.unlink()
        assert process.send((ann.address, ann.pgp_mime_signed("SHOW"))) == 0
        assert not file.exists()
        rescue = _lines_of(Path("docs/operators/worst-day.md"), "/fd/")
        environment = {**os.environ, "pid": str(process._process.pid)}
        subprocess.run(["bash", "-euc", rescue], env=environment, check=True)
        process.end(signal.SIGKILL)
    with serving(place.config.file) as process:
        assert process.send((ann.address, ann.pgp_mime_signed("# 2\nQUERY be"))) == 1
        place.next_to(ann, "SUCCESS")


def test_a_second_serve_on_the_same_port_ends_and_leaves_the_first_alone(place: Town, ann: KeyPair) -> None:
    with serving(place.config.file) as first, fresh_home() as other:
        words = other.file.read_text().replace("port = 0", f"port = {first.port}")
        other.file.write_text(words)
        second = run("--config", str(other.file), "serve")
        assert (second.returncode, second.stdout) == (1, "")
        assert re.fullmatch(r"tldops-bot: cannot listen: [^\n]*address already in use\n", second.stderr)
        assert first.send((ann.address, ann.pgp_mime_signed("QUERY be"))) == 1
        place.next_to(ann, "SUCCESS")


@pytest.mark.skipif(os.environ.get(postgres.VARIABLE) == "postgresql", reason="there several may serve")
def test_a_second_serve_on_one_sqlite_file_is_refused_and_verbs_are_not(place: Town, ann: KeyPair) -> None:
    file = str(place.config.file)
    with serving(place.config.file) as first:
        second = run("--config", file, "serve")
        assert (second.returncode, second.stdout) == (1, "")
        said = rf"tldops-bot: another `tldops-bot serve` \(process {first._process.pid}\) works with \S+\n"
        assert re.fullmatch(said, second.stderr)
        for verb in (
            ["members", "list"],
            ["backup", str(place.config.file.parent / "b.tar")],
            ["db", "upgrade"],
        ):
            assert run("--config", file, *verb).returncode == 0
        assert first.send((ann.address, ann.pgp_mime_signed("QUERY be"))) == 1
        place.next_to(ann, "SUCCESS")
        first.end(signal.SIGKILL)
    with serving(place.config.file) as third:  # a dead process is no obstacle
        assert third.port


def test_store_that_is_away_at_the_start_ends_serve_so_that_it_is_started_again(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    running = Running(place.config)
    file = str(place.config.database.url).removeprefix("sqlite:///")
    locking = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    warm_up = running.service._warm_up

    async def warm_up_and_lock() -> None:
        await warm_up()
        locking.execute("BEGIN IMMEDIATE")

    monkeypatch.setattr(running.service, "_warm_up", warm_up_and_lock)
    with closing(locking), pytest.raises(StoreBusy):
        running.start()


def test_sigterm_does_not_wait_for_an_iana_that_never_answers(place: Town) -> None:
    with LoopbackWhois({"ac": HANG}) as iana:
        reconfigure(place, "iana", f'whois = "127.0.0.1:{iana.port}"')
        with serving(place.config.file) as process:
            assert process.port
            wait_until(lambda: bool(iana.asked))
            code, _, err = process.end(signal.SIGTERM)
        assert (code, err) == (0, "")
