"""A letter rendered into octets, not yet sealed: what the outbox keeps."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """`entity` is what will be signed (CRLF, protected headers inside); `headers` go round it at delivery."""

    subject: str
    entity: bytes
    headers: Mapping[str, str]
    reply_to: str
