"""Mails in the shape of the clients that people use, signed and encrypted at run time.

    shape = CLIENTS["Thunderbird"]
    raw = Writer(shape, ann).signed("QUERY nl\n", at=now)      # a whole mail as it leaves the client
    raw = Writer(shape, ann).encrypted("QUERY nl\n", to=list_key)

The shapes themselves, as data, stand in `client_shapes.py`; what happens on the way in `relay_changes.py`.
"""

import base64
import hashlib
import quopri
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from tests.client_shapes import CLIENTS as CLIENTS
from tests.client_shapes import Shape
from tests.keys import LIST_ADDRESS, KeyPair, crlf

SUBJECT = "a question"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Writer:
    """One client in the hands of one person."""

    shape: Shape
    who: KeyPair

    # --- whole mails

    def signed(self, text: str, at: datetime, with_key: bool = False) -> bytes:
        """As the client signs without encrypting: PGP/MIME, or an inline block."""
        if self.shape.is_inline:
            block = self._armor(self.who.clearsigned(text, at=at), "SIGNATURE").decode()
            return self._mail(self._entity(block, at, with_key, is_root=False), at)
        entity = self._entity(text, at, with_key)
        return self._mail(self._signed_entity(entity, at), at)

    def encrypted(self, text: str, to: KeyPair, at: datetime, with_key: bool = False) -> bytes:
        """Signed and encrypted, in one OpenPGP message or one in the other, as the client does it."""
        if self.shape.is_inline and not self.shape.encrypted_type:
            block = self._armor(self.who.encrypted(text.encode(), to, at=at), "MESSAGE").decode()
            return self._mail(self._entity(block, at, with_key, is_root=False), at)
        payload = self._entity(text, at, with_key)
        if self.shape.is_encapsulated:
            payload = self._signed_entity(payload, at)
        message = self.who.encrypted(payload, to, sign=not self.shape.is_encapsulated, at=at)
        parts = (
            _entity(self.shape.version_part, b"Version: 1\n"),
            _entity(self.shape.message_part, self._armor(message, "MESSAGE")),
        )
        entity = self._multipart(self.shape.encrypted_type, parts, self.shape.encrypted_preamble)
        return self._mail(entity, at, self.shape.hidden_subject or SUBJECT)

    # --- the pieces

    def _signed_entity(self, entity: bytes, at: datetime) -> bytes:
        options = ("--textmode",) if self.shape.is_text_mode else ()
        digest = self.shape.digest
        signature = self.who.detached(entity, *options, at=at, digest=digest)
        part = _entity(self.shape.signature_part, self._armor(signature, "SIGNATURE"))
        top = self.shape.signed_type.replace("{micalg}", f"pgp-{digest.lower()}")
        return self._multipart(top, (entity, part), self.shape.signed_preamble)

    def _entity(self, text: str, at: datetime, with_key: bool, is_root: bool = True) -> bytes:
        """What is signed: the text, perhaps beside HTML, perhaps with a key, within the client's wrappers."""
        fields = self._protected(at) if is_root else ""
        wrappers = [*self.shape.wrappers]
        if with_key and not wrappers:
            wrappers = [self.shape.mixed_type]
        types = [*wrappers, *([self.shape.alternative_type] if self.shape.has_html else [])]
        marked = [
            _marked(one, self.shape.mark if is_root else "", fields, at=n) for n, one in enumerate(types)
        ]
        text_top = _marked(self.shape.text_part, self.shape.mark if is_root else "", fields, at=len(types))
        entity = self._text(text_top, text)
        if self.shape.has_html:
            html = _encoded(f"<html><body><pre>{text}</pre></body></html>\n".encode(), "quoted-printable")
            entity = self._multipart(marked.pop(), (entity, _entity(self.shape.html_part, html)))
        parts = [entity]
        if with_key:
            parts.append(self._key())
        for top in reversed(marked):
            parts = [self._multipart(top, tuple(parts))]
        return parts[0]

    def _text(self, top: str, text: str) -> bytes:
        charset, encoding = self.shape.ascii if text.isascii() else self.shape.other
        written = flowed(text) if self.shape.is_flowed else text
        octets = _encoded(written.encode(charset), encoding)
        return _entity(top.replace("{charset}", charset).replace("{encoding}", encoding), octets)

    def _key(self) -> bytes:
        top, short = self.shape.key_part, self.who.fingerprint[-16:]
        octets = _encoded(self._armor(self.who.armored, "PUBLIC KEY BLOCK"), self.shape.key_encoding)
        return _entity(top.replace("{address}", self.who.address).replace("{key_id}", short), octets)

    def _protected(self, at: datetime) -> str:
        if not self.shape.mark:
            return ""
        return f"\nFrom: {self._author()}\nTo: {LIST_ADDRESS}\nSubject: {SUBJECT}\nDate: {_date(at)}"

    def _author(self) -> str:
        return self.shape.author.format(name=self.who.name, address=self.who.address)

    def _mail(self, entity: bytes, at: datetime, subject: str = SUBJECT) -> bytes:
        number = hashlib.sha256(f"{next(_numbers)}".encode()).hexdigest()
        top = self.shape.top.format(
            author=self._author(),
            to=LIST_ADDRESS,
            subject=subject,
            date=_date(at),
            message_id=f"<{number[:32]}@client.example>",
            autocrypt=autocrypt(self.who),
        )
        return crlf(f"{top}\n".encode()) + entity

    def _multipart(self, top: str, parts: tuple[bytes, ...], preamble: str = "") -> bytes:
        boundary = self._boundary()
        edge = f"--{boundary}".encode()
        inside = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts)
        head = crlf(top.replace("{boundary}", boundary).encode()) + b"\r\n\r\n"
        return head + (crlf(preamble.encode()) + b"\r\n" if preamble else b"") + inside + edge + b"--\r\n"

    def _boundary(self) -> str:
        chance = hashlib.sha512(f"edge {next(_numbers)}".encode()).hexdigest()
        return self.shape.boundary.format(chance)

    def _armor(self, armored: bytes, kind: str) -> bytes:
        """With the armor header fields that the client writes."""
        if not self.shape.armor_fields:
            return armored
        start = f"-----BEGIN PGP {kind}-----\n".encode()
        return armored.replace(start, start + self.shape.armor_fields.encode())


