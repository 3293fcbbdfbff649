"""What is known about one mail before anything is decided, and what GnuPG has to be asked for that."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tldops_bot.commands._roster_files import Ready
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.mail_authentication import NOT_LOOKED_AT, Authentication
from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.domain.unwrapped import Undecryptable, Unwrapped
from tldops_bot.domain.verdict import Verdict
from tldops_bot.mail.take_apart import IncomingMail
from tldops_bot.store.database import Session

Read = Callable[[], AbstractContextManager[Session]]
FindKeys = Callable[[str], tuple[bytes, ...]]


class OpenPgp(Protocol):
    """What intake asks of GnuPG."""

    def unwrap(self, ciphertext: bytes, limit_bytes: int | None = None) -> Unwrapped | Undecryptable: ...
    def verify_detached(
        self, signed_octets: bytes, signature: bytes, certificate: bytes, at: datetime
    ) -> Verdict: ...
    def verify_inline(self, block: bytes, certificate: bytes, at: datetime) -> tuple[Verdict, bytes]: ...
    def verify_message(self, octets: bytes, certificate: bytes, at: datetime) -> tuple[Verdict, bytes]: ...
    def inspect(self, keydata: bytes, at: datetime) -> tuple[Certificate, ...]: ...
    def merge(self, held: bytes, offered: bytes, at: datetime) -> bytes: ...


class KeyChanged(Unavailable):
    """A key that the mail mends has changed since it was judged: what it proves has to be merged anew."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A certificate with what the mail proves about it, made from the octets that were `held`."""

    held: bytes
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Judged:
    """One mail with its verdict. `text` is what was signed (or the plain text); `digest` names those octets.

    `certificates` came with the mail, wherever they stood, or were found for its signature; `covered` are the
    fingerprints of those that the signature covers. `unproven` is the text under the signature of a key nobody
    knows: worth what plain text is worth. `detail` is what broke a signature, as far as that is known.
    `original` makes what was signed fit to be sent on; only alerts are.
    `roster` was made ready because the mail asks for it.
    """

    mail: IncomingMail
    verdict: Verdict
    text: str = ""
    protected: tuple[str, ...] = ()
    digest: str = ""
    certificates: tuple[Certificate, ...] = ()
    merged: tuple[Merged, ...] = ()
    original: Callable[[], bytes] = bytes
    original_form: str = ""
    was_encrypted: bool = False
    is_registered: bool = False
    covered: tuple[str, ...] = ()
    detail: str = ""
    unproven: str = ""
    authentication: Authentication = NOT_LOOKED_AT
    roster: Ready | None = None
