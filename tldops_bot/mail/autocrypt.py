"""The key in an Autocrypt header (Autocrypt 1.1 section 2.1): a hint whose signature this may be, no more."""

import base64
import binascii

from tldops_bot.domain.address import same_address
from tldops_bot.mail.headers import Headers

MAX_HEADER_CHARS = 10 * 1024
_KNOWN = frozenset({"addr", "prefer-encrypt", "keydata"})


def hint(headers: Headers, author: str | None) -> bytes:
    """The octets in the one Autocrypt header for this author, unparsed; b"" for none, or any doubt."""
    values = headers.all("autocrypt")
    if len(values) != 1 or len(values[0]) > MAX_HEADER_CHARS or not author:
        return b""
    attributes: dict[str, str] = {}
    for piece in values[0].split(";"):
        name, equals, value = piece.strip().partition("=")
        name = name.strip().lower()
        is_critical = not name.startswith("_") and name not in _KNOWN
        if name and (not equals or is_critical or name in attributes):
            return b""
        attributes[name] = value.strip()
    if not same_address(attributes.get("addr", ""), author):
        return b""
    try:
        return base64.b64decode("".join(attributes.get("keydata", "").split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
