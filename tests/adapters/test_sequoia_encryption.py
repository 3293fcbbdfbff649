"""One recipient's bad key, even one that kills the worker, never stops another's copy."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pytest

import tldops_bot
from tests.keys import KeyPair, person
from tldops_bot.adapters import child_worker, sequoia_encryption
from tldops_bot.adapters.child_worker import Worker, WorkerGone, WorkerNotStarted
from tldops_bot.adapters.sequoia_encryption import Encryption, Recipient, encrypt_here, parse_here
from tldops_bot.domain.certificate import NotEncrypted

NOW = datetime.now(UTC)
OCTETS = b"signed part"


@pytest.fixture(scope="module")
def encryption() -> Iterator[Encryption]:
    opened = Encryption()
    opened.warm_up()  # here and not in a thread of some test: the worker would end with that
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bert() -> KeyPair:
    return person("Bert Example", "bert@registry.example")


def recipient(key: KeyPair, certificate: bytes | None = None) -> tuple[str, bytes]:
    return key.fingerprint, key.certificate if certificate is None else certificate


def encrypt(encryption: Encryption, recipients: list[Recipient]) -> list[bytes | NotEncrypted]:
    return encryption.encrypt_many(OCTETS, recipients)


def test_each_copy_is_for_its_recipient_alone(encryption: Encryption, ann: KeyPair, bert: KeyPair) -> None:
    outcomes = encrypt(encryption, [recipient(ann), recipient(bert)])
    assert [isinstance(one, bytes) for one in outcomes] == [True, True]
    for key, outcome in zip((ann, bert), outcomes, strict=True):
        assert isinstance(outcome, bytes)
        assert outcome.startswith(b"-----BEGIN PGP MESSAGE-----")
        assert key.decrypt(outcome) == OCTETS
        assert outcome.count(b"-----BEGIN") == 1


def test_warmed_up_it_still_encrypts(encryption: Encryption, ann: KeyPair) -> None:
    encryption.warm_up()
    (outcome,) = encrypt(encryption, [recipient(ann)])
    assert isinstance(outcome, bytes)


def test_a_bad_key_is_refused_and_the_others_served(ann: KeyPair, bert: KeyPair) -> None:
    signing_only = KeyPair.make("Sue Example", "sue3@nic.example", algorithm="ed25519")
    expired = KeyPair.make("Eve Example", "eve3@nic.example", expire="30d")
    outcomes = encrypt_here(
        b"x",
        [
            recipient(ann, b"rubbish"),
            recipient(ann, ann.revoked()),
            recipient(ann, bert.certificate),
            recipient(signing_only),
            recipient(expired),
            recipient(bert),
        ],
        NOW,
    )
    assert outcomes[:5] == [
        NotEncrypted("unusable_key"),
        NotEncrypted("revoked_key"),
        NotEncrypted("other_key"),
        NotEncrypted("unusable_key"),
        NotEncrypted("expired_key"),
    ]
    assert isinstance(outcomes[5], bytes)


def test_a_revocation_is_seen_although_the_key_was_parsed_before(ann: KeyPair) -> None:
    assert isinstance(encrypt_here(b"x", [recipient(ann)], NOW)[0], bytes)
    assert encrypt_here(b"x", [recipient(ann, ann.revoked())], NOW) == [NotEncrypted("revoked_key")]


def test_the_cache_of_parsed_keys_is_bounded(
    monkeypatch: pytest.MonkeyPatch, ann: KeyPair, bert: KeyPair
) -> None:
    monkeypatch.setattr(sequoia_encryption, "MAX_CACHED", 1)
    monkeypatch.setattr(sequoia_encryption, "_parsed", OrderedDict())
    encrypt_here(b"x", [recipient(ann), recipient(bert), recipient(ann)], NOW)
    assert len(sequoia_encryption._parsed) <= 2


def worker_of(encryption: Encryption) -> Worker:
    assert encryption._worker is not None
    return encryption._worker


def become_impatient_with(worker: Worker) -> None:
    """One second for an answer of this one, and not of the next."""
    for lane in worker._lanes:
        lane._seconds = 1.0
        child_worker._be_patient(lane._socket, 1.0)


def test_a_killed_worker_is_replaced(ann: KeyPair, bert: KeyPair) -> None:
    opened = Encryption()
    encrypt(opened, [recipient(ann)])
    worker_of(opened).process.kill()
    outcomes = encrypt(opened, [recipient(ann), recipient(bert)])
    opened.close()
    assert [isinstance(one, bytes) for one in outcomes] == [True, True]


def stands_still(*_arguments: object) -> list[bytes | NotEncrypted]:
    time.sleep(600)
    return []


def panics(*_arguments: object) -> list[bytes | NotEncrypted]:
    """What a panic in Rust is here: no Exception."""
    raise SystemExit(101)


@pytest.mark.parametrize("at_fault", [stands_still, panics])
def test_a_worker_that_hangs_or_dies_is_replaced_and_only_the_certificate_at_fault_is_refused(
    ann: KeyPair, bert: KeyPair, monkeypatch: pytest.MonkeyPatch, at_fault: Any
) -> None:
    """Whenever it is given Bert's certificate; Ann's copy goes all the same."""
    opened = Encryption(seconds=60.0)
    asked: list[int] = []
    ask = opened._ask

    def fails(work: Any, signed_part: bytes, recipients: Any, now: datetime) -> Any:
        asked.append(len(recipients))
        if recipient(bert) not in recipients:
            return ask(work, signed_part, recipients, now)
        ask(parse_here, ())  # its worker is there
        become_impatient_with(worker_of(opened))
        return ask(at_fault, signed_part, recipients, now)

    monkeypatch.setattr(opened, "_ask", fails)
    both = [recipient(bert), recipient(ann)]
    outcomes = encrypt(opened, both)
    assert outcomes[0] == NotEncrypted("unusable_key")
    assert isinstance(outcomes[1], bytes)
    asked.clear()
    assert encrypt(opened, both)[0] == NotEncrypted("unusable_key")
    assert asked == [1], "the poison is never given to a worker again"
    process = worker_of(opened).process
    opened.close()
    process.join(60)
    assert not process.is_alive()


def test_a_mistake_of_ours_is_no_certificates_fault(
    encryption: Encryption, ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = worker_of(encryption)
    with pytest.raises(TypeError):
        encryption.encrypt_many("no octets", [recipient(ann)])  # type: ignore[arg-type]
    assert worker_of(encryption) is before
    assert isinstance(encrypt(encryption, [recipient(ann)])[0], bytes)


def test_a_worker_that_does_not_start_is_no_certificates_fault(
    ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Encryption()
    with monkeypatch.context() as broken:
        broken.setattr(child_worker, "_serve", len)  # which does not greet
        with pytest.raises(WorkerNotStarted):
            encrypt(opened, [recipient(ann)])
    with monkeypatch.context() as broken:
        broken.setattr(SpawnProcess, "start", no_room)
        opened.warm_up()  # `serve` starts all the same
        with pytest.raises(WorkerNotStarted):
            encrypt(opened, [recipient(ann)])
    assert isinstance(encrypt(opened, [recipient(ann)])[0], bytes)
    opened.close()


def no_room(_process: SpawnProcess) -> None:
    raise BlockingIOError


def test_close_does_not_wait_for_a_worker_that_hangs_and_no_other_is_started() -> None:
    opened = Encryption()
    opened.warm_up()
    heard: list[Exception] = []

    def asks() -> None:
        try:
            opened._ask(stands_still)
        except (WorkerGone, WorkerNotStarted) as problem:  # the latter, if it was late
            heard.append(problem)

    asking = threading.Thread(target=asks)
    asking.start()
    opened.close()
    asking.join(60)
    assert len(heard) == 1
    with pytest.raises(WorkerNotStarted):
        encrypt(opened, [])


def test_a_worker_that_hangs_over_what_is_parsed_ahead_holds_up_no_mail(ann: KeyPair) -> None:
    opened = Encryption(seconds=60.0)
    encrypt(opened, [recipient(ann)])
    become_impatient_with(worker_of(opened))
    os.kill(worker_of(opened).process.pid or 0, signal.SIGSTOP)
    opened.parse_ahead([ann.certificate])
    assert isinstance(encrypt(opened, [recipient(ann)])[0], bytes)
    opened.close()


def test_while_one_waits_for_an_answer_another_may_ask(encryption: Encryption) -> None:
    """And each hears what was asked by itself, however large."""
    sizes = [1, 5_000_000, 300_000, 7, 70_000, 0, 12_345, 2]
    found: dict[int, int] = {}

    def asks(size: int) -> None:
        found[size] = len(encryption._ask(bytes, size))

    asking = [threading.Thread(target=asks, args=[size]) for size in sizes]
    for one in asking:
        one.start()
    for one in asking:
        one.join(60)
    assert found == {size: size for size in sizes}


INSTALLED = """
import sys
from tldops_bot.__main__ import main

def loaded():
    return sorted(sys.modules)

if __name__ == "__main__":
    from tldops_bot.adapters.sequoia_encryption import Encryption
    encryption = Encryption()
    print(*encryption._ask(loaded))
    encryption.close()
"""


def test_its_process_loads_nothing_of_the_rest_of_the_program(tmp_path: Path) -> None:
    # It reads the script once more that began the program, as pip writes it. That was 75 MB, when the verbs came along.
    script = tmp_path / "tldops-bot"
    script.write_text(INSTALLED)
    found = os.environ | {"PYTHONPATH": str(Path(tldops_bot.__file__).parents[1])}
    ran = subprocess.run([sys.executable, script], env=found, capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "tldops_bot.__main__" in loaded
    assert not {"sqlalchemy", "pydantic", "rich", "tldops_bot.app"} & loaded
