"""Fixtures everybody may use: a desk, and people with keys; and what makes thousands of tests quick."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person

# The same examples every time: what runs before each change must not fail by chance. The long runs beside it
# (tests.attacks.long, fuzz/) look further.
# A slow machine is no failure either.
settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

_dialect: list[Dialect] = []
_compiled: dict[Any, Any] = {}


@event.listens_for(Engine, "engine_connect")
def _compile_once(connection: Connection) -> None:
    """Each desk has a database of its own; what SQLAlchemy compiled for one of them serves them all."""
    if connection.dialect.name == "sqlite":
        _dialect[:] = _dialect or [connection.dialect]
        connection.dialect = _dialect[0]
        connection.execution_options(compiled_cache=_compiled)


# What takes ten seconds and more, the longest first.
LONG = (
    "test_faults.py",
    "test_benchmarks.py",
    "test_year.py",
    "test_stateful.py",
    "test_months.py",
    "test_exercise.py",
    "test_floods.py",
    "test_restart.py",
    "test_migrations.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker is alone with it at the end.

    xdist's `worksteal` cuts the list into equal shares, one for each worker: each begins with some of those.
    """
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    shares: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, name in enumerate(LONG):
        shares[number % workers] += [one for one in items if one.path.name == name]
    others = [one for one in items if one.path.name not in LONG]
    for share in shares:
        room = max(0, len(items) // workers - len(share))
        share += others[:room]
        del others[:room]
    items[:] = [one for share in shares for one in share] + others


def pytest_collection_finish() -> None:
    """What is there by now stays: looking through it for garbage took longer than many a test."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as one:
        yield one


@pytest.fixture(scope="session")
def ann() -> KeyPair:
    return person("Ann Example", "ann@nic.example")


@pytest.fixture(scope="session")
def bob() -> KeyPair:
    return person("Bob Example", "bob.sample@registry.example")


@pytest.fixture(scope="session")
def carol() -> KeyPair:
    return person("Carol Example", "carol.sample@committee.example")
