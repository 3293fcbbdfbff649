"""What the tests of the outside world share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys import LIST_ADDRESS, close_home
from tldops_bot.adapters.gnupg_verdicts import Gnupg


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
