"""gpg checks a certificate once and marks what it found good; no verdict is another one for that."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.desk import Desk
from tests.keys import KEYS_MADE_AT, KeyPair, person
from tldops_bot.adapters.checked_keys import LASTS, CheckedKeys, Checks
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.mail.openpgp_packets import SIGNATURE_TAG, TRUST_TAG, packets
from tldops_bot.store import people_keys
from tldops_bot.store.tables import CertificateRow, Person

TEXT = b"QUERY nl\r\n"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD_MARK = bytes((TRUST_TAG | 0xC0, 2, 0, 3))  # as gpg writes "checked, and good" (g10/parse-packet.c)


def marks(octets: bytes) -> list[int]:
    return [one.tag for one in packets(octets) if one.tag in (SIGNATURE_TAG, TRUST_TAG)]


def with_forged_binding(key: KeyPair) -> bytes:
    """The certificate with one octet changed in the signature that binds its last subkey."""
    return key.certificate[:-1] + bytes([key.certificate[-1] ^ 1])


def signing_subkey(**more: str) -> KeyPair:
    key = KeyPair.make("Gus Example", "gus@nic.example", **more)
    key.add_subkey("ed25519", "sign", expire="20d")
    return key


@pytest.mark.parametrize(
    ("make", "days", "reason"),
    [
        (lambda: person("Ann Example", "ann@nic.example"), 40, ""),
        (lambda: KeyPair.make("Eve Example", "eve@nic.example", expire="30d"), 20, ""),
        (lambda: KeyPair.make("Eve Example", "eve@nic.example", expire="30d"), 40, "expired_key"),
        (signing_subkey, 10, ""),
        (signing_subkey, 30, "expired_key"),
        (lambda: signing_subkey(expire="30d"), 40, "expired_key"),
        (lambda: KeyPair.make("Rob Example", "rob@nic.example", algorithm="rsa2048"), 40, ""),
    ],
)
def test_a_checked_key_gets_the_same_verdict(
    gnupg: Gnupg, make: Callable[[], KeyPair], days: int, reason: str
) -> None:
    key, at = make(), KEYS_MADE_AT + timedelta(days=days)
    signature = key.detached(TEXT, at=KEYS_MADE_AT + timedelta(days=5))
    checked = gnupg.checked(key.certificate, KEYS_MADE_AT + timedelta(days=1))
    assert marks(checked).count(TRUST_TAG) >= marks(key.certificate).count(SIGNATURE_TAG) > 0
    verdicts = [gnupg.verify_detached(TEXT, signature, one, at) for one in (key.certificate, checked)]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].reason == reason
    assert not gnupg.verify_detached(b"another text", signature, checked, at).is_good


def test_a_revoked_key_that_was_checked_is_refused(gnupg: Gnupg, ann: KeyPair) -> None:
    checked = gnupg.checked(ann.revoked(), NOW)
    assert gnupg.verify_detached(TEXT, ann.detached(TEXT), checked, NOW).reason == "revoked_key"


def test_what_gpg_finds_forged_is_not_marked(gnupg: Gnupg) -> None:
    key = signing_subkey()
    signature, at = key.detached(TEXT, at=KEYS_MADE_AT + timedelta(days=5)), KEYS_MADE_AT + timedelta(days=6)
    forged = with_forged_binding(key)
    verdicts = [
        gnupg.verify_detached(TEXT, signature, one, at) for one in (forged, gnupg.checked(forged, at))
    ]
    assert verdicts[0] == verdicts[1]
    assert not verdicts[0].is_good


def test_a_strangers_marks_are_not_believed(gnupg: Gnupg) -> None:
    """gpg would take such a keyring at its word, so nothing that was sent may get as far as that."""
    key = signing_subkey()
    signature, at = key.detached(TEXT, at=KEYS_MADE_AT + timedelta(days=5)), KEYS_MADE_AT + timedelta(days=6)
    marked = with_forged_binding(key) + GOOD_MARK
    assert gnupg.verify_detached(TEXT, signature, marked, at).is_good, "the attack"
    (taken,) = gnupg.inspect(marked, at)
    assert TRUST_TAG not in marks(taken.blob)
    assert not gnupg.verify_detached(TEXT, signature, taken.blob, at).is_good
    held = gnupg.inspect(key.certificate, at)[0].blob
    assert TRUST_TAG not in marks(gnupg.merge(held, marked, at))


def test_what_is_no_certificate_is_never_a_checked_key(gnupg: Gnupg) -> None:
    assert gnupg.checked(b"", NOW) == b""
    with pytest.raises(GpgUnavailable):
        gnupg.checked(b"rubbish", NOW)


# --- kept in the store


def run(desk: Desk, openpgp: Checks | None = None, is_stopping: Callable[[], bool] = lambda: False) -> int:
    made_by = openpgp or desk.app.gnupg
    return CheckedKeys(desk.app.database, made_by, lambda: desk.now, lambda _: None, is_stopping).run()


def keyring(desk: Desk, who: KeyPair) -> bytes | None:
    with desk.look() as session:
        return session.get_one(CertificateRow, who.fingerprint).keyring


def test_each_certificate_is_checked_once_and_again_after_a_week(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert (run(desk), run(desk)) == (1, 0)
    assert TRUST_TAG in marks(keyring(desk, ann) or b"")
    with desk.look() as session:
        (found,) = people_keys.speaking_with(session, ann.fingerprint)
    assert found.keyring == keyring(desk, ann)
    desk.say(ann, "HELP\n")
    assert "HELP" in desk.text(desk.last(ann.address))
    desk.now += LASTS
    assert run(desk) == 1


def test_a_changed_certificate_is_checked_again(desk: Desk) -> None:
    dora = KeyPair.make("", "dora.sample@nic.example", expire="2y", made_at=desk.now - timedelta(days=10))
    desk.member(dora, "nl")
    run(desk)
    with desk.app.database.write() as session:
        (longer,) = desk.app.gnupg.inspect(dora.extended("3y", at=desk.now), desk.now)
        people_keys.hold_certificate(session, longer, desk.now)
    assert keyring(desk, dora) is None
    assert run(desk) == 1


def test_what_was_checked_is_not_kept_if_the_certificate_has_changed_meanwhile(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    with desk.app.database.write() as session:
        people_keys.keep_checked(session, [(ann.fingerprint, b"what it was", b"made of that")], desk.now)
    assert keyring(desk, ann) is None
    assert run(desk) == 1


def test_a_person_who_is_forgotten_leaves_no_keyring(desk: Desk, ann: KeyPair) -> None:
    person_id = desk.member(ann, "nl")
    run(desk)
    with desk.app.database.write() as session:
        one = session.get_one(Person, person_id)
        one.key_blocked_at = desk.now  # so that its fingerprint is still refused
        people_keys.forget_keys(session, one, desk.now)
    assert keyring(desk, ann) is None
    assert run(desk) == 0


def test_a_key_at_which_gpg_fails_does_not_hold_up_the_others(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    class FailsAtAnn:
        def checked(self, certificate: bytes, at: datetime) -> bytes:
            if certificate == ann.certificate:
                raise GpgUnavailable("as if it had crashed")
            return desk.app.gnupg.checked(certificate, at)

    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert run(desk, FailsAtAnn()) == 2
    assert (keyring(desk, ann), run(desk)) == (None, 0)
    assert keyring(desk, bob) is not None
    desk.say(ann, "HELP\n")
    assert "HELP" in desk.text(desk.last(ann.address))


def test_it_ends_when_the_service_does(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert run(desk, is_stopping=lambda: True) == 0
