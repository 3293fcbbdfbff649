"""One judged mail, and what deciding about it needs: the open transaction, the time, the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.commands._command import Actor, Context, MailFacts
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.verdict import Verdict
from tldops_bot.intake.judged import Judged
from tldops_bot.store import people
from tldops_bot.store.database import Session
from tldops_bot.store.inbox import Claimed


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for every mail."""

    config: Config
    tlds: TldTable
    random: Callable[[int], bytes]
    list_certificate: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One mail in one transaction. If it `may_be_undone`, it is tried again should it come to nothing."""

    session: Session
    judged: Judged
    claimed: Claimed
    now: datetime
    around: Surroundings
    may_be_undone: bool = False

    @property
    def settings(self) -> Config:
        return self.around.config

    @property
    def verdict(self) -> Verdict:
        return self.judged.verdict

    @property
    def author(self) -> str:
        """The address in From: worth nothing by itself."""
        return self.judged.mail.author or ""

    @property
    def was_asked_about(self) -> bool:
        """Whether the token about this very mail came back: it is bound to this list, or to a mailbox."""
        return self.claimed.bound_at is not None

    @property
    def is_to_token_address(self) -> bool:
        local = self.settings.list.address.partition("@")[0].lower() + self.settings.list.delimiter + "t."
        return any(one.lower().startswith(local) for one in self.claimed.envelope.rcpt_tos)

    def claimed_actor(self) -> Actor:
        """Who the unsigned From says it is; worth nothing by itself."""
        person = people.by_address(self.session, self.author)
        standing = people.standing(self.session, person, self.now)
        return Actor(standing, person, "", self.author)

    def key_names_author(self) -> bool:
        """Whether the key names the author; one made in another's name is no reason to mail that other."""
        signers = (one for one in self.judged.certificates if one.fingerprint == self.verdict.fingerprint)
        return any(signer.names(self.author) for signer in signers)

    def context(self, actor: Actor) -> Context:
        """What a command is given."""
        mail, judged = self.judged.mail, self.judged
        return Context(
            session=self.session,
            now=self.now,
            config=self.settings,
            tlds=self.around.tlds,
            actor=actor,
            mail=MailFacts(
                inbox_id=self.claimed.id,
                received_at=self.claimed.received_at,
                message_id=mail.message_id,
                subject=mail.subject,
                author=self.author,
                references=mail.references,
                certificates=judged.certificates,
                covered=judged.covered,
                signed_at=judged.verdict.signed_at,
                original=judged.original,
                original_form=judged.original_form,
                was_encrypted=judged.was_encrypted,
                authentication=judged.authentication.words,
                is_authentic=judged.authentication.dmarc == "pass",
                is_suspect=judged.authentication.dmarc == "fail",
            ),
            random=self.around.random,
            list_certificate=self.around.list_certificate(),
            roster=judged.roster,
        )
