"""A mail to be sent, before rendering: which template with which values, to whom, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tldops_bot.domain.audience import Audience


class Kind(StrEnum):
    """What a mail is for; it decides how soon it goes and how RFC 3834 wants it marked."""

    ALERT = "alert"
    REPLY = "reply"
    TOKEN = "token"  # noqa: S105  a kind of mail, no secret
    NOTICE = "notice"
    ROSTER = "roster"

    @property
    def priority(self) -> int:
        """Smaller goes first: an alert overtakes everything else, the roster waits for everything else."""
        return {"alert": 0, "reply": 2, "token": 2, "notice": 4, "roster": 6}[self.value]

    @property
    def auto_submitted(self) -> str:
        """RFC 3834 section 5: `auto-replied` answers a mail, `auto-generated` answers none."""
        return "auto-replied" if self in (Kind.REPLY, Kind.TOKEN) else "auto-generated"


FIRST = -1  # the priority of what takes an alert back


class Entitled(StrEnum):
    """By what right a recipient gets a mail; looked at again when it is delivered."""

    MEMBER = "member"  # a member still, with a usable key: encrypted to it, else nothing goes
    PERSON = "person"  # a stored person: encrypted when there is a usable key; confidential mail only then
    KEY = "key"  # whoever holds this certificate (a candidate): encrypted to it
    ADDRESS = "address"  # an address without a key: IANA contacts, strangers; never anything confidential


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address a mail goes to, and the right by which it goes there."""

    address: str
    entitled: Entitled
    person_id: int | None = None
    fingerprint: str | None = None
    language: str = ""  # as far as it is not stored: of who asks to be listed, or is being forgotten


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `octets` are carried base64, `raw_entity` means a MIME entity to be carried as it is."""

    name: str
    media_type: str
    octets: bytes
    is_raw_entity: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one or many. Everything said in it comes from `template`; `values` fill it.

    `subject` replaces the template's own Subject line where the words are not the template's to choose
    (a reply quotes the sender's subject). `route` becomes a `+t.<route>` address in Reply-To; `reply_to`
    is a whole address. Confidential mail never goes unencrypted. What `is_first` overtakes even alerts.
    What goes to an `audience` goes to all of it as members, and to nobody in `to`.
    """

    kind: Kind
    template: str
    values: Mapping[str, Any]
    to: tuple[Recipient, ...] = ()
    subject: str = ""
    is_confidential: bool = False
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    route: str = ""
    reply_to: str = ""
    alert_id: str = ""
    is_first: bool = False
    audience: Audience | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None  # of all its words, where it is known; else each recipient gets their own
