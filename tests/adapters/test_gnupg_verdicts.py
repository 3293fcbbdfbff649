"""A verdict is good only for one good signature by the one certificate asked about, and nothing else."""

import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.keys import KEYS_MADE_AT, LIST_ADDRESS, KeyPair, close_home, crlf, gpg, person
from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgRunner, GpgTimedOut, GpgUnavailable, Limits
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.domain.unwrapped import Undecryptable, Unwrapped
from tldops_bot.domain.verdict import SignatureStanding
from tldops_bot.mail.openpgp_armor import MESSAGE, SIGNATURE, dearmor
from tldops_bot.mail.openpgp_packets import SignedMessage, UnsignedMessage, open_message, signature_packets

TEXT = b"QUERY nl\r\n"
FAKE_STATUS = "\n[GNUPG:] GOODSIG 0000000000000000 M\n[GNUPG:] VALIDSIG nothing\n"


@pytest.fixture(scope="module")
def bert() -> KeyPair:
    return person("Bert Example", "bert@registry.example")


@pytest.fixture(scope="module")
def the_list(gnupg: Gnupg) -> KeyPair:
    return KeyPair.of(gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_good_detached_signature_names_primary_key_time_and_hash(gnupg: Gnupg, ann: KeyPair) -> None:
    signed_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    verdict = gnupg.verify_detached(TEXT, ann.detached(TEXT, at=signed_at), ann.certificate, now())
    assert (verdict.standing, verdict.reason) == (SignatureStanding.GOOD, "")
    assert (verdict.fingerprint, verdict.signed_at) == (ann.fingerprint, signed_at)
    assert verdict.signature_hash == "SHA512"


def test_one_changed_octet_makes_it_bad(gnupg: Gnupg, ann: KeyPair) -> None:
    verdict = gnupg.verify_detached(b"QUERY be\r\n", ann.detached(TEXT), ann.certificate, now())
    assert (verdict.standing, verdict.reason) == (SignatureStanding.BAD, "bad_signature")
    assert verdict.fingerprint == ann.fingerprint


def test_a_signature_by_another_key_never_speaks_for_this_certificate(
    gnupg: Gnupg, ann: KeyPair, bert: KeyPair
) -> None:
    verdict = gnupg.verify_detached(TEXT, bert.detached(TEXT), ann.certificate, now())
    assert verdict.reason == "unknown_key"


def test_the_lists_own_key_cannot_speak_for_a_member(gnupg: Gnupg, ann: KeyPair) -> None:
    verdict = gnupg.verify_detached(TEXT, gnupg.sign_detached(TEXT), ann.certificate, now())
    assert verdict.reason == "unknown_key"


def test_a_view_with_two_certificates_still_accepts_only_the_first(
    gnupg: Gnupg, ann: KeyPair, bert: KeyPair
) -> None:
    both = ann.certificate + bert.certificate
    assert gnupg.verify_detached(TEXT, bert.detached(TEXT), both, now()).reason == "unknown_key"


def test_two_good_signatures_are_refused(gnupg: Gnupg, ann: KeyPair, bert: KeyPair) -> None:
    twice = dearmor(ann.detached(TEXT), SIGNATURE) + dearmor(bert.detached(TEXT), SIGNATURE)
    assert gnupg.verify_detached(TEXT, twice, ann.certificate, now()).reason == "several_signatures"


def test_a_whole_signed_message_is_no_detached_signature(gnupg: Gnupg, ann: KeyPair) -> None:
    opaque = dearmor(ann.opaque(b"ALERT\r\n"), MESSAGE)
    assert gnupg.verify_detached(TEXT, opaque, ann.certificate, now()).reason == "malformed_block"


@pytest.mark.parametrize("rubbish", [b"", b"\xff", b"\x88\x02\x04", b"-----BEGIN PGP SIGNATURE-----\n"])
def test_rubbish_is_no_signature(gnupg: Gnupg, ann: KeyPair, rubbish: bytes) -> None:
    assert gnupg.verify_detached(TEXT, rubbish, ann.certificate, now()).standing is SignatureStanding.BAD


@pytest.mark.parametrize("digest", ["MD5", "SHA1", "RIPEMD160", "SHA224"])
def test_weak_hashes_are_refused_though_gpg_accepts_them(gnupg: Gnupg, ann: KeyPair, digest: str) -> None:
    signature = (
        ann.detached(TEXT, digest=digest) if digest != "SHA224" else rsa().detached(TEXT, digest=digest)
    )
    certificate = ann.certificate if digest != "SHA224" else rsa().certificate
    assert gnupg.verify_detached(TEXT, signature, certificate, now()).reason == "weak_hash"


@pytest.mark.parametrize("digest", ["SHA256", "SHA384", "SHA512"])
def test_strong_hashes_are_accepted_also_from_rsa(gnupg: Gnupg, digest: str) -> None:
    signature = rsa().detached(TEXT, digest=digest)
    verdict = gnupg.verify_detached(TEXT, signature, rsa().certificate, now())
    assert (verdict.standing, verdict.signature_hash) == (SignatureStanding.GOOD, digest)


def rsa() -> KeyPair:
    return made("Rita Example", "rita@nic.example", algorithm="rsa2048")


_made: dict[str, KeyPair] = {}


def made(name: str, address: str, *, algorithm: str = "future-default", expire: str = "never") -> KeyPair:
    if address not in _made:
        _made[address] = KeyPair.make(name, address, algorithm=algorithm, expire=expire)
    return _made[address]


def test_a_revoked_key_is_refused_though_gpg_leaves_with_zero(gnupg: Gnupg, ann: KeyPair) -> None:
    verdict = gnupg.verify_detached(TEXT, ann.detached(TEXT), ann.revoked(), now())
    assert verdict.reason == "revoked_key"


def test_expiry_is_judged_at_the_arrival_not_today(gnupg: Gnupg) -> None:
    short = made("Eve Example", "eve@nic.example", expire="30d")
    signed_at = KEYS_MADE_AT + timedelta(days=20)
    signature = short.detached(TEXT, at=signed_at)
    in_time = gnupg.verify_detached(TEXT, signature, short.certificate, signed_at)
    too_late = gnupg.verify_detached(TEXT, signature, short.certificate, signed_at + timedelta(days=20))
    assert (in_time.standing, too_late.reason) == (SignatureStanding.GOOD, "expired_key")


def test_an_expired_primary_key_takes_its_live_subkey_with_it(gnupg: Gnupg) -> None:
    key = made("Gus Example", "gus@nic.example", expire="30d")
    key.add_subkey("ed25519", "sign", expire="20d")
    signature = key.detached(TEXT, at=KEYS_MADE_AT + timedelta(days=5))
    for days, reason in ((6, ""), (25, "expired_key"), (40, "expired_key")):
        at = KEYS_MADE_AT + timedelta(days=days)
        verdict = gnupg.verify_detached(TEXT, signature, key.certificate, at)
        assert verdict.reason == reason
        assert verdict.fingerprint == key.fingerprint  # the primary one, though a subkey signed


def test_a_revoked_subkey_is_refused_though_its_primary_key_lives(gnupg: Gnupg) -> None:
    key = made("Hal Example", "hal@nic.example")
    before = key.detached(TEXT)
    key.add_subkey("ed25519", "sign")
    by_subkey = key.detached(TEXT)
    assert gnupg.verify_detached(TEXT, by_subkey, key.certificate, now()).is_good
    words = b"key 2\nrevkey\ny\n0\n\ny\nsave\n"
    gpg(key.home, "--command-fd=0", "--edit-key", key.fingerprint, octets=words, at=now())
    for signature, reason in ((by_subkey, "revoked_key"), (before, "")):
        verdict = gnupg.verify_detached(TEXT, signature, key.certificate, now())
        assert (verdict.reason, verdict.fingerprint) == (reason, key.fingerprint)


def test_an_expired_signature_is_refused(gnupg: Gnupg, ann: KeyPair) -> None:
    signed_at = now() - timedelta(days=2)
    signature = ann.detached(TEXT, "--default-sig-expire=1d", at=signed_at)
    assert gnupg.verify_detached(TEXT, signature, ann.certificate, now()).reason == "expired_signature"


def test_a_key_made_on_a_clock_that_is_ahead_may_sign_at_once(gnupg: Gnupg) -> None:
    made_at = now() + timedelta(minutes=10)
    key = KeyPair.make("Fay Example", "fay@nic.example", made_at=made_at)
    signature = key.detached(TEXT, at=made_at + timedelta(minutes=1))
    held = gnupg.inspect(key.armored, now())[0].blob
    assert gnupg.verify_detached(TEXT, signature, held, now()).standing is SignatureStanding.GOOD


def test_status_lines_forged_in_a_notation_are_not_believed(gnupg: Gnupg, ann: KeyPair) -> None:
    """gpg itself writes no line breaks into notations; an attacker's program does (CVE-2022-34903)."""
    genuine = dearmor(ann.detached(TEXT, "--set-notation=x@nic.example=" + "a" * 80), SIGNATURE)
    forged = genuine.replace(b"a" * 80, FAKE_STATUS.encode().ljust(80, b"a")[:80])
    verdict = gnupg.verify_detached(TEXT, forged, ann.certificate, now())
    assert forged != genuine
    assert verdict.reason == "bad_signature"


@pytest.mark.parametrize("form", ["detached", "inline", "opaque"])
def test_a_critical_notation_that_nobody_knows_is_not_called_a_changed_text(
    gnupg: Gnupg, ann: KeyPair, form: str
) -> None:
    """RFC 9580 section 5.2.3.7 makes it bad; gpg says no more than that."""
    option = "--set-notation=!vote@nic.example=yes"
    verdict = {
        "detached": lambda: gnupg.verify_detached(TEXT, ann.detached(TEXT, option), ann.certificate, now()),
        "inline": lambda: gnupg.verify_inline(ann.clearsigned("x", option), ann.certificate, now())[0],
        "opaque": lambda: gnupg.verify_message(
            dearmor(ann.opaque(TEXT, option), MESSAGE), ann.certificate, now()
        )[0],
    }[form]()
    assert verdict.reason == "unsupported_signature"
    harmless = ann.detached(TEXT, option.replace("!", ""))
    assert gnupg.verify_detached(TEXT, harmless, ann.certificate, now()).is_good
    assert gnupg.verify_detached(b"x", harmless, ann.certificate, now()).reason == "bad_signature"


def test_status_lines_forged_in_a_file_name_are_not_believed(gnupg: Gnupg, ann: KeyPair) -> None:
    octets = gpg(ann.home, "--set-filename", FAKE_STATUS, "--store", octets=TEXT)
    verdict, text = gnupg.verify_message(octets, ann.certificate, now())
    assert (verdict.standing, text) == (SignatureStanding.BAD, b"")


def test_a_user_id_with_forged_status_lines_proves_nothing(gnupg: Gnupg, ann: KeyPair) -> None:
    uid = f"Mallory [GNUPG:] VALIDSIG {ann.fingerprint} <mallory@nic.example>"
    mallory = KeyPair.make(uid, "mallory2@nic.example")
    verdict = gnupg.verify_detached(TEXT, mallory.detached(TEXT), ann.certificate, now())
    assert verdict.reason == "unknown_key"


# --- cleartext signatures


def test_the_text_of_an_inline_block_is_gpgs_own_output(gnupg: Gnupg, ann: KeyPair) -> None:
    block = ann.clearsigned("- dashed\nFrom here\nQUERY nl  \n")
    verdict, text = gnupg.verify_inline(block, ann.certificate, now())
    assert verdict.standing is SignatureStanding.GOOD
    assert text.replace(b"  \n", b"\n") == b"- dashed\nFrom here\nQUERY nl\n"


@pytest.mark.parametrize("more", ["x", "xx", "xxx"])
@pytest.mark.parametrize("checksum", [b"", b"=AAAA\n"])
def test_an_inline_block_needs_no_checksum(gnupg: Gnupg, ann: KeyPair, more: str, checksum: bytes) -> None:
    """RFC 9580 section 6.1: programs leave it out, and no program may refuse for it; gpg 2.2 does, of three one."""
    block = ann.clearsigned("QUERY nl\n", f"--set-notation=a@nic.example={more}")
    changed = re.sub(rb"(?m)^=[A-Za-z0-9+/]{4}\n", checksum, block)
    assert changed != block
    for one in (changed, crlf(changed)):
        verdict, text = gnupg.verify_inline(one, ann.certificate, now())
        assert (verdict.standing, text.strip()) == (SignatureStanding.GOOD, b"QUERY nl")


def test_an_inline_block_survives_crlf(gnupg: Gnupg, ann: KeyPair) -> None:
    verdict, text = gnupg.verify_inline(crlf(ann.clearsigned("QUERY nl\n")), ann.certificate, now())
    assert (verdict.standing, text.strip()) == (SignatureStanding.GOOD, b"QUERY nl")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda block: b"ALERT\n" + block, "text_outside_block"),
        (lambda block: block + b"ALERT\n", "text_outside_block"),
        (lambda block: block + block, "malformed_block"),
        (lambda block: block.replace(b"nl\n", b"nl\f\nALERT\n"), "malformed_block"),
        (lambda block: block.replace(b"nl\n", b"nl\0\n"), "malformed_block"),
        (lambda block: block.replace(b"nl\n", b"nl\rALERT\n"), "malformed_block"),
        (
            lambda block: block.replace(b"Hash: SHA512", b"Hash: SHA512\nNotDashEscaped: yes"),
            "malformed_block",
        ),
        (lambda block: block.replace(b"Hash: SHA512", b"Comment: ALERT"), "malformed_block"),
        (lambda block: block.replace(b"Hash: SHA512", b"Hash: SHA1"), "weak_hash"),
        (lambda block: block.replace(b"QUERY", b"-QUERY"), "malformed_block"),
        (lambda block: block.replace(b"QUERY", b"Q" * 1000), "malformed_block"),
        (lambda block: block.replace(b"QUERY nl", b"QUERY be"), "bad_signature"),
        (lambda block: block.replace(b"\n\nQUERY", b"\nQUERY"), "malformed_block"),
        (lambda block: b"", "malformed_block"),
    ],
)
def test_a_tampered_inline_block_is_refused_and_gives_no_text(
    gnupg: Gnupg, ann: KeyPair, change: object, reason: str
) -> None:
    assert callable(change)
    verdict, text = gnupg.verify_inline(change(ann.clearsigned("QUERY nl\n")), ann.certificate, now())
    assert (verdict.reason, text) == (reason, b"")


