"""Seals what leaves the outbox: each message signed once, each copy encrypted to its recipient's key alone.

gpg signs, Sequoia encrypts; for a key that Sequoia's policy rejects, gpg encrypts as well.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tldops_bot.adapters.smtp_delivery import Outgoing
from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.certificate import NotEncrypted
from tldops_bot.domain.entitlement import Treatment
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.domain.outgoing import FIRST
from tldops_bot.mail import bounce_address, seen_token
from tldops_bot.mail.compose import OuterHeaders, message_id, outer_headers
from tldops_bot.mail.mime_entities import encrypted_part, signed_part
from tldops_bot.store.outbox import Claimed, OutboxMessage
from tldops_bot.store.recipients import Addressee

MOST_OCTETS_AT_ONCE = 32_768  # of a message whose first copy is made as it is signed: nothing holds that back

log = logging.getLogger(__name__)


class Signer(Protocol):
    """What is needed of gpg; both raise GpgUnavailable."""

    def sign_detached(self, octets: bytes) -> bytes: ...

    def encrypt(self, octets: bytes, certificate: bytes) -> bytes | NotEncrypted: ...


class Encrypter(Protocol):
    """What is needed of Sequoia, in a process of its own. To be called in a thread."""

    def encrypt_many(
        self, signed_part: bytes, recipients: Sequence[tuple[str, bytes]]
    ) -> list[bytes | NotEncrypted]: ...


@dataclass(frozen=True, slots=True)
class Secrets:
    """The keys of the proofs in addresses and ids; `bounce` may hold two, the first makes."""

    bounce: tuple[bytes, ...]
    message_id: bytes


@dataclass(slots=True)
class Sheet:
    """One message on its way out, shared by all its copies in flight."""

    message: OutboxMessage
    headers: OuterHeaders
    sealed: bytes
    is_under_way: bool = False
    is_broken: bool = False  # it could not even be made ready
    is_stopped: bool = False  # no copy goes any more, however near it is to being sent
    signing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Copy:
    """One delivery of a message, with what its recipient may have at this time."""

    delivery: Claimed
    addressee: Addressee
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Signed:
    """A message was signed just now; and what came of encrypting its first copy, if there was one."""

    first: bytes | NotEncrypted | None


class Sealing:
    """Turns messages and copies into octets. `secrets` may be replaced while it is at work."""

    def __init__(
        self, settings: ListSettings, signer: Signer, encrypter: Encrypter, secrets: Secrets
    ) -> None:
        self.secrets = secrets
        self._settings = settings
        self._home = ListAddress.parse(settings.address, settings.delimiter)
        self._signer = signer
        self._encrypter = encrypter

    def sheet(self, message: OutboxMessage) -> Sheet:
        """A message made ready; its common headers are built here, once."""
        try:
            headers = outer_headers(message.headers, message.subject, self._settings, bool(message.alert_id))
        except Exception as problem:  # noqa: BLE001  whatever is wrong with one message, the others go
            log.error("message %d can't be made ready: %s", message.id, type(problem).__name__)
            return Sheet(message, OuterHeaders(b""), b"", is_broken=True)
        return Sheet(message, headers, message.sealed or b"")

    async def sign(self, sheet: Sheet, first: Copy | None) -> Signed | None:
        """Make the signed part, and one copy with it; None if it is there already. Raises GpgUnavailable."""
        async with sheet.signing:
            return None if sheet.sealed else await asyncio.to_thread(self._signed, sheet, first)

    def _signed(self, sheet: Sheet, first: Copy | None) -> Signed:
        entity = sheet.message.entity or b""
        sheet.sealed = signed_part(entity, self._signer.sign_detached(entity))
        return Signed(self._encrypted(sheet, [first])[0] if first is not None else None)

    async def encrypt(self, sheet: Sheet, copies: Sequence[Copy]) -> list[bytes | NotEncrypted]:
        """The signed part encrypted to each copy's recipient alone, in their order."""
        return await asyncio.to_thread(self._encrypted, sheet, copies)

    def _encrypted(self, sheet: Sheet, copies: Sequence[Copy]) -> list[bytes | NotEncrypted]:
        recipients = [(copy.addressee.fingerprint, copy.addressee.certificate) for copy in copies]
        return self._encrypter.encrypt_many(sheet.sealed, recipients)

    async def encrypt_by_gpg(self, copy: Copy) -> bytes | NotEncrypted:
        """For a key that Sequoia rejects. Raises GpgUnavailable."""
        certificate = copy.addressee.certificate
        return await asyncio.to_thread(self._signer.encrypt, copy.sheet.sealed, certificate)

    def mail(self, copy: Copy, ciphertext: bytes | None) -> Outgoing:
        """The whole mail: encrypted, or the signed part as it is. Raises BadAddress."""
        one, sheet = copy.delivery, copy.sheet
        own_id = message_id(one.id, sheet.message.made_at, self.secrets.message_id, self._settings)
        # Nobody is asked whether they have seen that an alert is taken back.
        is_counted = sheet.message.alert_id and one.person_id is not None and one.priority > FIRST
        word = seen_token.make(one.id, self.secrets.bounce) if is_counted else ""
        head = sheet.headers.for_recipient(one.rcpt_to, own_id, one.reply_to, word)
        part = sheet.sealed if ciphertext is None else encrypted_part(ciphertext)
        bounce = bounce_address.make(self._home, one.id, self.secrets.bounce)
        return Outgoing(one.id, bounce, one.rcpt_to, head + part)


def made_as_signed(copies: Sequence[Copy]) -> Copy | None:
    """The one that is encrypted as soon as its message is signed, in the same thread: mostly there is no other."""
    if len(copies[0].sheet.message.entity or b"") > MOST_OCTETS_AT_ONCE:
        return None
    return next((copy for copy in copies if copy.addressee.right.treatment is Treatment.ENCRYPT), None)
