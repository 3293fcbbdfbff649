"""A database of its own for each test, quick to make."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/store.sqlite")
    Base.metadata.create_all(database.writing)
    yield database
    database.close()


@pytest.fixture
def now() -> datetime:
    return NOW
