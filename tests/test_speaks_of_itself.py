"""The tree speaks of itself only: no path of anybody's machine, nothing left for later, nobody's secret."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ME = "tests/test_speaks_of_itself.py"
PATHS_OF_A_MACHINE = re.compile(
    r"(?<![\w.~])/(?:root|home|Users|work|farm|mnt|scratch)/|/tmp/[a-z]+/[a-z]|[A-Z]:\\Users"
)
LEFT_FOR_LATER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError")
SECRETS = re.compile(r"-----BEGIN (?:PGP |RSA |EC |OPENSSH |ENCRYPTED )?PRIVATE KEY")
CONFLICTS = re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE)


@cache
def texts() -> dict[str, str]:
    """Every file that belongs to the project, by name; this one left out, since it names what it looks for."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    found = {name: ROOT / name for name in listed if name != ME and (ROOT / name).is_file()}
    return {name: file.read_text(encoding="utf-8") for name, file in found.items()}


pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout: no list of files")


def where(pattern: re.Pattern[str], folder: str = "") -> list[str]:
    return [
        f"{name}:{number} {line.strip()[:80]}"
        for name, text in texts().items()
        if name.startswith(folder)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_there_is_something_to_look_at() -> None:
    assert {"README.md", "tldops_bot/app.py"} <= set(texts())


def test_no_path_of_a_machine() -> None:
    assert where(PATHS_OF_A_MACHINE) == []


def test_nothing_is_left_for_later_in_the_program() -> None:
    assert where(LEFT_FOR_LATER, "tldops_bot/") == []


def test_no_secret_is_kept() -> None:
    assert where(SECRETS) == []


def test_no_half_merged_file() -> None:
    assert where(CONFLICTS) == []


def test_every_text_ends_with_one_line_end_and_has_no_carriage_return() -> None:
    for name, text in texts().items():
        assert "\r" not in text, name
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name


@pytest.mark.parametrize(
    "line", ["see /root/notes", "in '/home/ann/x'", "file:///Users/ann/x", "at /tmp/mine/x"]
)
def test_a_path_of_a_machine_would_be_found(line: str) -> None:
    assert PATHS_OF_A_MACHINE.search(line)
