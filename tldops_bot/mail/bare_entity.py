"""A multipart/signed just as it came, if it says nothing but what was signed (RFC 3156 section 5).

Whoever carries a mail can write around the signed part: before and after it, into headers, parameters and armor.
"""

import re

from tldops_bot.mail.mime_slices import Part

_CONTENT_TYPE = re.compile(rb"^content-type:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)
_SIGNATURE = re.compile(rb"\r\n\r\n(?:[A-Za-z0-9+/=]+\r\n)+(?=-----END PGP SIGNATURE-----)")
_WORD = re.compile(rb"[^\s!-/:-@[-`{-~]+")
# All that mail programs write there, down to the sentence above Thunderbird's signed part.
_COMMON = frozenset(
    b"content type multipart signed micalg pgp sha1 sha224 sha256 sha384 sha512 protocol application signature "
    b"boundary charset us ascii utf 8 name asc description openpgp digital digitally message part this is a an and "
    b"disposition inline attachment filename transfer encoding 7bit mime version 1 0 rfc 4880 3156 begin end gnupg "
    b"v1 v2".split()
)


def bare_entity(part: Part) -> bytes:
    """Its Content-Type and its body, octet for octet; b"" if anything unsigned in it says more, or its lines differ."""
    head, _, body = part.octets.partition(b"\r\n\r\n")
    content_type, signed = _CONTENT_TYPE.search(head), part.children[0].octets
    before, _, after = body.partition(signed or b"\r\n")
    if content_type is None or b"\n" in part.octets.replace(b"\r\n", b""):
        return b""
    boundary = part.content_type.parameter("boundary").encode()
    edge = re.compile(rb"^--" + re.escape(boundary), re.MULTILINE)
    around = (content_type[0].replace(boundary, b"", 1), edge.sub(b"", before), edge.sub(b"", after))
    words = _WORD.findall(_SIGNATURE.sub(b"", b"\r\n".join(around)).lower())
    return content_type[0] + b"\r\n\r\n" + body if _COMMON.issuperset(words) else b""