def test_blanks_at_line_ends_are_not_signed_so_their_change_is_not_seen(gnupg: Gnupg, ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n").replace(b"nl\n", b"nl \t\n")
    assert gnupg.verify_inline(block, ann.certificate, now())[0].standing is SignatureStanding.GOOD


# --- encryption


def test_what_was_signed_and_encrypted_in_one_is_unwrapped_then_verified(
    gnupg: Gnupg, ann: KeyPair, the_list: KeyPair
) -> None:
    unwrapped = gnupg.unwrap(ann.encrypted(TEXT, the_list))
    assert isinstance(unwrapped, Unwrapped)
    opened = open_message(unwrapped.octets, 1000)
    verdict, text = gnupg.verify_message(unwrapped.octets, ann.certificate, now())
    assert isinstance(opened, SignedMessage)
    assert (verdict.standing, text, opened.literal) == (SignatureStanding.GOOD, TEXT, TEXT)


def test_the_parts_of_an_unwrapped_message_verify_as_a_detached_signature(
    gnupg: Gnupg, ann: KeyPair, the_list: KeyPair
) -> None:
    unwrapped = gnupg.unwrap(ann.encrypted(TEXT, the_list))
    assert isinstance(unwrapped, Unwrapped)
    opened = open_message(unwrapped.octets, 1000)
    assert isinstance(opened, SignedMessage)
    verdict = gnupg.verify_detached(opened.literal, opened.signature, ann.certificate, now())
    assert verdict.standing is SignatureStanding.GOOD


def test_encryption_without_signature_is_none(gnupg: Gnupg, ann: KeyPair, the_list: KeyPair) -> None:
    unwrapped = gnupg.unwrap(ann.encrypted(TEXT, the_list, sign=False))
    assert isinstance(unwrapped, Unwrapped)
    assert isinstance(open_message(unwrapped.octets, 1000), UnsignedMessage)
    verdict, text = gnupg.verify_message(unwrapped.octets, ann.certificate, now())
    assert (verdict.reason, text) == ("no_signature_inside", b"")


def test_two_signers_of_one_message_are_refused(
    gnupg: Gnupg, ann: KeyPair, bert: KeyPair, the_list: KeyPair
) -> None:
    unwrapped = gnupg.unwrap(ann.encrypted(TEXT, the_list, "-u", bert.fingerprint))
    assert isinstance(unwrapped, Unwrapped)
    verdict, text = gnupg.verify_message(unwrapped.octets, ann.certificate, now())
    assert (verdict.reason, text) == ("several_signatures", b"")


def test_a_message_for_somebody_else_is_said_to_be_so(gnupg: Gnupg, ann: KeyPair, bert: KeyPair) -> None:
    assert gnupg.unwrap(ann.encrypted(TEXT, bert)) == Undecryptable("not_encrypted_to_list")


def test_a_hidden_recipient_is_tried(gnupg: Gnupg, ann: KeyPair, bert: KeyPair, the_list: KeyPair) -> None:
    ours = gnupg.unwrap(ann.encrypted(TEXT, the_list, "--throw-keyids"))
    assert isinstance(ours, Unwrapped)
    assert gnupg.unwrap(ann.encrypted(TEXT, bert, "--throw-keyids")) == Undecryptable("not_encrypted_to_list")


def test_damaged_ciphertext_is_not_decryptable(gnupg: Gnupg, ann: KeyPair, the_list: KeyPair) -> None:
    octets = bytearray(dearmor(ann.encrypted(TEXT * 50, the_list), MESSAGE))
    octets[-30] ^= 1
    assert gnupg.unwrap(bytes(octets)) == Undecryptable("not_decryptable")


@pytest.mark.parametrize("layer", ["compressed", "signed", "literal", "text"])
def test_only_one_plain_layer_of_encryption_is_unwrapped(
    gnupg: Gnupg, ann: KeyPair, the_list: KeyPair, layer: str
) -> None:
    encrypted = dearmor(ann.encrypted(TEXT, the_list), MESSAGE)
    octets = {
        "compressed": b"\xa3\x00" + encrypted,
        "signed": dearmor(ann.opaque(encrypted), MESSAGE),
        "literal": encrypted + gpg(ann.home, "--store", octets=TEXT),
        "text": b"hello",
    }[layer]
    assert gnupg.unwrap(octets) == Undecryptable("malformed_block")


def test_a_passphrase_is_never_asked_for(gnupg: Gnupg, ann: KeyPair) -> None:
    octets = gpg(ann.home, "--passphrase=secret", "--symmetric", octets=TEXT)
    assert gnupg.unwrap(octets) == Undecryptable("not_encrypted_to_list")


def test_a_decompression_bomb_stops_at_the_limit(ann: KeyPair) -> None:
    home = Path(tempfile.mkdtemp(prefix="bomb", dir="/tmp"))
    small = Gnupg(home, max_message_bytes=100_000)
    bomb = dearmor(ann.opaque(b"\0" * 50_000_000), MESSAGE)
    assert len(bomb) < 100_000
    verdict, text = small.verify_message(bomb, ann.certificate, now())
    small.close()
    close_home(home)
    assert (verdict.reason, text) == ("too_large", b"")


# --- the agent and the limits


def test_a_dead_agent_is_started_again(gnupg: Gnupg, ann: KeyPair, the_list: KeyPair) -> None:
    close_agent(gnupg)
    assert isinstance(gnupg.unwrap(ann.encrypted(TEXT, the_list)), Unwrapped)
    close_agent(gnupg)
    assert gnupg.sign_detached(TEXT).startswith(b"-----BEGIN PGP SIGNATURE-----")


def close_agent(gnupg: Gnupg) -> None:
    home = Path(str(gnupg.keyring._home))
    subprocess.run(
        ["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=True, capture_output=True
    )


def test_a_missing_secret_key_of_ours_is_breakage_and_no_refusal(ann: KeyPair) -> None:
    home = Path(tempfile.mkdtemp(prefix="lost", dir="/tmp"))
    lost = Gnupg(home)
    lost.keyring.make(LIST_ADDRESS)
    the_list = KeyPair.of(lost.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    close_agent(lost)
    shutil.rmtree(home / "private-keys-v1.d")
    with pytest.raises(GpgUnavailable):
        lost.unwrap(ann.encrypted(TEXT, the_list))
    lost.close()
    close_home(home)


def test_gpg_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    slow = tmp_path / "slow-gpg"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o700)
    hurried = GpgRunner(limits=Limits(seconds=0.1), program=str(slow))
    with pytest.raises(GpgTimedOut):
        hurried.run(("--verify",))
    hurried.close()


def test_gpg_that_says_without_end_is_not_heard_out(tmp_path: Path) -> None:
    talkative = tmp_path / "talkative-gpg"
    find = 'for one; do case "$one" in --status-fd=*) fd="${one#*=}";; esac; done'
    talkative.write_text(f'#!/bin/sh\n{find}\nhead -c 2000000 /dev/zero > "/proc/self/fd/$fd"\n')
    talkative.chmod(0o700)
    runner = GpgRunner(program=str(talkative))
    with pytest.raises(GpgTimedOut):
        runner.run(("--verify",))
    runner.close()


def test_gpg_without_memory_judges_nothing(ann: KeyPair) -> None:
    home = Path(tempfile.mkdtemp(prefix="tiny", dir="/tmp"))
    cramped = Gnupg(home, limits=Limits(memory_bytes=3_000_000))
    signature = ann.detached(TEXT)

    def until_the_limit_is_met() -> None:
        for _ in range(50):  # a gpg that is done before the limit is set has judged rightly
            assert cramped.verify_detached(TEXT, signature, ann.certificate, now()).is_good

    with pytest.raises(GpgUnavailable):
        until_the_limit_is_met()
    cramped.close()
    close_home(home)


def test_a_missing_gpg_is_breakage() -> None:
    runner = GpgRunner(program="no-such-gpg")
    with pytest.raises(GpgUnavailable):
        runner.run(("--version",))
    runner.close()


def test_nothing_is_left_on_disk_after_a_verdict(gnupg: Gnupg, ann: KeyPair) -> None:
    gnupg.verify_detached(TEXT, ann.detached(TEXT), ann.certificate, now())
    gnupg.inspect(ann.armored, now())
    gnupg.merge(ann.certificate, ann.certificate, now())
    scratch = gnupg._runner.home.parent
    assert sorted(path.name for path in scratch.rglob("*")) == ["home", "lock"]


def test_a_home_without_secret_key_has_no_list_key() -> None:
    home = Path(tempfile.mkdtemp(prefix="none", dir="/tmp"))
    empty = Gnupg(home)
    with pytest.raises(NoListKey):
        empty.sign_detached(TEXT)
    with pytest.raises(ValueError, match="line break"):
        empty.keyring.make("tld-ops@lists.example\n%no-protection")
    empty.close()
    close_home(home)


def test_a_key_that_gpg_will_not_make_is_breakage() -> None:
    home = Path(tempfile.mkdtemp(prefix="fail", dir="/tmp"))
    failing = Gnupg(home)
    with pytest.raises(GpgUnavailable):
        failing.keyring.make("tld-ops@lists.example", expire="nonsense")
    failing.close()
    close_home(home)


def test_an_encrypted_message_beyond_the_limit_is_refused(
    gnupg: Gnupg, ann: KeyPair, the_list: KeyPair
) -> None:
    assert gnupg.unwrap(ann.encrypted(TEXT, the_list), 10) == Undecryptable("too_large")


# --- the list's own key


def test_the_lists_key_has_the_lists_address_and_modern_algorithms(gnupg: Gnupg) -> None:
    own = gnupg.list_certificate(now())
    assert (own.user_ids, own.addresses) == ((LIST_ADDRESS,), (LIST_ADDRESS,))
    assert (own.algorithm, own.can_sign, own.can_encrypt, own.expires_at) == ("ed25519", True, True, None)


def test_the_list_signs_with_sha512(gnupg: Gnupg) -> None:
    signature = gnupg.sign_detached(TEXT)
    assert len(signature_packets(signature)) == 1
    verdict = gnupg.verify_detached(TEXT, signature, gnupg.list_certificate(now()).blob, now())
    assert (verdict.standing, verdict.signature_hash) == (SignatureStanding.GOOD, "SHA512")


def test_a_list_key_with_a_passphrase_signs_and_unwraps(ann: KeyPair, tmp_path: Path) -> None:
    home = Path(tempfile.mkdtemp(prefix="pass", dir="/tmp"))
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\n")
    guarded = Gnupg(home, passphrase_file=secret)
    guarded.keyring.make(LIST_ADDRESS)
    the_list = KeyPair.of(guarded.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    close_agent(guarded)
    assert isinstance(guarded.unwrap(ann.encrypted(TEXT, the_list)), Unwrapped)
    close_agent(guarded)
    assert guarded.sign_detached(TEXT)
    guarded.close()
    close_home(home)
