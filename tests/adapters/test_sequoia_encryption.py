"""One recipient's bad key, even one that kills the worker, never stops another's copy."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import tldops_bot
from tests.keys import KeyPair, person
from tldops_bot.adapters import sequoia_encryption
from tldops_bot.adapters.sequoia_encryption import Encryption, Recipient, encrypt_here
from tldops_bot.domain.certificate import NotEncrypted

NOW = datetime.now(UTC)
OCTETS = b"signed part"


@pytest.fixture(scope="module")
def encryption() -> Iterator[Encryption]:
    opened = Encryption()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bert() -> KeyPair:
    return person("Bert Example", "bert@registry.example")


def recipient(key: KeyPair, certificate: bytes | None = None) -> tuple[str, bytes]:
    return key.fingerprint, key.certificate if certificate is None else certificate


def encrypt(encryption: Encryption, recipients: list[Recipient]) -> list[bytes | NotEncrypted]:
    return asyncio.run(encryption.encrypt_many(OCTETS, recipients))


def test_each_copy_is_for_its_recipient_alone(encryption: Encryption, ann: KeyPair, bert: KeyPair) -> None:
    outcomes = encrypt(encryption, [recipient(ann), recipient(bert)])
    assert [isinstance(one, bytes) for one in outcomes] == [True, True]
    for key, outcome in zip((ann, bert), outcomes, strict=True):
        assert isinstance(outcome, bytes)
        assert outcome.startswith(b"-----BEGIN PGP MESSAGE-----")
        assert key.decrypt(outcome) == OCTETS
        assert outcome.count(b"-----BEGIN") == 1


def test_warmed_up_it_still_encrypts(encryption: Encryption, ann: KeyPair) -> None:
    asyncio.run(encryption.warm_up())
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
    encrypt_here(b"x", [recipient(ann), recipient(bert), recipient(ann)], NOW)
    assert len(sequoia_encryption._parsed) <= 2
    sequoia_encryption._parsed.clear()


def kill_worker(encryption: Encryption) -> None:
    for process in list(encryption._pool._processes.values()):
        os.kill(process.pid or 0, signal.SIGKILL)


def test_a_killed_worker_is_replaced(ann: KeyPair, bert: KeyPair) -> None:
    opened = Encryption()
    encrypt(opened, [recipient(ann)])
    kill_worker(opened)
    outcomes = encrypt(opened, [recipient(ann), recipient(bert)])
    opened.close()
    assert [isinstance(one, bytes) for one in outcomes] == [True, True]


def test_a_worker_that_hangs_is_ended_and_only_the_certificate_at_fault_is_refused(
    ann: KeyPair, bert: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker stands still whenever it is given Bert's certificate; Ann's copy goes all the same."""
    opened = Encryption(seconds=1.0)
    encrypt(opened, [recipient(ann)])
    submitted: list[int] = []
    submit = opened._submit

    def stands_still(pool: Any, signed_part: bytes, recipients: Any) -> Any:
        submitted.append(len(recipients))
        if recipient(bert) in recipients:
            return pool.submit(time.sleep, 600)
        return submit(pool, signed_part, recipients)

    monkeypatch.setattr(opened, "_submit", stands_still)
    both = [recipient(bert), recipient(ann)]
    outcomes = encrypt(opened, both)
    assert outcomes[0] == NotEncrypted("unusable_key")
    assert isinstance(outcomes[1], bytes)
    monkeypatch.setattr(opened, "_seconds", 60.0)
    submitted.clear()
    assert encrypt(opened, both)[0] == NotEncrypted("unusable_key")
    assert submitted == [1], "the poison is never given to a worker again"
    workers = list(opened._pool._processes.values())
    opened.close()
    for one in workers:
        one.join(60)
        assert not one.is_alive()


def test_close_does_not_wait_for_a_worker_that_hangs() -> None:
    opened = Encryption()
    asked = opened._pool.submit(time.sleep, 600)
    opened.close()
    with pytest.raises(BrokenProcessPool):
        asked.result(60)


def test_a_worker_that_hangs_over_what_is_parsed_ahead_holds_up_no_mail(ann: KeyPair) -> None:
    opened = Encryption(seconds=1.0)
    encrypt(opened, [recipient(ann)])
    for process in list(opened._pool._processes.values()):
        os.kill(process.pid or 0, signal.SIGSTOP)
    asyncio.run(opened.parse_ahead([ann.certificate]))
    assert isinstance(encrypt(opened, [recipient(ann)])[0], bytes)
    opened.close()


INSTALLED = """
import sys
from tldops_bot.__main__ import main

def loaded():
    return sorted(sys.modules)

if __name__ == "__main__":
    from tldops_bot.adapters.sequoia_encryption import Encryption
    encryption = Encryption()
    print(*encryption._pool.submit(loaded).result())
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
