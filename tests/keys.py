"""OpenPGP keys made at run time, and mails signed and encrypted with them, as raw bytes.

ann = person("Ann Example", "ann@nic.example")     # made once per test process, cached
raw = ann.pgp_mime_signed("QUERY nl\n")             # a whole mail, CRLF line ends
raw = ann.pgp_mime_encrypted("QUERY nl\n", to=list_key())
ann.certificate                                      # binary, as the store keeps it
"""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

LIST_ADDRESS = "tld-ops@lists.example"
KEYS_MADE_AT = datetime(2025, 1, 1, tzinfo=UTC)

Headers = Mapping[str, str]


def short_place() -> str:
    """Where homes and databases lie while a test lasts: in memory if there is room, so that no commit waits for a disk.

    Short, since the path of gpg's sockets is limited.
    """
    memory = Path("/dev/shm")
    is_roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 1024**3
    return str(memory if is_roomy else "/tmp")


SHORT = short_place()


def gpg(home: Path, *arguments: str, octets: bytes = b"", at: datetime | None = None) -> bytes:
    """Run the test people's own gpg; anything but exit 0 fails the test."""
    clock = [f"--faked-system-time={int(at.timestamp())}!"] if at else []
    command = ["gpg", "--homedir", str(home), "--no-options", "--batch", "--no-tty", "--quiet", "--yes"]
    command += ["--pinentry-mode=loopback", "--passphrase=", "--trust-model=always", *clock, *arguments]
    done = subprocess.run(command, input=octets, capture_output=True, check=False)
    assert done.returncode == 0, f"gpg {arguments}: {done.stderr.decode(errors='replace')}"
    return done.stdout


@cache
def shared_home() -> Path:
    """One gpg home for all the people of this test process."""
    home = Path(tempfile.mkdtemp(prefix="keys", dir=SHORT))
    (home / "gpg-agent.conf").write_text("auto-expand-secmem 65536\n")
    atexit.register(close_home, home)
    return home


