"""All that the service asks of GnuPG, built once; verdicts come from a view that holds one certificate."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tldops_bot.adapters.gnupg_certificates import CLOCK_SKEW, GnupgCertificates
from tldops_bot.adapters.gnupg_keyring import ListKeyring, NoListKey
from tldops_bot.adapters.gnupg_runner import Finished, GpgRunner, Limits, Observe, unobserved
from tldops_bot.adapters.gnupg_status import judge
from tldops_bot.domain.certificate import Certificate, NotEncrypted
from tldops_bot.domain.unwrapped import Undecryptable, Unwrapped
from tldops_bot.domain.verdict import Verdict, bad
from tldops_bot.mail.inline_blocks import clearsign_problem, clearsign_signature, for_gnupg
from tldops_bot.mail.openpgp_packets import (
    BadPackets,
    Issuer,
    SignedMessage,
    demands_the_unknown,
    open_message,
    primary_fingerprint,
    signature_issuers,
    signature_packets,
)
from tldops_bot.mail.signature_hint import hint_of

DEFAULT_LIMIT_BYTES = 16 * 1024 * 1024
_LONE_CR = re.compile(rb"\r(?!\n)")


class Gnupg:
    """Synchronous, to be called from threads; at most `processes` gpg run at once.

    `certificate` is always the binary certificate held for a registered primary fingerprint, or, to verify with, what
    `checked` made of it. `at` is when the mail arrived: expiry is judged at that time. Every method may raise
    GpgUnavailable.
    """

    def __init__(
        self,
        home: Path,
        passphrase_file: Path | None = None,
        processes: int = 2,
        limits: Limits | None = None,
        max_message_bytes: int = DEFAULT_LIMIT_BYTES,
        chosen_list_key: Callable[[], str] = str,
        observe: Observe = unobserved,
    ) -> None:
        self._runner = GpgRunner(processes, limits, observe=observe)
        self._max_message_bytes = max_message_bytes
        self._certificates = GnupgCertificates(self._runner)
        self.keyring = ListKeyring(home, self._runner, self._certificates, passphrase_file, chosen_list_key)

    def end(self) -> None:
        """Kill every gpg that runs; from now on whatever needs one raises GpgUnavailable."""
        self._runner.processes.end_all()

    def close(self) -> None:
        """Remove the scratch directory; the agent of the list's home stays."""
        self._runner.close()

    # --- verdicts

    def verify_detached(
        self, signed_octets: bytes, signature: bytes, certificate: bytes, at: datetime
    ) -> Verdict:
        """One detached signature over exactly these octets."""
        fingerprint = primary_fingerprint(certificate)
        try:
            packets = signature_packets(signature)
        except BadPackets as problem:
            return bad(problem.reason, fingerprint)
        if len(packets) > 1:
            return bad("several_signatures", fingerprint)
        blob = packets[0].octets
        if _LONE_CR.search(signed_octets) and not _covers_each_octet(blob):
            return bad("bad_signature", fingerprint)
        finished = self._in_view(certificate, blob, at, ("--verify",), blob, signed_octets)
        return _told_apart(judge(finished, fingerprint), blob)

    def verify_inline(self, block: bytes, certificate: bytes, at: datetime) -> tuple[Verdict, bytes]:
        """A cleartext-signed block; the text is gpg's own, and empty unless the verdict is good."""
        if problem := clearsign_problem(block):
            return bad(problem, primary_fingerprint(certificate)), b""
        return self._verify_whole(for_gnupg(block), clearsign_signature(block), certificate, at)

    def verify_message(self, octets: bytes, certificate: bytes, at: datetime) -> tuple[Verdict, bytes]:
        """A signed OpenPGP message, unwrapped; what it says is gpg's own, and empty unless good."""
        try:
            opened = open_message(octets, self._max_message_bytes)
        except BadPackets as problem:
            return bad(problem.reason, primary_fingerprint(certificate)), b""
        if not isinstance(opened, SignedMessage):
            return bad("no_signature_inside"), b""
        return self._verify_whole(octets, opened.signature, certificate, at)

    def _verify_whole(
        self, octets: bytes, signature: bytes, certificate: bytes, at: datetime
    ) -> tuple[Verdict, bytes]:
        arguments = ("--output=-", "--decrypt")
        finished = self._in_view(certificate, signature, at, arguments, octets)
        verdict = _told_apart(judge(finished, primary_fingerprint(certificate)), signature)
        if verdict.is_good and len(finished.lines("PLAINTEXT")) != 1:
            return bad("malformed_block", verdict.fingerprint), b""
        return verdict, finished.output if verdict.is_good else b""

    def _in_view(
        self,
        certificate: bytes,
        signature: bytes,
        at: datetime,
        arguments: Sequence[str],
        octets: bytes,
        second: bytes | None = None,
    ) -> Finished:
        limit, clock = self._max_message_bytes, _clock(signature_issuers(signature), at)
        with self._runner.view(certificate) as view:
            return self._runner.run((*view, *arguments), octets, second, at=clock, max_output=limit).spoken()

    # --- certificates

    def inspect(self, keydata: bytes, at: datetime) -> tuple[Certificate, ...]:
        """The certificates in data from a stranger, cleaned, each with its binary form; () for rubbish."""
        return self._certificates.inspect(keydata, at)

    def merge(self, held: bytes, offered: bytes, at: datetime) -> bytes:
        """`held` with what `offered` proves about the same primary key; unchanged when that is nothing."""
        return self._certificates.merge(held, offered, at)

    def checked(self, certificate: bytes, at: datetime) -> bytes:
        """A keyring of this key in which gpg's own work is marked, to verify with; b"" if it can't be made."""
        return self._certificates.checked(certificate, at)

    def encrypt(self, octets: bytes, certificate: bytes) -> bytes | NotEncrypted:
        """An armored message to one certificate; for keys that Sequoia's policy rejects."""
        return self._certificates.encrypt(octets, certificate)

    # --- the list's own key

    def list_certificate(self, at: datetime) -> Certificate:
        """The list's own key; raises NoListKey."""
        found = self._certificates.inspect(self.keyring.export(), at)
        if len(found) != 1:
            raise NoListKey("the list's public key can't be read")
        return found[0]

    def unwrap(self, ciphertext: bytes, limit_bytes: int | None = None) -> Unwrapped | Undecryptable:
        """Take the encryption off and nothing else."""
        return self.keyring.unwrap(ciphertext, limit_bytes or self._max_message_bytes)

    def sign_detached(self, octets: bytes) -> bytes:
        """An armored SHA-512 signature by the list's key."""
        return self.keyring.sign_detached(octets)


def _covers_each_octet(signature: bytes) -> bool:
    """In text mode gpg looks at no CR at the end of a line, and others read an empty line there."""
    hint = hint_of(signature)
    return hint is not None and not hint.is_text


def _told_apart(verdict: Verdict, signature: bytes) -> Verdict:
    """gpg also calls bad what it does not understand; then nobody has changed the text."""
    if verdict.reason == "bad_signature" and demands_the_unknown(signature):
        return bad("unsupported_signature", verdict.fingerprint)
    return verdict


def _clock(issuers: Sequence[Issuer], at: datetime) -> datetime:
    """The time to judge at: the arrival, or up to an hour later if the signer's clock is ahead.

    gpg does not know keys from the future, and somebody who has just made one may sign with it at once.
    """
    claimed = [issuer.claimed_at for issuer in issuers if issuer.claimed_at]
    return min(max([at, *claimed]), at + CLOCK_SKEW)
