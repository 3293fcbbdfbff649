"""A database of its own for each test, quick to make."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.postgres import new_store
from tldops_bot.store.database import Database

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture
def database() -> Iterator[Database]:
    with new_store() as made:
        yield made


@pytest.fixture
def now() -> datetime:
    return NOW
