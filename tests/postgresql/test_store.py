"""Claims, leases and marks once more, on PostgreSQL: the tests of SQLite. `make test-postgresql` runs far more."""

from types import ModuleType

from tests.store import test_inbox, test_outbox


def _take_over(module: ModuleType) -> None:
    """Under a name of its own; the fixture `database` is the one of this folder."""
    own = module.__name__.rpartition("_")[2]
    for name, test in vars(module).items():
        if name.startswith("test_"):
            globals()[f"{name}__{own}"] = test


for _module in (test_inbox, test_outbox):
    _take_over(_module)
