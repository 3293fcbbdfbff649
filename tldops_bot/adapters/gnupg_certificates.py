"""Certificates from strangers, cleaned and read by gpg in an empty home; merged, never replaced.

Nothing is fetched and no secret key is taken; a certificate can only speak for its own primary key.
"""

from datetime import datetime, timedelta
from pathlib import Path

from tldops_bot.adapters.gnupg_runner import KEYRING, GpgRunner
from tldops_bot.adapters.gnupg_status import parse_listing
from tldops_bot.domain.certificate import Certificate, NotEncrypted
from tldops_bot.mail.attached_keys import MAX_ARMOR_BYTES, MAX_KEY_BYTES, keys_in
from tldops_bot.mail.certifications import MAX_KEY_PACKETS, without_certifications
from tldops_bot.mail.openpgp_packets import (
    TRUST_TAG,
    BadPackets,
    packets,
    primary_fingerprint,
    split_certificates,
)

# gpg ignores a key made in the future, and honest people's clocks run ahead.
CLOCK_SKEW = timedelta(hours=1)
_CLEAN = "import-minimal,import-clean,self-sigs-only"
_LISTING = ("--with-colons", "--fixed-list-mode", "--with-subkey-fingerprint", "--list-keys")


class GnupgCertificates:
    """Reads and merges certificates; encrypts to those that Sequoia will not."""

    def __init__(self, runner: GpgRunner) -> None:
        self._runner = runner

    def inspect(self, keydata: bytes, at: datetime) -> tuple[Certificate, ...]:
        """The certificates in this data that prove themselves, cleaned; () for anything else."""
        offered = _offered(keydata)
        if not offered:
            return ()
        options = ("--no-keyring", f"--import-options=import-export,{_CLEAN}", "--import")
        cleaned = self._runner.run(options, offered, at=at + CLOCK_SKEW, max_output=2 * MAX_KEY_BYTES)
        return self._read(cleaned.heard().output, at)

    def merge(self, held: bytes, offered: bytes, at: datetime) -> bytes:
        """`held` with what `offered` proves about the same primary key: expiry, subkeys, revocation."""
        before = self._read(held, at)
        fresh = _offered(offered)
        if len(before) != 1 or not fresh:
            return held
        with self._runner.fresh_home() as home:
            self._import(home, held, at, "self-sigs-only")
            self._import(home, fresh, at, _CLEAN)
            wanted = before[0].fingerprint
            options = ("--trust-model=always", "--export", wanted)
            merged = self._runner.run(options, home=home, at=at + CLOCK_SKEW).heard().output
        after = self._read(merged, at)
        return merged if [one.fingerprint for one in after] == [wanted] else held

    def checked(self, certificate: bytes, at: datetime | None = None) -> bytes:
        """A keyring of this one key, in which gpg has marked each signature that it found good; b"" if it can't.

        What is marked is not computed again, which is most of the work of verifying a mail; when it was made, and
        whether it has ended, is looked at each time. It stays here: from others gpg takes no such marks.
        """
        with self._runner.fresh_home(certificate) as home:
            options = ("--trust-model=always", "--rebuild-keydb-caches")
            done = self._runner.run(options, home=home, at=at and at + CLOCK_SKEW).heard()
            made = (home / KEYRING).read_bytes()
        return made if done.code == 0 and _is_same_key(made, certificate) else b""

    def encrypt(self, octets: bytes, certificate: bytes) -> bytes | NotEncrypted:
        """An armored message to this one certificate; for keys that Sequoia's policy rejects."""
        found = primary_fingerprint(certificate)
        if not found:
            return NotEncrypted("unreadable_key")
        with self._runner.view(certificate) as view:
            options = (*view, "--armor", f"--recipient={found}", "--output=-", "--encrypt")
            finished = self._runner.run(options, octets).heard()
        is_done = finished.code == 0 and bool(finished.lines("END_ENCRYPTION"))
        return finished.output if is_done else NotEncrypted("unusable_key")

    def _import(self, home: Path, octets: bytes, at: datetime, options: str) -> None:
        # Without a trust database of its own, gpg stops at a revocation; "always" needs none.
        arguments = ("--trust-model=always", f"--import-options={options}", "--import")
        self._runner.run(arguments, octets, home=home, at=at + CLOCK_SKEW).heard()

    def _read(self, cleaned: bytes, at: datetime) -> tuple[Certificate, ...]:
        if not cleaned:
            return ()
        with self._runner.view(cleaned) as view:
            listing = self._runner.run((*view, *_LISTING), at=at + CLOCK_SKEW).heard().output
        certificates = parse_listing(listing, {})
        try:
            blobs = split_certificates(cleaned)
        except BadPackets:
            return ()
        if len(blobs) != len(certificates):
            return ()
        keyed = {one.fingerprint: blob for one, blob in zip(certificates, blobs, strict=True)}
        return parse_listing(listing, keyed)


def _offered(keydata: bytes) -> bytes:
    """All public key blocks in the data, binary; b"" if that is too much, or anything else is among them."""
    if len(keydata) > MAX_ARMOR_BYTES:
        return b""
    try:
        blobs = [blob for key in _binary_keys(keydata) for blob in split_certificates(key)]
    except BadPackets:
        return b""
    return b"".join(blobs)[: MAX_KEY_BYTES + 1] if sum(map(len, blobs)) <= MAX_KEY_BYTES else b""


def _is_same_key(keyring: bytes, certificate: bytes) -> bool:
    """Whether there is nothing else in this keyring than in this certificate, but for gpg's marks."""
    try:
        kept, asked = (
            [(one.tag, one.body) for one in packets(octets, MAX_KEY_PACKETS) if one.tag != TRUST_TAG]
            for octets in (keyring, certificate)
        )
    except BadPackets:
        return False
    return kept == asked


def _binary_keys(keydata: bytes) -> list[bytes]:
    """The keys in binary form. A lone revocation is binary too, but starts with a signature packet."""
    return [without_certifications(keydata)] if keydata[:1] >= b"\x80" else list(keys_in(keydata))
