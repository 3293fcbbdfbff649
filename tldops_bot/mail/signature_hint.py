"""Whether a signature may cover these octets: it shows the first two octets of their hash (RFC 9580, 5.2.3).

This costs no process and proves nothing: one text in 65,536 fits by chance. The verdict is gpg's.
"""

import hashlib
from dataclasses import dataclass

from tldops_bot.mail.mime_slices import with_crlf
from tldops_bot.mail.openpgp_framing import BadPackets, take
from tldops_bot.mail.openpgp_packets import signature_packets

_HASHES = {8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
_BINARY, _TEXT = 0, 1


@dataclass(frozen=True, slots=True)
class Hint:
    """What a version 4 signature over a document says about the hash."""

    start: bytes
    hash_name: str
    trailer: bytes
    is_text: bool

    def fits(self, octets: bytes) -> bool:
        """Whether the signature may be one over exactly these octets."""
        covered = with_crlf(octets) if self.is_text else octets
        return hashlib.new(self.hash_name, covered + self.trailer).digest()[:2] == self.start


def hint_of(signature: bytes) -> Hint | None:
    """The hint in a detached signature; None if there are several, or it is of another kind or version."""
    try:
        found = signature_packets(signature)
        return _hint(found[0].body) if len(found) == 1 else None
    except BadPackets:
        return None


def _hint(body: bytes) -> Hint | None:
    (version, kind, _, hash_number), _ = take(body, 0, 4)
    if version != 4 or kind not in (_BINARY, _TEXT) or hash_number not in _HASHES:
        return None
    hashed_end = 6 + int.from_bytes(take(body, 4, 2)[0])
    unhashed = int.from_bytes(take(body, hashed_end, 2)[0])
    start, _ = take(body, hashed_end + 2 + unhashed, 2)
    trailer = body[:hashed_end] + b"\x04\xff" + hashed_end.to_bytes(4)
    return Hint(start, _HASHES[hash_number], trailer, kind == _TEXT)
