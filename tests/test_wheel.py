"""The program as it is installed: a wheel, away from the checkout, with everything it needs inside."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MANUAL_PAGES = {
    "share/man/man1/tldops-bot.1",
    "share/man/man5/tldops-bot.toml.5",
    "share/man/man7/tldops-bot-members.7",
}
FOR_WATCHERS = {"share/tldops-bot/alerts.rules.yml", "share/tldops-bot/dashboard.json"}
HELP_MAIL = (
    b"From: Ann Example <ann@nic.example>\nTo: tld-ops@lists.example\n"
    b"Message-ID: <1@nic.example>\nSubject: hello\n\nHELP\n"
)


def run(*command: str | Path, cwd: Path) -> str:
    """A process that knows nothing of the checkout; its output."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COV_", "TLDOPS_"))
    }
    environment = kept | {"COLUMNS": "80", "TERM": "dumb"}
    done = subprocess.run(
        [str(one) for one in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """A wheel, and an environment in which it is installed beside the libraries of this one."""

    wheel: Path
    home: Path

    @property
    def python(self) -> Path:
        return self.home / "env/bin/python"

    @property
    def program(self) -> Path:
        return self.home / "env/bin/tldops-bot"


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    home = Path(tempfile.mkdtemp(prefix="whl", dir="/tmp"))
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    try:
        run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", home, ROOT, cwd=home)
        wheel = next(home.glob("*.whl"))
        venv.create(home / "env", with_pip=False, symlinks=True)
        libraries = Path(run(home / "env/bin/python", "-c", PURELIB, cwd=home).strip())
        (libraries / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        run(*pip, "--python", home / "env/bin/python", "install", "--no-deps", wheel, cwd=home)
        yield Installed(wheel, home)
    finally:
        subprocess.run(
            ["gpgconf", "--homedir", str(home / "site/var/gnupg"), "--kill", "all"],
            capture_output=True,
            check=False,
        )
        shutil.rmtree(home, ignore_errors=True)


PURELIB = "import sysconfig; print(sysconfig.get_paths()['purelib'])"


def test_it_holds_every_template_migration_and_table_and_nothing_that_is_for_builders(
    installed: Installed,
) -> None:
    names = {name for name in zipfile.ZipFile(installed.wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        f"tldops_bot/shipped/{file.relative_to(ROOT)}"
        for folder, pattern in (("templates", "*.j2"), ("migrations", "*.py"))
        for file in (ROOT / folder).rglob(pattern)
    }
    package = {str(file.relative_to(ROOT)) for file in (ROOT / "tldops_bot").rglob("*.py")}
    data = {str(file.relative_to(ROOT)) for file in (ROOT / "tldops_bot/data").rglob("*") if file.is_file()}
    assert data
    assert wanted | package | data | {"tldops_bot/shipped/config.example.toml"} <= names
    elsewhere = {name for name in names if not name.startswith("tldops_bot/")}
    assert {name.partition(".data/data/")[2] for name in elsewhere} == MANUAL_PAGES | FOR_WATCHERS


def test_the_manual_pages_lie_where_man_looks_for_them(installed: Installed) -> None:
    for page in MANUAL_PAGES:
        assert (installed.home / "env" / page).read_text().startswith('.\\" Made by'), page


def test_what_travels_with_it_is_found_inside_the_package(installed: Installed) -> None:
    script = (
        "from tldops_bot.config.shipped import shipped, data_file; from tldops_bot.config.tld_table import *;"
        "print(*map(shipped, ('templates', 'migrations', 'config.example.toml')), sep='\\n');"
        "print(len(load_tld_table()) > 1000)"
    )
    *paths, has_tlds = run(installed.python, "-c", script, cwd=installed.home).splitlines()
    inside = installed.home / "env/lib"
    for path in paths:
        assert Path(path).is_relative_to(inside), path
        assert Path(path).exists(), path
    assert has_tlds == "True"


def test_help_names_the_verbs(installed: Installed) -> None:
    text = run(installed.program, "--help", cwd=installed.home)
    for verb in ("init", "serve", "process"):
        assert verb in text


def test_init_makes_a_list_that_answers(installed: Installed) -> None:
    site = installed.home / "site"
    run(installed.program, "init", "--directory", site, cwd=installed.home)
    (installed.home / "help.eml").write_bytes(HELP_MAIL)
    process = ("--config", site / "config.toml", "process", "--dry-run", "--json", "help.eml")
    answer = json.loads(run(installed.program, *process, cwd=installed.home))
    assert [one["to"] for one in answer["replies"]] == [["ann@nic.example"]]
    assert "SUBSCRIBE" in answer["replies"][0]["text"]