def close_home(home: Path) -> None:
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
    shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Somebody with a key, who can write every kind of mail the bot may meet."""

    name: str
    address: str
    fingerprint: str
    home: Path

    @classmethod
    def make(
        cls,
        name: str,
        address: str,
        *,
        algorithm: str = "future-default",
        expire: str = "never",
        made_at: datetime = KEYS_MADE_AT,
        also: Sequence[str] = (),
    ) -> "KeyPair":
        """A new key: ed25519 with cv25519 unless `algorithm` says otherwise; `also` are further user IDs."""
        home = shared_home()
        usage = "default" if algorithm in {"future-default", "default"} else "sign,cert"
        user_id = f"{name} <{address}>" if name else address
        made = ("--status-fd=1", "--quick-generate-key", "--", user_id, algorithm, usage, expire)
        status = gpg(home, *made, at=made_at).decode()
        found = re.search(r"KEY_CREATED \S+ ([0-9A-F]{40})", status)
        assert found, status
        for other in also:
            gpg(home, "--quick-add-uid", found[1], other, at=made_at)
        return cls(name, address, found[1], home)

    @classmethod
    def of(cls, certificate: bytes, name: str, address: str) -> "KeyPair":
        """Somebody whose public key we got, as the list's: one can encrypt to it, and nothing else."""
        home = shared_home()
        status = gpg(home, "--status-fd=1", "--import", octets=certificate).decode()
        found = re.search(r"IMPORT_OK \d+ ([0-9A-F]{40})", status)
        assert found, status
        return cls(name, address, found[1], home)

    # --- the key itself

    @property
    def armored(self) -> bytes:
        return gpg(self.home, "--armor", "--export", self.fingerprint)

    @property
    def certificate(self) -> bytes:
        return gpg(self.home, "--export", self.fingerprint)

    def extended(self, expire: str, at: datetime | None = None) -> bytes:
        """The certificate after its owner changed the expiry of the primary key and of all subkeys."""
        gpg(self.home, "--quick-set-expire", self.fingerprint, expire, at=at)
        gpg(self.home, "--quick-set-expire", self.fingerprint, expire, "*", at=at)
        return self.certificate

    def add_subkey(
        self, algorithm: str, usage: str, expire: str = "never", at: datetime | None = None
    ) -> None:
        gpg(self.home, "--quick-add-key", self.fingerprint, algorithm, usage, expire, at=at or KEYS_MADE_AT)

    def revocation(self) -> bytes:
        """The revocation certificate gpg wrote when it made the key (armored, not yet applied)."""
        kept = (self.home / "openpgp-revocs.d" / f"{self.fingerprint}.rev").read_text()
        return kept[kept.index(":-----BEGIN") :].replace(":-----BEGIN", "-----BEGIN").encode()

    def revoked(self) -> bytes:
        """The certificate with its revocation, without touching the key in the shared home."""
        apart = Path(tempfile.mkdtemp(prefix="rev", dir=SHORT))
        try:
            gpg(apart, "--trust-model=pgp", "--import", octets=self.certificate)
            gpg(apart, "--trust-model=pgp", "--import", octets=self.revocation())
            return gpg(apart, "--export", self.fingerprint)
        finally:
            close_home(apart)

    # --- signing and encrypting octets

    def detached(
        self, octets: bytes, *more: str, at: datetime | None = None, digest: str = "SHA512"
    ) -> bytes:
        options = ("--armor", f"--digest-algo={digest}", "-u", self.fingerprint, *more)
        return gpg(self.home, *options, "--detach-sign", octets=octets, at=at)

    def clearsigned(self, text: str, *more: str, at: datetime | None = None, digest: str = "SHA512") -> bytes:
        """An inline signed block: `-----BEGIN PGP SIGNED MESSAGE-----` and so on, LF line ends."""
        options = (f"--digest-algo={digest}", "-u", self.fingerprint, *more, "--clear-sign")
        return gpg(self.home, *options, octets=text.encode(), at=at)

    def opaque(self, octets: bytes, *more: str, at: datetime | None = None) -> bytes:
        """A signed OpenPGP message (one-pass signature, literal data, signature), armored."""
        options = ("--armor", "--digest-algo=SHA512", "-u", self.fingerprint, *more)
        return gpg(self.home, *options, "--sign", octets=octets, at=at)

    def encrypted(
        self, octets: bytes, to: "KeyPair", *more: str, sign: bool = True, at: datetime | None = None
    ) -> bytes:
        """An armored OpenPGP message to `to`; with `sign`, our signature is inside the same message."""
        signing = ("--digest-algo=SHA512", "-u", self.fingerprint, "--sign") if sign else ()
        options = ("--armor", "-r", to.fingerprint, *more, *signing, "--encrypt")
        return gpg(self.home, *options, octets=octets, at=at)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """What we read in an encrypted mail that the bot sent us."""
        return gpg(self.home, "--decrypt", octets=ciphertext)

    # --- whole mails

    def headers(self, more: Headers | None = None) -> dict[str, str]:
        """The outer headers our mail client writes; `more` adds and replaces, "" removes."""
        plain = {
            "From": f"{self.name} <{self.address}>",
            "To": f"<{LIST_ADDRESS}>",
            "Subject": "a question",
            "Date": "Fri, 20 Nov 2026 10:00:00 +0000",
            "Message-ID": f"<{next_number()}@client.example>",
            "MIME-Version": "1.0",
        } | dict(more or {})
        return {name: value for name, value in plain.items() if value}

    def plain(self, text: str, headers: Headers | None = None) -> bytes:
        return mail(self.headers(headers), text_entity(text))

    def pgp_mime_signed(
        self,
        text: str,
        headers: Headers | None = None,
        *,
        attachments: Sequence[bytes] = (),
        protected: Headers | None = None,
        at: datetime | None = None,
        digest: str = "SHA512",
    ) -> bytes:
        """RFC 3156 section 5; `attachments` are entities, `protected` stands in the signed part's headers."""
        return self.sign_entity(message_entity(text, attachments, protected), headers, at=at, digest=digest)

    def sign_entity(
        self,
        entity: bytes,
        headers: Headers | None = None,
        *,
        at: datetime | None = None,
        digest: str = "SHA512",
    ) -> bytes:
        return mail(self.headers(headers), self.signed_entity(entity, at=at, digest=digest))

    def signed_entity(self, entity: bytes, *, at: datetime | None = None, digest: str = "SHA512") -> bytes:
        """The multipart/signed entity alone, to be put into other mails."""
        return multipart(
            f'signed; micalg="pgp-{digest.lower()}"; protocol="application/pgp-signature"',
            entity,
            b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n"
            + crlf(self.detached(entity, at=at, digest=digest)),
        )

    def pgp_mime_encrypted(
        self,
        text: str,
        to: "KeyPair",
        headers: Headers | None = None,
        *,
        sign: bool = True,
        attachments: Sequence[bytes] = (),
        protected: Headers | None = None,
        at: datetime | None = None,
    ) -> bytes:
        """RFC 3156 section 6.2: signed and encrypted in one OpenPGP message."""
        entity = message_entity(text, attachments, protected)
        return mail(self.headers(headers), encrypted_entity(self.encrypted(entity, to, sign=sign, at=at)))

    def signed_then_encrypted(
        self,
        text: str,
        to: "KeyPair",
        headers: Headers | None = None,
        *,
        attachments: Sequence[bytes] = (),
        protected: Headers | None = None,
        at: datetime | None = None,
    ) -> bytes:
        """RFC 3156 section 6.1: a multipart/signed entity, encrypted without another signature."""
        inner = self.signed_entity(message_entity(text, attachments, protected), at=at)
        return mail(self.headers(headers), encrypted_entity(self.encrypted(inner, to, sign=False)))

    def encrypted_then_signed(self, text: str, to: "KeyPair", headers: Headers | None = None) -> bytes:
        """What must be refused: a signature wrapped round somebody's encrypted part."""
        return self.sign_entity(encrypted_entity(self.encrypted(text_entity(text), to)), headers)

    def inline_signed(
        self, text: str, headers: Headers | None = None, *, at: datetime | None = None
    ) -> bytes:
        return mail(self.headers(headers), text_entity(self.clearsigned(text, at=at).decode()))

    def inline_encrypted(
        self,
        text: str,
        to: "KeyPair",
        headers: Headers | None = None,
        *,
        sign: bool = True,
        at: datetime | None = None,
    ) -> bytes:
        block = self.encrypted(text.encode(), to, sign=sign, at=at)
        return mail(self.headers(headers), text_entity(block.decode()))

    def key_attachment(self) -> bytes:
        """Our public key as an entity, RFC 3156 section 7."""
        return key_entity(self.armored)


