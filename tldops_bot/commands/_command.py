"""What a mail command is made of: its declaration, what it is given, and what it returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from tldops_bot.commands._roster_files import Ready
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.outgoing import Attachment, Letter
from tldops_bot.domain.request import Request, VerbSpec
from tldops_bot.domain.standing import Standing
from tldops_bot.store import audit
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Person


class Who(StrEnum):
    """Who may use a command; enforced by `_policy.py`, in one place, before the command runs."""

    ANYONE = "anyone"
    CONTACT = "contact"
    MEMBER = "member"
    COMMITTEE = "committee"
    SECRETARIAT = "secretariat"  # the committee may as well


class Status(StrEnum):
    """How a command ended; the worst of a mail's commands comes first in the Subject of the reply."""

    SUCCESS = "SUCCESS"
    WAITING = "WAITING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who speaks, as far as it is proven: a stored person by signature, or just the mailbox of a token."""

    standing: Standing
    person: Person | None = None
    fingerprint: str = ""
    address: str = ""
    is_signed: bool = False

    @property
    def person_id(self) -> int | None:
        return self.person.id if self.person else None


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What a command may know of the mail that carries it."""

    inbox_id: int | None
    received_at: datetime
    message_id: str = ""
    subject: str = ""
    author: str = ""
    references: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    covered: tuple[str, ...] = ()  # fingerprints of those covered by the signature
    signed_at: datetime | None = None
    original: Callable[[], bytes] = bytes  # what was signed, fit to be sent on
    original_form: str = ""
    was_encrypted: bool = False
    authentication: str = ""
    is_authentic: bool = False  # the author's own domain says the mail is the author's (DMARC)
    is_suspect: bool = False  # it says that it is not


@dataclass(frozen=True, slots=True)
class Context:
    """What a command is given: the open transaction, the time, the settings, and a place to post letters.

    Commands change rows through `store`, post letters, and return what to say. They never commit, render,
    send, or read the clock.
    """

    session: Session
    now: datetime
    config: Config
    tlds: TldTable
    actor: Actor
    mail: MailFacts
    random: Callable[[int], bytes]
    list_certificate: bytes
    roster: Ready | None = None  # made beforehand, if the mail asks for it
    letters: list[Letter] = field(default_factory=list)

    def post(self, letter: Letter) -> None:
        """Queue a letter, to go out when this transaction is committed."""
        self.letters.append(letter)

    def record(
        self, action: str, *, actor: str = "", tld: str = "", person_id: int | None = None, **details: Any
    ) -> None:
        """An audit entry about what this mail did; without `actor`, by the key that signed, or a mailbox."""
        by = actor or self.actor.fingerprint or "mailbox"
        audit.record(self.session, self.now, by, action, tld, person_id, self.mail.inbox_id, **details)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command answers: `<command>/<outcome>.txt.j2` filled with `values`."""

    outcome: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: Status = Status.SUCCESS
    attachments: tuple[Attachment, ...] = ()
    is_confidential: bool = False
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing of a mail is done: `refusals/<reason>.txt.j2` filled with `values`."""

    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


Mailbox = Literal["", "keyless", "always", "iana", "token"]
Run = Callable[[Context, Request], Reply | Refused]


@dataclass(frozen=True, slots=True)
class Command:
    """One mail command. `changes` means it must be bound to this list before it takes effect at once."""

    verb: str
    who: Who
    usage: tuple[str, ...]
    summary: str
    run: Run
    changes: bool
    fields: tuple[str, ...]
    has_text: bool
    strict_fields: tuple[str, ...]
    aliases: tuple[str, ...]
    by_mailbox: Mailbox
    after_probation: bool

    @property
    def folder(self) -> str:
        """Where its templates are."""
        return self.verb.lower().replace("-", "_")

    def spec(self, verb: str) -> VerbSpec:
        """What the grammar must know, under the verb or one of its aliases."""
        return VerbSpec(verb, self.fields, self.has_text, self.strict_fields)


def command(
    *usage: str,
    who: Who,
    changes: bool = False,
    fields: Sequence[str] = (),
    has_text: bool = False,
    strict_fields: Sequence[str] = (),
    aliases: Sequence[str] = (),
    by_mailbox: Mailbox = "",
    after_probation: bool = False,
) -> Callable[[Run], Command]:
    """Declare a mail command; the verb is the first word of `usage`, the help the docstring's first line.

    `by_mailbox` says who may send it unsigned and prove the stored mailbox by a token instead: "keyless",
    those without a key; "always", those with a key as well; "iana", the IANA contacts of the TLD. "token": a
    word that was sent to the recipient of a mail stands for the signature.
    """

    def declare(run: Run) -> Command:
        return Command(
            verb=usage[0].split()[0],
            who=who,
            usage=usage,
            summary=(run.__doc__ or "").strip().split("\n")[0],
            run=run,
            changes=changes,
            fields=tuple(fields),
            has_text=has_text,
            strict_fields=tuple(strict_fields),
            aliases=tuple(aliases),
            by_mailbox=by_mailbox,
            after_probation=after_probation,
        )

    return declare


def bad_arguments(one: Command) -> Refused:
    """What stands behind the verb is not what the command takes."""
    return Refused("bad_arguments", {"verb": one.verb, "usage": one.usage})
