"""The list's own key in its own gpg home: creating, exporting, signing; and decryption, which only unwraps.

Key management goes through python-gnupg; whatever signs, reads or decides goes through GpgRunner.
"""

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from tldops_bot.adapters.gnupg_certificates import GnupgCertificates
from tldops_bot.adapters.gnupg_processes import BoundedGpg
from tldops_bot.adapters.gnupg_runner import Finished, GpgRunner, GpgUnavailable
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.unwrapped import Undecryptable, Unwrapped
from tldops_bot.mail.openpgp_armor import MESSAGE, BadArmor, dearmor
from tldops_bot.mail.openpgp_packets import BadPackets, check_encrypted

HIDDEN_RECIPIENT = "0" * 16
# Many decryptions at once exhaust the agent's locked memory; that looks like a wrong key.
# The agent's own count would make each signature take a tenth of a second more; a passphrase in a file can be long.
AGENT_SETTINGS = "auto-expand-secmem 65536\ns2k-count 1048576\n"

log = logging.getLogger(__name__)


class NoListKey(Mendable):
    """The gpg home holds no secret key for the list."""


class ListKeyring:
    """The gpg home of the list; `passphrase_file` holds its passphrase on the first line.

    `chosen` says which of its keys signs, "" for the newest; it is asked again after `look_again`.
    """

    def __init__(
        self,
        home: Path,
        runner: GpgRunner,
        certificates: GnupgCertificates,
        passphrase_file: Path | None = None,
        chosen: Callable[[], str] = str,
    ) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._home = home
        self._runner = runner
        self._certificates = certificates
        self._passphrase_file = passphrase_file
        self._chosen = chosen
        options = ["--no-options", "--no-auto-check-trustdb"]
        self._gpg = _running(runner, home, options)
        self._fingerprint = ""
        self._public: dict[str, bytes] = {}
        self._key_ids: frozenset[str] = frozenset()
        self._starting = threading.Lock()

    def make(self, address: str, expire: str = "0") -> str:
        """Make an ed25519 and cv25519 key whose user ID is the list's address; returns its fingerprint."""
        settings = self._home / "gpg-agent.conf"
        if not settings.exists():
            settings.write_text(AGENT_SETTINGS)
        made = self._gpg.gen_key(_recipe(address, expire, self._passphrase()))
        if not made.fingerprint:
            raise GpgUnavailable("gpg could not make the list's key")
        self.look_again()
        return str(made.fingerprint)

    def look_again(self) -> None:
        """Forget what is cached: another process may have made a key, prolonged it, or chosen another one."""
        self._fingerprint, self._key_ids, self._public = "", frozenset(), {}

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the secret key that signs; raises NoListKey."""
        found = self._fingerprint
        if not found:
            known, chosen = self.fingerprints(), self._chosen()
            if chosen and chosen not in known:  # rotated on another node
                log.error(
                    "the list's key %s is not in this gpg home: copy it from the node that made it", chosen
                )
            found = self._fingerprint = chosen if chosen in known else known[0]
        return found

    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of all valid secret keys, newest first; raises NoListKey."""
        found = self._gpg.list_keys(secret=True)
        if found.returncode < 0:
            raise GpgUnavailable("gpg was ended while it listed the list's keys")
        keys = [key for key in found if key["trust"] not in {"r", "e"}]
        if not keys:
            raise NoListKey("no secret key in the list's gpg home")
        # Of keys made in the same second, gpg lists the later one later.
        by_age = sorted(enumerate(keys), key=lambda pair: (int(pair[1]["date"]), pair[0]), reverse=True)
        return tuple(str(key["fingerprint"]) for _, key in by_age)

    def export(self, fingerprint: str = "") -> bytes:
        """The list's public key, binary; or the one with this fingerprint. Raises GpgUnavailable."""
        return self._runner.run(("--export", fingerprint or self.fingerprint), home=self._home).heard().output

    def sign_detached(self, octets: bytes, fingerprint: str = "") -> bytes:
        """An armored SHA-512 signature by the list's key, or its key of this fingerprint; raises GpgUnavailable."""
        by = fingerprint or self.fingerprint
        finished = self._sign_once(by, octets)
        if not _is_signed(finished):
            self._public = {}
            self._start_agent()
            finished = self._sign_once(by, octets)
        if not _is_signed(finished):
            raise GpgUnavailable("gpg could not sign")
        return finished.output

    def _sign_once(self, by: str, octets: bytes) -> Finished:
        options = (*self._passphrase_options(), "--digest-algo=SHA512", "--armor", f"--local-user={by}")
        with self._runner.view(self._checked(by)) as view:
            return self._runner.run((*view, *options, "--output=-", "--detach-sign"), octets, home=self._home)

    def _checked(self, fingerprint: str) -> bytes:
        """The public key of this secret one, which gpg need not check for each signature."""
        if (found := self._public.get(fingerprint)) is None:
            exported = self.export(fingerprint)
            found = self._public[fingerprint] = self._certificates.checked(exported) or exported
        return found

    def unwrap(self, ciphertext: bytes, limit_bytes: int) -> Unwrapped | Undecryptable:
        """Take the encryption off and nothing else; raises GpgUnavailable if the agent is at fault."""
        try:
            octets = dearmor(ciphertext, MESSAGE)
            recipients = check_encrypted(octets)
        except (BadArmor, BadPackets):
            return Undecryptable("malformed_block")
        if len(octets) > limit_bytes:
            return Undecryptable("too_large")
        finished = self._unwrap_once(octets, limit_bytes)
        if not finished.lines("DECRYPTION_OKAY") and self._is_for_us(recipients):
            self._start_agent()
            finished = self._unwrap_once(octets, limit_bytes)
        return self._outcome(finished, recipients)

    def _unwrap_once(self, octets: bytes, limit_bytes: int) -> Finished:
        options = (*self._passphrase_options(), "--trust-model=always", "--output=-", "--unwrap", "--decrypt")
        return self._runner.run(options, octets, home=self._home, max_output=limit_bytes).spoken()

    def _outcome(self, finished: Finished, recipients: tuple[str, ...]) -> Unwrapped | Undecryptable:
        is_whole = finished.code == 0 and len(finished.lines("DECRYPTION_OKAY")) == 1
        if is_whole and finished.lines("GOODMDC") and not finished.lines("FAILURE", "DECRYPTION_FAILED"):
            return Unwrapped(finished.output)
        if not finished.lines("DECRYPTION_KEY"):
            if not self._own_key_ids() & set(recipients):
                return Undecryptable("not_encrypted_to_list")
            if not self._can_decrypt():
                raise GpgUnavailable("the agent does not give the list's secret key")
        return Undecryptable("not_decryptable")

    def _can_decrypt(self) -> bool:
        """Whether the agent can decrypt a message of our own; if it can, the other message was at fault."""
        options = ("--trust-model=always", "--output=-", "--recipient", self.fingerprint, "--encrypt")
        sealed = self._runner.run(options, b"probe", home=self._home).output
        opened = self._unwrap_once(sealed, len(sealed))
        return len(opened.lines("DECRYPTION_OKAY")) == 1

    def _is_for_us(self, recipients: tuple[str, ...]) -> bool:
        if not (self._own_key_ids() | {HIDDEN_RECIPIENT}) & set(recipients):
            self._key_ids = frozenset()  # perhaps it is for a key made a moment ago
        return bool((self._own_key_ids() | {HIDDEN_RECIPIENT}) & set(recipients))

    def _own_key_ids(self) -> frozenset[str]:
        if not self._key_ids:
            finished = self._runner.run(("--with-colons", "--list-keys"), home=self._home)
            listing = finished.heard().output.decode()
            rows = [line.split(":") for line in listing.split("\n")]
            self._key_ids = frozenset(row[4] for row in rows if row[0] in {"pub", "sub"})
        return self._key_ids

    def _start_agent(self) -> None:
        """Start the agent here: started by the runner, it would inherit the limits of one gpg process."""
        with self._starting:
            command = ["gpgconf", "--homedir", str(self._home), "--launch", "gpg-agent"]
            try:
                subprocess.run(command, capture_output=True, check=False, timeout=10)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise GpgUnavailable("gpg-agent could not be started") from error

    def _passphrase(self) -> str:
        if self._passphrase_file is None:
            return ""
        return self._passphrase_file.read_text().split("\n", 1)[0]

    def _passphrase_options(self) -> list[str]:
        if self._passphrase_file is None:
            return []
        return ["--pinentry-mode=loopback", f"--passphrase-file={self._passphrase_file}"]