def flowed(text: str) -> str:
    """RFC 3676: lines of at most 72 characters that end in a blank, and space-stuffing."""
    lines: Iterator[str] = (piece for line in text.split("\n") for piece in _flow(line))
    return "\n".join(f" {line}" if line.startswith((" ", ">", "From ")) else line for line in lines)


def _flow(line: str) -> list[str]:
    if line == "-- " or len(line) <= 72:
        return [line if line == "-- " else line.rstrip(" ")]
    pieces = textwrap.wrap(line, 71, break_long_words=False, break_on_hyphens=False)
    return [*(f"{piece} " for piece in pieces[:-1]), pieces[-1]]


def autocrypt(who: KeyPair) -> str:
    """The value of the Autocrypt header, folded as clients fold it."""
    lines = textwrap.wrap(base64.b64encode(who.certificate).decode(), 76)
    return f"addr={who.address}; prefer-encrypt=mutual; keydata=\n " + "\n ".join(lines)


def _encoded(octets: bytes, encoding: str) -> bytes:
    match encoding.lower():
        case "quoted-printable":
            return quopri.encodestring(octets)
        case "base64":
            return base64.encodebytes(octets.replace(b"\n", b"\r\n"))
    return octets


def _marked(top: str, mark: str, fields: str, at: int) -> str:
    """The root of the payload has the mark of protected header fields, and these."""
    return top.replace("{mark}", mark).replace("{fields}", fields) if at == 0 else _plain(top)


def _plain(top: str) -> str:
    return top.replace("{mark}", "").replace("{fields}", "")


def _entity(top: str, octets: bytes) -> bytes:
    return crlf(_plain(top).encode()) + b"\r\n\r\n" + crlf(octets)


def _date(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S +0000")
