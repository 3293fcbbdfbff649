"""The demo's mails as files, in the order in which they went, read as their recipients read them."""

import re
import tempfile
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tldops_bot.cli._demo_people import Someone
from tldops_bot.cli._demo_town import DemoFailed


@dataclass(frozen=True, slots=True)
class Read:
    """One mail from the list, opened by its recipient's own gpg."""

    file: Path
    subject: str
    reply_to: str
    text: str
    files: dict[str, Path]
    was_encrypted: bool
    signed_by: str  # full fingerprint of a good signature, as reported by the recipient's gpg

    def token(self, word: str = "CONFIRM") -> str:
        """The whole line to send back."""
        found = re.search(rf"^{word} \S+$", self.text, re.MULTILINE)
        if found is None:
            raise DemoFailed(f"no line to send back in {self.file.name}")
        return found[0]


@dataclass
class Album:
    """A folder in which every mail becomes a numbered file."""

    folder: Path
    _numbers: int = 0

    def keep(self, octets: bytes, way: str) -> Path:
        """Save one mail: `07-ann-to-list.eml`."""
        self._numbers += 1
        file = self.folder / f"{self._numbers:02}-{way.lower()}.eml"
        file.write_bytes(octets)
        return file

    def read(self, octets: bytes, who: Someone) -> Read:
        """Save a mail from the list, decrypt it if it is encrypted, verify it, and put its text beside it."""
        file = self.keep(octets, f"list-to-{who.short}")
        outer = _parse(octets)
        was_encrypted = outer.get_content_type() == "multipart/encrypted"
        opened = who.decrypt(_ciphertext(outer)) if was_encrypted else octets
        signed, signature = _halves(opened)
        signed_by = _verified(who, signed, signature) if who.fingerprint else ""
        inner = _parse(signed)
        text = _body(inner)
        file.with_suffix(".txt").write_text(text, encoding="utf-8")
        return Read(
            file,
            str(outer["Subject"]),
            str(outer["Reply-To"] or "").strip("<> "),
            text,
            self._attachments(inner, file),
            was_encrypted,
            signed_by,
        )

    def _attachments(self, inner: EmailMessage, mail: Path) -> dict[str, Path]:
        """The files in a mail, in a folder beside it."""
        found = {}
        for part in inner.walk():
            name = re.sub(r"[^A-Za-z0-9._-]", "_", part.get_filename() or "").lstrip(".")
            if name:
                folder = mail.with_suffix(".files")
                folder.mkdir(exist_ok=True)
                found[name] = folder / name
                found[name].write_bytes(bytes(part.get_payload(decode=True) or b""))
        return found


def subject_of(octets: bytes) -> str:
    """The outer Subject of a mail."""
    return str(_parse(octets)["Subject"])


def _parse(octets: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    return message


def _ciphertext(outer: EmailMessage) -> bytes:
    part = list(outer.iter_parts())[-1]
    return bytes(part.get_payload(decode=True) or b"")


def _halves(entity: bytes) -> tuple[bytes, bytes]:
    """The signed part of a multipart/signed entity, octet for octet, and its armored signature."""
    message = _parse(entity)
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/signed" or not boundary:
        raise DemoFailed("a mail of the list is not signed")
    _, signed, rest, *_ = entity.split(b"\r\n--" + boundary.encode())
    return signed.removeprefix(b"\r\n"), rest[rest.index(b"-----BEGIN PGP SIGNATURE") :]


def _verified(who: Someone, signed: bytes, signature: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        octets, beside = Path(folder, "signed"), Path(folder, "signed.asc")
        octets.write_bytes(signed)
        beside.write_bytes(signature)
        return who.verify(beside, octets)


def _body(inner: EmailMessage) -> str:
    part = inner.get_body(("plain",))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
