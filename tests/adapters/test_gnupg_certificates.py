"""A certificate from a stranger speaks only for its own primary key, and only what that key has signed."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.keys import KEYS_MADE_AT, KeyPair, gpg, person
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.domain.certificate import NotEncrypted, fitness
from tldops_bot.mail.attached_keys import MAX_KEY_BYTES
from tldops_bot.mail.openpgp_packets import packets

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_an_ordinary_key_is_read_whole(gnupg: Gnupg, ann: KeyPair) -> None:
    (one,) = gnupg.inspect(ann.armored, NOW)
    assert (one.fingerprint, len(one.subkey_fingerprints)) == (ann.fingerprint, 1)
    assert (one.user_ids, one.addresses) == (("Ann Example <ann@nic.example>",), ("ann@nic.example",))
    assert (one.created_at, one.expires_at) == (KEYS_MADE_AT, None)
    assert (one.can_sign, one.can_encrypt, one.is_revoked, one.algorithm) == (True, True, False, "ed25519")
    assert one.blob == ann.certificate
    assert fitness(one, NOW) == ""


def test_several_keys_in_one_file_come_apart(gnupg: Gnupg, ann: KeyPair) -> None:
    bert = person("Bert Example", "bert@registry.example")
    found = gnupg.inspect(ann.armored + b"\n" + bert.armored, NOW)
    assert [one.fingerprint for one in found] == [ann.fingerprint, bert.fingerprint]
    assert [one.blob for one in found] == [ann.certificate, bert.certificate]


def test_user_ids_give_their_addresses_with_the_domain_in_lower_case(gnupg: Gnupg) -> None:
    key = KeyPair.make("Ida Example", "ida@NIC.Example", also=["Ida <ida@other.example>", "Ida at work"])
    (one,) = gnupg.inspect(key.armored, NOW)
    assert set(one.addresses) == {"ida@nic.example", "ida@other.example"}


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\r", "\x0b", "\x1c"])
def test_no_line_end_in_a_user_id_makes_a_record_of_it(gnupg: Gnupg, end: str) -> None:
    key = KeyPair.make(f"Ida{end}pub{end}uid{end}fpr:{end}x", "ida@nic.example")
    (one,) = gnupg.inspect(key.armored, NOW)
    assert (one.fingerprint, one.addresses) == (key.fingerprint, ("ida@nic.example",))


def test_a_revoked_key_is_known_to_be_so(gnupg: Gnupg, ann: KeyPair) -> None:
    (one,) = gnupg.inspect(ann.revoked(), NOW)
    assert (one.is_revoked, fitness(one, NOW)) == (True, "revoked_key")


def test_an_expired_key_is_known_to_be_so(gnupg: Gnupg) -> None:
    key = KeyPair.make("Eve Example", "eve2@nic.example", expire="30d")
    (one,) = gnupg.inspect(key.armored, NOW)
    assert one.expires_at == KEYS_MADE_AT + timedelta(days=30)
    assert fitness(one, NOW) == "expired_key"


def test_what_a_key_can_do_ends_with_the_subkey_that_does_it(gnupg: Gnupg) -> None:
    key = KeyPair.make("Una Example", "una@nic.example", algorithm="ed25519")
    key.add_subkey("cv25519", "encr", expire="100d")
    early = KEYS_MADE_AT + timedelta(days=1)
    (one,) = gnupg.inspect(key.armored, early)
    assert (one.signs_until, one.encrypts_until) == (None, KEYS_MADE_AT + timedelta(days=100))
    assert fitness(one, early + timedelta(days=95)) == "expiring_key"


def test_a_key_for_signing_alone_cannot_encrypt(gnupg: Gnupg) -> None:
    key = KeyPair.make("Sue Example", "sue@nic.example", algorithm="ed25519")
    (one,) = gnupg.inspect(key.armored, NOW)
    assert (one.can_encrypt, fitness(one, NOW)) == (False, "no_encryption_key")


def test_a_short_rsa_key_is_weak(gnupg: Gnupg) -> None:
    key = KeyPair.make("Rob Example", "rob@nic.example", algorithm="rsa1024")
    key.add_subkey("rsa3072", "encr")
    (one,) = gnupg.inspect(key.armored, NOW)
    assert (one.algorithm, fitness(one, NOW)) == ("rsa1024", "weak_key")


def test_a_subkey_that_the_primary_key_did_not_bind_is_dropped(gnupg: Gnupg, ann: KeyPair) -> None:
    mallory = person("Mallory Example", "mallory@nic.example")
    stolen = b"".join(packet.octets for packet in list(packets(mallory.certificate))[-2:])
    (one,) = gnupg.inspect(ann.certificate + stolen, NOW)
    assert len(one.subkey_fingerprints) == 1
    assert one.blob == ann.certificate


def test_a_user_id_that_the_primary_key_did_not_sign_is_dropped(gnupg: Gnupg, ann: KeyPair) -> None:
    mallory = person("Mallory Example", "mallory@nic.example")
    primary, *rest = [packet.octets for packet in packets(ann.certificate)]
    forged = b"".join(
        [primary, *(packet.octets for packet in list(packets(mallory.certificate))[1:3]), *rest]
    )
    (one,) = gnupg.inspect(forged, NOW)
    assert one.addresses == ("ann@nic.example",)


def test_a_secret_key_is_not_taken(gnupg: Gnupg) -> None:
    key = KeyPair.make("Zoe Example", "zoe@nic.example")
    secret = gpg(key.home, "--export-secret-keys", key.fingerprint)
    armored = gpg(key.home, "--armor", "--export-secret-keys", key.fingerprint)
    assert (gnupg.inspect(secret, NOW), gnupg.inspect(armored, NOW)) == ((), ())
    assert gnupg.inspect(key.certificate + secret, NOW) == ()


@pytest.mark.parametrize(
    "rubbish", [b"", b"hello", b"\x99", b"\xc6\xff\xff\xff\xff\xff", b"\x99\x00\x01\x04" * 50]
)
def test_rubbish_holds_no_certificate(gnupg: Gnupg, rubbish: bytes) -> None:
    assert gnupg.inspect(rubbish, NOW) == ()


def test_a_huge_certificate_is_not_read(gnupg: Gnupg, ann: KeyPair) -> None:
    assert gnupg.inspect(ann.certificate * 400, NOW) == ()


def test_a_key_that_half_the_world_has_certified_is_read(gnupg: Gnupg, ann: KeyPair) -> None:
    primary, user_id, *rest = (one.octets for one in packets(ann.certificate))
    certified = b"".join((primary, user_id, others_certifications(500), *rest))
    assert len(certified) > 2 * MAX_KEY_BYTES
    assert gnupg.inspect(certified, NOW) == gnupg.inspect(ann.certificate, NOW)
    assert gnupg.merge(ann.certificate, certified, NOW) == gnupg.merge(ann.certificate, ann.certificate, NOW)


def others_certifications(number: int) -> bytes:
    """Of a user ID, by keys of 4096 bits that nobody knows."""
    named = b"\x09\x10" + b"\xcc" * 8
    body = b"\x04\x10\x01\x0a" + b"\0\0" + len(named).to_bytes(2) + named + b"ab" + b"\x10\0" + b"\xff" * 512
    return (b"\x89" + len(body).to_bytes(2) + body) * number


def test_a_longer_life_is_merged(gnupg: Gnupg) -> None:
    key = KeyPair.make("Lea Example", "lea@nic.example", expire="2y")
    held = key.certificate
    merged = gnupg.merge(held, key.extended("6y", at=NOW), NOW + timedelta(hours=1))
    (one,) = gnupg.inspect(merged, NOW + timedelta(hours=1))
    assert one.expires_at is not None
    assert one.expires_at > NOW + timedelta(days=5 * 365)


def test_an_old_copy_does_not_take_anything_back(gnupg: Gnupg) -> None:
    key = KeyPair.make("Lou Example", "lou@nic.example", expire="2y")
    old = key.certificate
    newer = key.extended("6y", at=NOW)
    later = NOW + timedelta(hours=1)
    (merged,) = gnupg.inspect(gnupg.merge(newer, old, later), later)
    (alone,) = gnupg.inspect(newer, later)
    assert merged.expires_at == alone.expires_at


def test_a_lone_revocation_certificate_revokes_what_is_held(gnupg: Gnupg, ann: KeyPair) -> None:
    (one,) = gnupg.inspect(gnupg.merge(ann.certificate, ann.revocation(), NOW), NOW)
    assert (one.is_revoked, one.fingerprint) == (True, ann.fingerprint)


def test_a_revocation_is_not_undone_by_a_copy_from_before(gnupg: Gnupg, ann: KeyPair) -> None:
    (one,) = gnupg.inspect(gnupg.merge(ann.revoked(), ann.certificate, NOW), NOW)
    assert one.is_revoked


def test_somebody_elses_key_or_revocation_changes_nothing(gnupg: Gnupg, ann: KeyPair) -> None:
    mallory = person("Mallory Example", "mallory@nic.example")
    for offered in (mallory.certificate, mallory.revocation(), mallory.revoked(), b"rubbish", b""):
        assert gnupg.merge(ann.certificate, offered, NOW) == ann.certificate


def test_gpg_encrypts_to_one_certificate(gnupg: Gnupg, ann: KeyPair) -> None:
    ciphertext = gnupg.encrypt(b"roster", ann.certificate)
    assert isinstance(ciphertext, bytes)
    assert ann.decrypt(ciphertext) == b"roster"


def test_gpg_encrypts_to_no_revoked_or_unreadable_key(gnupg: Gnupg, ann: KeyPair) -> None:
    assert gnupg.encrypt(b"roster", ann.revoked()) == NotEncrypted("unusable_key")
    assert gnupg.encrypt(b"roster", b"rubbish") == NotEncrypted("unreadable_key")