@lru_cache(maxsize=64)
def person(name: str, address: str) -> KeyPair:
    """Somebody with an ordinary key, made once per test process."""
    return KeyPair.make(name, address)


def list_key() -> KeyPair:
    """A key pair standing for the list's own."""
    return person("TLD-OPS", LIST_ADDRESS)


# --- the pieces of a mail, as raw bytes


def crlf(octets: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", octets)


def mail(headers: Headers, entity: bytes) -> bytes:
    """Outer headers on top of an entity that starts with its own Content headers."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + entity


def text_entity(text: str, headers: Headers | None = None) -> bytes:
    """A text/plain part in UTF-8; `headers` adds to or replaces its Content headers."""
    encoding = "7bit" if text.isascii() else "8bit"
    plain = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": encoding}
    return mail(plain | dict(headers or {}), b"\r\n" + crlf(text.encode()))


def key_entity(armored: bytes, filename: str = "key.asc") -> bytes:
    top = f'Content-Type: application/pgp-keys; name="{filename}"\r\n'
    return f'{top}Content-Disposition: attachment; filename="{filename}"\r\n\r\n'.encode() + crlf(armored)


def message_entity(text: str, attachments: Sequence[bytes] = (), protected: Headers | None = None) -> bytes:
    """What a mail client signs: a text, or a mixed multipart of a text and its attachments."""
    text_part = text_entity(text)
    if not attachments and not protected:
        return text_part
    extra = "".join(f"{name}: {value}\r\n" for name, value in (protected or {}).items()).encode()
    mark = '; protected-headers="v1"' if protected else ""
    return extra + multipart(f"mixed{mark}", text_part, *attachments)


def encrypted_entity(ciphertext: bytes) -> bytes:
    return multipart(
        'encrypted; protocol="application/pgp-encrypted"',
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
        b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + crlf(ciphertext),
    )


def multipart(subtype: str, *parts: bytes) -> bytes:
    """A multipart entity; the parts are put between the boundaries as they are."""
    boundary = f"=-{next_number()}-edge"
    top = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    edge = f"--{boundary}".encode()
    return top + b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


_numbers = iter(range(1, 10**9))


def next_number() -> int:
    return next(_numbers)
