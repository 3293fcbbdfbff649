"""Which keys can serve a member."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tldops_bot.domain.certificate import FITNESS_REASONS, Certificate, fitness, is_weak

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOUND = Certificate(
    fingerprint="A" * 40,
    subkey_fingerprints=("B" * 40,),
    user_ids=("Ann Example <ann@nic.example>",),
    addresses=("ann@nic.example",),
    created_at=NOW - timedelta(days=100),
    expires_at=None,
    signs_until=None,
    encrypts_until=None,
    can_sign=True,
    can_encrypt=True,
    is_revoked=False,
    algorithm="ed25519",
    blob=b"",
)


def test_a_sound_key_is_fit() -> None:
    assert fitness(SOUND, NOW) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_revoked": True}, "revoked_key"),
        ({"expires_at": NOW}, "expired_key"),
        ({"signs_until": NOW - timedelta(days=1)}, "expired_key"),
        ({"encrypts_until": NOW - timedelta(days=1)}, "expired_key"),
        ({"algorithm": "rsa1024"}, "weak_key"),
        ({"can_sign": False}, "no_signing_key"),
        ({"can_encrypt": False}, "no_encryption_key"),
        ({"expires_at": NOW + timedelta(days=6)}, "expiring_key"),
        ({"encrypts_until": NOW + timedelta(days=6)}, "expiring_key"),
        ({"expires_at": NOW + timedelta(days=7)}, ""),
    ],
)
def test_each_flaw_has_its_reason(change: dict[str, object], reason: str) -> None:
    assert fitness(replace(SOUND, **change), NOW) == reason  # type: ignore[arg-type]
    assert reason in {"", *FITNESS_REASONS}


@pytest.mark.parametrize("algorithm", ["rsa1024", "rsa", "dsa1024", "dsa3072", "elg1024"])
def test_weak_algorithms(algorithm: str) -> None:
    assert is_weak(algorithm)


@pytest.mark.parametrize(
    "algorithm", ["rsa2048", "rsa4096", "ed25519", "nistp256", "brainpoolP384r1", "elg2048"]
)
def test_strong_algorithms(algorithm: str) -> None:
    assert not is_weak(algorithm)


def test_all_fingerprints_start_with_the_primary_one() -> None:
    assert SOUND.fingerprints == ("A" * 40, "B" * 40)
