"""`demo`: the story comes out as told, and every mail of it is there as a file."""

import re
import subprocess
import sys
from collections.abc import Mapping
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.letterbox import OneKeyHome, gpg_verify
from tldops_bot.cli._demo_people import Someone
from tldops_bot.cli._demo_stage import Stage, must
from tldops_bot.cli.commands import app


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tldops_bot", "demo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "mails"


@pytest.fixture(scope="module")
def told(folder: Path) -> subprocess.CompletedProcess[str]:
    done = run("--keep", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    return done


def test_every_step_is_told_and_plain_where_there_is_no_terminal(
    told: subprocess.CompletedProcess[str], folder: Path
) -> None:
    steps = [
        int(found)
        for found in re.findall(r"^(\d+)\. \S", told.stdout.partition("listening on")[2], re.MULTILINE)
    ]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > 10
    assert "\x1b" not in told.stdout
    assert str(folder) in told.stdout.splitlines()[-1]
    for promised in ("FAILED: forged 1", "[TLP:AMBER] A-", "Good signature by", "we are looking"):
        assert promised in told.stdout


@pytest.mark.usefixtures("told")
def test_every_mail_is_a_numbered_file_with_its_text_beside(folder: Path) -> None:
    mails = sorted(folder.glob("*.eml"))
    assert [int(file.name[:2]) for file in mails] == list(range(1, len(mails) + 1))
    for file in mails:
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        assert mail["From"]
        if "-list-to-" in file.name:
            assert mail["X-Loop"] == "tld-ops@lists.example"
            assert file.with_suffix(".txt").read_text(encoding="utf-8").strip()
    rosters = [file.read_bytes() for file in folder.glob("*.files/roster.vcf")]
    assert any(b"FN:Dina Example" in cards for cards in rosters)


@pytest.mark.usefixtures("told")
def test_the_original_of_the_alert_can_be_verified_from_the_files_alone(folder: Path) -> None:
    (kept,) = folder.glob("*-list-to-bob.files/original.sig")
    with OneKeyHome((kept.parent / "poster-key.asc").read_bytes()) as home:
        signed = kept.with_name("original.bin")
        assert gpg_verify(home, str(kept), str(signed))
        signed.write_bytes(signed.read_bytes().replace(b"192.0.2.66", b"192.0.2.67"))
        assert not gpg_verify(home, str(kept), str(signed))


def test_no_agent_of_the_demo_stays_behind(told: subprocess.CompletedProcess[str]) -> None:
    (home,) = set(re.findall(r"configuration\s+(\S+)/config\.toml", told.stdout))
    assert not Path(home).exists()
    agents = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if _is_there(file)]
    assert not [line for line in agents if home.encode() in line]


def _is_there(file: Path) -> bool:
    try:
        return bool(file.read_bytes())
    except OSError:
        return False


def test_it_does_not_write_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = run("--keep", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"tldops-bot: \S+: is not empty; give --keep a new folder\n", done.stderr)


def test_without_gnupg_it_says_so_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tldops_bot", "demo", "--keep", str(tmp_path / "mails")]
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment, check=False)
    assert done.returncode == 1
    message = "tldops-bot: demo: needs GnuPG (gpg and gpgconf), which is not installed\n"
    assert (done.stdout, done.stderr) == ("", message)
    assert not (tmp_path / "mails").exists()


def test_a_step_that_comes_out_otherwise_ends_it_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tldops_bot.cli.demo.tell", _one_lie)
    done = CliRunner().invoke(app, ["demo", "--keep", str(tmp_path / "mails")])
    assert done.exit_code == 1
    assert "Everything came out" not in done.output
    message = r"tldops-bot: demo: the list's key does not come with HELP; the mails so far are in \S+\n"
    assert re.fullmatch(message, done.stderr)
    assert list((tmp_path / "mails").glob("*.eml"))


def _one_lie(stage: Stage, people: Mapping[str, Someone]) -> None:
    stage.plain(people["ann"], "HELP", "what is this?")
    got = stage.receives(people["ann"], "SUCCESS", is_open=True)
    must("another-key.asc" in got.files, "the list's key does not come with HELP")
