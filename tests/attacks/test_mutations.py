"""Real mails, mutated: through the whole of intake with real gpg, and through Atheris where it can be had."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.attacks.seeds import main as write_seeds
from tests.attacks.seeds import seeds
from tests.desk import Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair
from tests.outcomes import rows
from tldops_bot.store.columns import Base
from tldops_bot.store.tables import InboxRow

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 5.0
PIECES = (
    b"\r\n",
    b"\r\n\r\n",
    b"--",
    b"=",
    b"\0",
    b"\xff",
    b"-----BEGIN PGP SIGNED MESSAGE-----\r\n",
    b"-----BEGIN PGP MESSAGE-----\r\n",
    b"-----END PGP SIGNATURE-----\r\n",
    b"Content-Type: multipart/signed\r\n",
    b"Content-Type: text/plain; charset=utf-16\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"From: <ann@nic.example>\r\n",
    b"UNSUBSCRIBE ALL\r\n",
    b"Hash: SHA1\r\n",
    b"\f",
)


@dataclass(frozen=True)
class Edit:
    """Cut `cut` octets out at a place (0 to 1), and put something there: a piece, or what stood elsewhere."""

    at: float
    cut: int
    piece: int
    elsewhere: float

    def apply(self, octets: bytes) -> bytes:
        place, other = int(self.at * len(octets)), int(self.elsewhere * len(octets))
        put = PIECES[self.piece] if self.piece < len(PIECES) else octets[other : other + 200]
        return octets[:place] + put + octets[place + self.cut :]


EDITS = st.lists(
    st.builds(Edit, st.floats(0, 1), st.integers(0, 60), st.integers(0, 2 * len(PIECES)), st.floats(0, 1)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Desk, dict[str, bytes]]]:
    """Members whose mails are mutated, and a list key of the bot itself to encrypt to."""
    with open_desk() as desk:
        ann = KeyPair.make("Ann Example", "ann@nic.example")
        desk.member(ann, "nl", "be")
        desk.iana("nl", "admin@registry.example")
        ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
        yield desk, seeds(ann, ours)


TABLES = frozenset(("persons", "entries", "offices", "certificates", "alerts", "votes"))
OTHERS = frozenset(table.name for table in Base.metadata.sorted_tables) - TABLES


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(name=st.integers(0, 12), edits=EDITS)
def test_no_mutation_of_a_mail_breaks_intake(
    stage: tuple[Desk, dict[str, bytes]], name: int, edits: list[Edit]
) -> None:
    desk, originals = stage
    raw = list(originals.values())[name]
    for edit in edits:
        raw = edit.apply(raw)
    before = rows(desk, OTHERS)
    started = time.process_time()
    handled = desk.receive(raw, "ann@nic.example")
    assert time.process_time() - started < MOST_SECONDS
    with desk.look() as session:
        assert set(session.scalars(select(InboxRow.state))) == {"done"}
    if not handled.judged.verdict.is_good:
        assert rows(desk, OTHERS) == before
    else:
        assert "UNSUBSCRIBE ALL" not in handled.judged.text, "what was not signed is read"


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="Atheris has no wheel for this Python"
)
def test_a_bounded_run_of_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds")
    command = [sys.executable, str(ROOT / "fuzz/fuzz_take_apart.py"), str(tmp_path / "seeds")]
    limits = [
        "-runs=4000",
        "-max_total_time=15",
        "-timeout=60",
        "-rss_limit_mb=400",
        "-max_len=20000",
        "-seed=7",
    ]
    # A shell between: Linux counts the most memory that whoever started a process had as the process's own.
    apart = ["sh", "-c", '"$0" "$@"; exit $?', *command, *limits]
    done = subprocess.run(apart, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr, done.stderr[-3000:]
