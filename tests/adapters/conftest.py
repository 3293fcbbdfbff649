"""What the tests of the outside world share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys import LIST_ADDRESS, close_home
from tldops_bot.adapters import dns_lookups, dns_questions
from tldops_bot.adapters.gnupg_verdicts import Gnupg


@pytest.fixture(autouse=True)
def patience_with_the_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of tests answer at once, or when a loaded machine lets them. `monkeypatch.undo()`: limits as they are."""
    monkeypatch.setattr(dns_questions, "TRY_SECONDS", 60.0)
    monkeypatch.setattr(dns_questions, "ALLOWED_SECONDS", 60.0)
    monkeypatch.setattr(dns_lookups, "MAX_SECONDS", 60.0)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory with a short name: the path of a Unix socket is limited to 107 octets."""
    path = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Gnupg]:
    """GnuPG with a key of the list."""
    home = Path(tempfile.mkdtemp(prefix="list", dir="/tmp"))
    opened = Gnupg(home)
    opened.keyring.make(LIST_ADDRESS)
    yield opened
    opened.close()
    close_home(home)
