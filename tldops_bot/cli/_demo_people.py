"""The demo's people, each with a gpg home of their own, like somebody far away."""

import subprocess
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from uuid import uuid4

from tldops_bot.cli._demo_town import DemoFailed

_QUIET = (
    "--no-options",
    "--batch",
    "--quiet",
    "--no-tty",
    "--yes",
    "--pinentry-mode=loopback",
    "--passphrase=",
)


@dataclass
class Someone:
    """A person with a mailbox; with a key after `make_key`. `name` may be a role."""

    name: str
    address: str
    home: Path
    fingerprint: str = ""

    @property
    def short(self) -> str:
        """What the story and file names call them."""
        return self.name.split()[0]

    @property
    def _author(self) -> str:
        return f"{self.name} <{self.address}>"

    # --- gpg

    def gpg(self, *arguments: str, octets: bytes = b"") -> bytes:
        """Run this person's own gpg; raises DemoFailed when it fails."""
        code, output, errors = self._run(arguments, octets)
        if code:
            raise DemoFailed(
                f"gpg of {self.short}: {' '.join(errors.decode(errors='replace').split())[-200:]}"
            )
        return output

    def _run(self, arguments: tuple[str, ...], octets: bytes = b"") -> tuple[int, bytes, bytes]:
        command = ["gpg", "--homedir", str(self.home), *_QUIET, "--trust-model=always", *arguments]
        done = subprocess.run(command, input=octets, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def make_key(self) -> None:
        """ed25519 and cv25519: nothing to type, nothing to wait for."""
        self.home.mkdir(mode=0o700, parents=True)
        self.gpg("--quick-generate-key", self._author, "future-default", "default", "never")
        listing = self.gpg("--with-colons", "--list-secret-keys").decode()
        self.fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))

    @property
    def public_key(self) -> bytes:
        return self.gpg("--armor", "--export", self.fingerprint)

    def import_key(self, certificate: bytes) -> None:
        """Import somebody's public key."""
        self.gpg("--import", octets=certificate)

    def decrypt(self, ciphertext: bytes) -> bytes:
        return self.gpg("--decrypt", octets=ciphertext)

    def verify(self, signature: Path, signed: Path) -> str:
        """`gpg --verify`: the full fingerprint of the good signature, "" for anything else."""
        code, output, _ = self._run(("--status-fd=1", "--verify", str(signature), str(signed)))
        rows = [line.split() for line in output.decode(errors="replace").splitlines()]
        good = [row[-1] for row in rows if row[1:2] == ["VALIDSIG"]]
        return good[0] if code == 0 and len(good) == 1 else ""

    # --- mails, as raw octets

    def plain_mail(self, to: str, subject: str, text: str, author: str = "") -> bytes:
        """What anybody can write, under any From."""
        return self._top(to, subject, author) + _text(text)

    def signed_mail(
        self, to: str, subject: str, text: str, author: str = "", with_key: bool = False
    ) -> bytes:
        """PGP/MIME (RFC 3156 section 5): the text and, if asked for, the public key, all signed."""
        inner = _text(text)
        if with_key:
            head = b'Content-Type: application/pgp-keys; name="key.asc"\r\n\r\n'
            inner = _multipart("mixed", inner, head + _crlf(self.public_key))
        signature = self.gpg("--armor", "--digest-algo=SHA512", "--detach-sign", octets=inner)
        kind = 'signed; micalg="pgp-sha512"; protocol="application/pgp-signature"'
        head = b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n'
        return self._top(to, subject, author) + _multipart(kind, inner, head + _crlf(signature))

    def _top(self, to: str, subject: str, author: str) -> bytes:
        lines = {
            "From": author or self._author,
            "To": f"<{to}>",
            "Subject": subject,
            "Date": formatdate(),
            "Message-ID": f"<{uuid4()}@client.example>",
            "MIME-Version": "1.0",
        }
        return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()


def _text(text: str) -> bytes:
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return head + _crlf(text.encode() + b"\n")


def _multipart(kind: str, *parts: bytes) -> bytes:
    boundary = f"=_{uuid4().hex}"
    edge = f"--{boundary}".encode()
    top = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return top + b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def _crlf(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
