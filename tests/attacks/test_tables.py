"""The tables of who can get in, and who can lock whom out, name for each row a test, and every test named is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN = {
    found
    for file in (ROOT / "tests").rglob("test_*.py")
    for found in re.findall(r"(?m)^(?:async )?def (test_\w+)", file.read_text())
}


def rows(paper: str, heading: str) -> list[list[str]]:
    """The cells of every row of the tables under the sections whose heading says so."""
    parts = re.split(r"(?m)^## ", (ROOT / paper).read_text())
    lines = [line for part in parts if part.startswith(heading) for line in part.splitlines()]
    cells = [[one.strip() for one in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [
        row for row in cells if row[0] not in ("attack", "who", "who brings a new key") and row[0] != "---"
    ]


@pytest.mark.parametrize(
    ("paper", "heading", "least"),
    [("docs/keys.md", "Who can", 30), ("THREATS.md", "Attackers of the flow", 20)],
)
def test_every_row_names_a_test_that_there_is(paper: str, heading: str, least: int) -> None:
    found = rows(paper, heading)
    assert len(found) >= least
    for row in found:
        named = re.findall(r"`(test_\w+)`", " ".join(row))
        assert named, row[0]
        assert set(named) <= WRITTEN, row[0]


@pytest.mark.parametrize("paper", ["THREATS.md", "docs/keys.md"])
def test_every_test_that_a_paper_names_is_there(paper: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / paper).read_text()))
    assert len(named) > 40
    assert named - WRITTEN == set()


def test_a_row_without_a_test_would_be_found() -> None:
    named = [
        re.findall(r"`(test_\w+)`", " ".join(row)) for row in rows("docs/keys.md", "Where a key may come")
    ]
    assert [] in named
