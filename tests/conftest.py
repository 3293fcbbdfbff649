"""Fixtures everybody may use: a desk, and people with keys."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person

# The same examples every time: what runs before each change must not fail by chance. The long runs beside it
# (tests.attacks.long, fuzz/) look further.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")


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
