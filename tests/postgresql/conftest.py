"""A desk and an empty store on PostgreSQL."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests import postgres
from tests.desk import Desk, on_postgresql, open_desk
from tests.rows import NOW
from tldops_bot.store.database import Database


@pytest.fixture
def desk() -> Iterator[Desk]:
    with on_postgresql() as table, open_desk(table) as one:
        yield one


@pytest.fixture
def database() -> Iterator[Database]:
    with postgres.new_database() as url:
        made = Database(url)
        yield made
        made.close()


@pytest.fixture
def now() -> datetime:
    return NOW
