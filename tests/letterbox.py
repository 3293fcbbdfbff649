"""A mail from the bot as its recipient reads it: decrypted by their own gpg, the list's signature verified.

got = open_mail(octets, ann, list_key)
got.was_encrypted, got.signed_by, got.text, got.files["roster.vcf"], got.token()
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tests.keys import KeyPair, close_home, gpg

_HELD: dict[bytes, "Unsealed"] = {}  # gpg takes its time, and mailboxes are looked through again and again


@dataclass(frozen=True, slots=True)
class Got:
    """One mail, read."""

    octets: bytes
    outer: EmailMessage
    inner: EmailMessage
    signed_octets: bytes  # of the part that the list signed
    was_encrypted: bool
    signed_by: str  # full fingerprint, "" for a signature that is not good

    @property
    def subject(self) -> str:
        return str(self.outer["Subject"])

    @property
    def reply_to(self) -> str:
        return str(self.outer["Reply-To"] or "").strip("<> ")

    @property
    def text(self) -> str:
        body = self.inner.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def files(self) -> dict[str, bytes]:
        found = {}
        for part in self.inner.walk():
            name = part.get_filename()
            if name:
                content = part.get_content()
                found[name] = content.encode() if isinstance(content, str) else bytes(content)
        return found

    def token(self, word: str = "CONFIRM") -> str:
        found = re.search(rf"^{word} (\S+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


@dataclass(frozen=True, slots=True)
class Unsealed:
    octets: bytes
    was_encrypted: bool
    signed_octets: bytes
    signed_by: str


def open_mail(octets: bytes, reader: KeyPair | None, list_key: KeyPair) -> Got:
    """Read one mail; fails where the reader's key does not open it."""
    outer = parse(octets)
    held = _HELD.get(octets)
    if held is None:
        held = _HELD[octets] = _unseal(octets, outer, reader, list_key)
    return Got(
        octets, outer, parse(held.signed_octets), held.signed_octets, held.was_encrypted, held.signed_by
    )


def parse(octets: bytes) -> EmailMessage:
    made = BytesParser(policy=policy.default).parsebytes(octets)
    assert isinstance(made, EmailMessage)
    return made


def _unseal(octets: bytes, outer: EmailMessage, reader: KeyPair | None, list_key: KeyPair) -> Unsealed:
    was_encrypted = outer.get_content_type() == "multipart/encrypted"
    if was_encrypted:
        assert reader is not None, "an encrypted mail to somebody without a key"
        ciphertext = outer.get_payload(1).get_content()  # type: ignore[union-attr]
        octets = reader.decrypt(ciphertext if isinstance(ciphertext, bytes) else ciphertext.encode())
    assert parse(octets).get_content_type() == "multipart/signed"
    signed, signature = halves(octets)
    return Unsealed(octets, was_encrypted, signed, verified(signed, signature, list_key.home))


def halves(entity: bytes) -> tuple[bytes, bytes]:
    """The two parts of a multipart/signed entity, as they are: what was signed, and the armored signature."""
    boundary = parse(entity).get_boundary()
    assert boundary
    edge = b"\r\n--" + boundary.encode()
    _, signed, signature, *_ = entity.split(edge)
    return signed.removeprefix(b"\r\n"), signature[signature.index(b"-----BEGIN PGP SIGNATURE") :]


def verified(octets: bytes, signature: bytes, home: Path) -> str:
    """Who signed, by gpg's own word in this home; "" unless it is good."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        signed, beside = Path(folder, "signed"), Path(folder, "signed.sig")
        signed.write_bytes(octets)
        beside.write_bytes(signature)
        return gpg_verify(home, str(beside), str(signed))


def gpg_verify(home: Path, *files: str) -> str:
    """`gpg --verify FILE…`: the primary fingerprint it names, "" when it does not succeed."""
    command = ["gpg", "--homedir", str(home), "--no-options", "--batch", "--status-fd=1", "--verify", *files]
    done = subprocess.run(command, capture_output=True, check=False)
    found = re.search(rb"^\[GNUPG:\] VALIDSIG (?:\S+ ){9}([0-9A-F]{40})$", done.stdout, re.MULTILINE)
    return found[1].decode() if done.returncode == 0 and found else ""


class OneKeyHome:
    """A gpg home that holds one public key and nothing else, as somebody far away would have it."""

    def __init__(self, certificate: bytes) -> None:
        self._certificate = certificate
        self.path = Path(tempfile.mkdtemp(prefix="one", dir="/tmp"))

    def __enter__(self) -> Path:
        gpg(self.path, "--import", octets=self._certificate)
        return self.path

    def __exit__(self, *_: object) -> None:
        close_home(self.path)