def _is_signed(finished: Finished) -> bool:
    return finished.code == 0 and len(finished.lines("SIG_CREATED")) == 1 and bool(finished.output)


def _running(runner: GpgRunner, home: Path, options: list[str]) -> BoundedGpg:
    """Raises GpgUnavailable. That there is a gpg is looked at first: python-gnupg would log a traceback."""
    if shutil.which("gpg") is None:
        raise GpgUnavailable("gpg is not installed, or not on PATH")
    try:
        return BoundedGpg(runner.processes, runner.limits.seconds, gnupghome=str(home), options=options)
    except (OSError, ValueError):
        raise GpgUnavailable("gpg does not run") from None


def _recipe(address: str, expire: str, passphrase: str) -> str:
    """The parameters of an unattended key generation (GnuPG manual, "Unattended key generation")."""
    if {"\n", "\r"} & set(address + expire + passphrase):
        raise ValueError("a line break in the parameters of a key")
    protection = f"Passphrase: {passphrase}" if passphrase else "%no-protection"
    lines = ["Key-Type: eddsa", "Key-Curve: ed25519", "Key-Usage: sign,cert"]
    lines += ["Subkey-Type: ecdh", "Subkey-Curve: cv25519", "Subkey-Usage: encrypt"]
    lines += [f"Name-Email: {address}", f"Expire-Date: {expire}", protection, "%commit"]
    return "\n".join(lines) + "\n"
