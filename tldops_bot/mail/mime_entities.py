"""Writes MIME entities octet by octet, 7-bit and safe to sign: RFC 2045, 2046, and RFC 3156 sections 3 to 6.

Everything here is CRLF with lines of at most 76 octets, no blank at the end of a line, no line that starts
with "From ", so that no relay has a reason to touch what is signed.
"""

import base64
import binascii
import hashlib
import re

from tldops_bot.domain.outgoing import Attachment
from tldops_bot.mail.mime_slices import with_crlf

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?[a-z0-9-]+=[A-Za-z0-9._-]+)*")
_UNSAFE_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")
_PLAIN = re.compile(rb"(?:(?!From )(?:[\t\x20-\x7e]{0,75}[\x21-\x7e])?\n)*")
_LINE_END = re.compile("\r\n|\r|\n")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_MAX_LINE = 76
_MANY = 0.25  # with more octets above 127 than this, base64 is shorter


def text_entity(text: str, parameters: str = "", headers: bytes = b"") -> bytes:
    """A text/plain part in UTF-8. `parameters` go into its Content-Type, `headers` before it."""
    octets = "\n".join(_LINE_END.split(text)).encode()
    if octets[-1:] != b"\n":
        octets += b"\n"
    if _PLAIN.fullmatch(octets):
        encoding, body = "7bit", octets
    elif sum(octet > 127 for octet in octets) > _MANY * len(octets):
        encoding, body = "base64", base64.encodebytes(octets.replace(b"\n", b"\r\n"))
    else:
        encoding, body = "quoted-printable", _quoted_printable(octets)
    top = (
        f'Content-Type: text/plain; charset="utf-8"{parameters}\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return headers + top.encode() + with_crlf(body)


def attachment_entity(attachment: Attachment) -> bytes:
    """A file, in base64; or a MIME entity as it came, octet for octet.

    An entity not made of CRLF lines would change under a signature, so it travels as a file.
    """
    if attachment.is_raw_entity and not _BARE.search(attachment.octets):
        return attachment.octets
    media_type = "application/octet-stream" if attachment.is_raw_entity else attachment.media_type.lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError("not a media type")
    if media_type.startswith("text/") and "charset" not in media_type:
        media_type += "; charset=utf-8"
    name = _UNSAFE_IN_A_NAME.sub("_", attachment.name)[:60] or "file"
    top = (
        f"Content-Type: {media_type};\r\n"
        f' name="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment;\r\n filename="{name}"\r\n\r\n'
    )
    return top.encode() + with_crlf(base64.encodebytes(attachment.octets))


def multipart(subtype: str, parameters: str, parts: tuple[bytes, ...], headers: bytes = b"") -> bytes:
    """A multipart of these parts, unchanged, with a boundary that occurs in none of them."""
    boundary = _boundary(parts)
    raw = "Content-Transfer-Encoding: 8bit\r\n" if not all(part.isascii() for part in parts) else ""
    top = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"{parameters}\r\n{raw}\r\n'.encode()
    edge = f"--{boundary}".encode()
    inside = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts)
    return b"".join((headers, top, inside, edge, b"--\r\n"))


def signed_part(entity: bytes, signature: bytes, maker: str = "the list", hash_name: str = "sha512") -> bytes:
    """multipart/signed with an entity and gpg's armored SHA-512 signature over exactly its octets."""
    described = (
        'Content-Type: application/pgp-signature; name="signature.asc"\r\n'
        f"Content-Description: OpenPGP signature of {maker}\r\n\r\n"
    ).encode() + with_crlf(signature)
    parameters = f';\r\n micalg="pgp-{hash_name}"; protocol="application/pgp-signature"'
    return multipart("signed", parameters, (entity, described))


def encrypted_part(ciphertext: bytes) -> bytes:
    """multipart/encrypted around an armored OpenPGP message."""
    return _ENCRYPTED_TOP + with_crlf(ciphertext) + _ENCRYPTED_END


# Armor is base64 and "-----BEGIN" lines, never a line with "=_": one boundary does for all.
_ENCRYPTED_TOP = (
    b"Content-Type: multipart/encrypted;\r\n"
    b' boundary="=_encrypted_="; protocol="application/pgp-encrypted"\r\n\r\n'
    b"--=_encrypted_=\r\n"
    b"Content-Type: application/pgp-encrypted\r\n\r\n"
    b"Version: 1\r\n\r\n"
    b"--=_encrypted_=\r\n"
    b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n'
    b'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n'
)
_ENCRYPTED_END = b"\r\n--=_encrypted_=--\r\n"


def _boundary(parts: tuple[bytes, ...]) -> str:
    """Derived from the content, which can't contain its own SHA-256: needs no clock and no randomness."""
    return f"=_{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"


def _quoted_printable(octets: bytes) -> bytes:
    lines: list[bytes] = []
    for line in binascii.b2a_qp(octets, quotetabs=False, istext=True).split(b"\n"):
        rest = line
        while rest.startswith(b"From "):
            if len(rest) + 2 <= _MAX_LINE:
                rest = b"=46" + rest[1:]
            else:
                lines.append(b"=46rom =")
                rest = rest[5:]
        lines.append(rest)
    return b"\n".join(lines)
