"""What operators install: libraries locked with hashes, under licences allowed; releases that everybody builds alike."""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LICENCES = tomllib.loads((ROOT / "packaging/licences.toml").read_text())
SHIPPED = ("tldops_bot", "templates", "migrations", "packaging", "docs")


@dataclass(frozen=True)
class Locked:
    """One library of a lock file."""

    version: str
    is_wanted_here: bool
    hashes: tuple[str, ...]


def locked(name: str) -> dict[str, Locked]:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            wanted = Requirement(line.split(" --hash=")[0])
            ((pin),) = wanted.specifier
            here = wanted.marker is None or wanted.marker.evaluate()
            hashes = tuple(re.findall(r"--hash=(sha256:[0-9a-f]{64})\b", line))
            assert pin.operator == "==", line
            found[canonicalize_name(wanted.name)] = Locked(pin.version, here, hashes)
    return found


FOR_OPERATORS = locked("requirements.lock")
FOR_BUILDERS = locked("requirements-dev.lock")
FOR_SOURCES = locked("requirements-build.lock")


def asked_for(*extras: str) -> Iterator[Requirement]:
    lines = [
        *PROJECT["dependencies"],
        *(one for name in extras for one in PROJECT["optional-dependencies"][name]),
    ]
    yield from map(Requirement, lines)


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (FOR_OPERATORS, [*asked_for("postgresql")]),
        (FOR_BUILDERS, [*asked_for(*PROJECT["optional-dependencies"])]),
    ],
    ids=["operators", "builders"],
)
def test_the_lock_holds_what_pyproject_asks_for(lock: dict[str, Locked], wanted: list[Requirement]) -> None:
    unfit = [
        str(one)
        for one in wanted
        if (held := lock.get(canonicalize_name(one.name))) is None or held.version not in one.specifier
    ]
    assert not unfit, f"`make lock` after a change of pyproject.toml: {unfit}"


def test_every_library_is_locked_with_hashes_and_once() -> None:
    locks = (FOR_OPERATORS, FOR_BUILDERS, FOR_SOURCES)
    assert not {name for lock in locks for name, one in lock.items() if not one.hashes}
    assert set(FOR_SOURCES) == {"setuptools"}
    assert {name: FOR_BUILDERS[name] for name in FOR_OPERATORS} == FOR_OPERATORS


def test_nothing_is_fetched_for_a_package_that_is_not_locked() -> None:
    """Where pip builds what comes as source, it takes the setuptools that is there, and was locked."""
    made = (ROOT / "Makefile").read_text() + (ROOT / "packaging/Containerfile").read_text()
    commands = re.split(r"\n|&&", made.replace("\\\n", " "))
    installed = [one for one in commands if re.search(r"\binstall .*requirements(-build)?\.lock", one)]
    assert len(installed) == 6
    for before, line in zip(installed[::2], installed[1::2], strict=True):
        assert "requirements-build.lock" in before
        assert "--no-build-isolation" in line
        assert all("--require-hashes" in one for one in (before, line))


def test_what_is_tested_here_is_what_is_locked() -> None:
    """Where the tests run in the environment that `make test` makes; the versions must not drift apart."""
    if sys.prefix != str(ROOT / ".venv"):
        pytest.skip("not in the environment of `make test`")
    other = {
        name: importlib.metadata.version(name)
        for name, one in FOR_BUILDERS.items()
        if one.is_wanted_here and importlib.metadata.version(name) != one.version
    }
    assert other == {}


def licence(name: str) -> str:
    if name in LICENCES["read_in_the_source"]:
        return str(LICENCES["read_in_the_source"][name])
    told = importlib.metadata.metadata(name)
    classifiers = [
        one.rpartition(" :: ")[2]
        for one in told.get_all("Classifier", [])
        if one.startswith("License :: OSI Approved ::")
    ]
    said = str(told.get("License-Expression") or (classifiers or [told.get("License")])[0])
    return str(LICENCES["same_as"].get(said, said))


def test_every_library_of_operators_is_under_a_licence_that_was_allowed() -> None:
    here = [name for name, one in FOR_OPERATORS.items() if one.is_wanted_here]
    others = {name: found for name in here if (found := licence(name)) not in LICENCES["allowed"]}
    assert others == {}
    assert {licence(name) for name in here} == set(LICENCES["allowed"]), "one that nobody needs any more"


def build(source: Path, into: Path, umask: int) -> dict[str, str]:
    """Wheel and source archive, and the sums of their octets."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "PYTHONPATH": ""}
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
    done = subprocess.run(
        command, cwd=source, env=environment, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in into.iterdir()}


def test_a_release_is_the_same_octets_wherever_and_by_whomever_it_is_built(tmp_path: Path) -> None:
    first, second = tmp_path / "here", tmp_path / "elsewhere-and-deeper/down"
    for folder in SHIPPED:
        shutil.copytree(ROOT / folder, first / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "LICENSE"):
        shutil.copy2(file, first)
    shutil.copytree(first, second)
    for at, source in enumerate((first, second)):
        for file in source.rglob("*.*"):
            if file.is_file():
                os.utime(file, (at, at))
                file.chmod((0o644, 0o600)[at])
    sums = [build(first, tmp_path / "dist1", 0o022), build(second, tmp_path / "dist2", 0o077)]
    version = PROJECT["version"]
    assert set(sums[0]) == {f"tldops_bot-{version}.tar.gz", f"tldops_bot-{version}-py3-none-any.whl"}
    assert sums[0] == sums[1]


def test_the_list_of_what_is_inside_names_every_library_with_its_licence(tmp_path: Path) -> None:
    """As `make sbom` makes it, of the environment of these tests."""
    file = tmp_path / "sbom.json"
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "environment", "--no-validate"]
    command += ["--output-reproducible", "--pyproject", str(ROOT / "pyproject.toml"), "-o", str(file)]
    subprocess.run([*command, sys.executable], check=True, capture_output=True)
    bom = json.loads(file.read_text())
    assert bom["metadata"]["component"]["name"] == "tldops-bot"
    inside = {canonicalize_name(one["name"]): one for one in bom["components"]}
    wanted = {name for name, one in FOR_OPERATORS.items() if one.is_wanted_here}
    assert wanted <= set(inside)
    for name in wanted:
        assert inside[name]["purl"] == f"pkg:pypi/{name}@{inside[name]['version']}"
