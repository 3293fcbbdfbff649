"""From a decision to the letters that answer it: their words, their address, and their protection."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tldops_bot.commands._all import command_for
from tldops_bot.commands._command import Actor, Refused, Reply, Status
from tldops_bot.domain.address import parse_address, same_address
from tldops_bot.domain.durations import DAY, HOUR
from tldops_bot.domain.language import read_language
from tldops_bot.domain.outgoing import Attachment, Entitled, Kind, Letter, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import HeldMail, read_details
from tldops_bot.intake.decision import Decision, Part
from tldops_bot.intake.judged import Judged
from tldops_bot.intake.told import names_told, quoted, subject_told, told, values_told
from tldops_bot.mail.render import Renderer
from tldops_bot.store import languages, people, people_keys, tokens
from tldops_bot.store.database import Session
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import CertificateRow

HELD_AN_HOUR = 6
PLAIN_A_DAY = 3  # anybody can have sent them


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes the letters that answer one mail, inside its transaction."""

    session: Session
    renderer: Renderer
    now: datetime
    list_address: str
    random: Callable[[int], bytes]
    request_lifetime: timedelta
    languages: tuple[str, ...]

    def letters(self, decision: Decision, judged: Judged, claimed: Claimed) -> list[Letter]:
        """Everything a decision says to the sender; what it says to others is in `decision.letters`."""
        match decision.kind:
            case "silent":
                return []
            case "held":
                return self._held(decision, judged, claimed)
            case "repeated":
                return self._addressed(decision, judged, claimed, "repeated", decision.values, Status.SUCCESS)
            case "refused":
                language = self._language(decision, judged)
                values = values_told(decision.actor, decision.values)
                text = self.renderer.fragment(f"refusals/{decision.reason}", values, language)
                parts = [{"lines": (), "text": text, "failed": True}]
                return self._reply(decision, judged, claimed, parts, (), False)
        is_test = decision.commands is not None and decision.commands.is_test
        spoken = [one for one in decision.parts if is_test or not _is_silent(one)]
        if not spoken:
            return []
        replies = [one.outcome for one in spoken if isinstance(one.outcome, Reply)]
        is_done = decision.status is not Status.FAILED and not is_test
        files = dict.fromkeys(file for one in replies for file in one.attachments)  # the list's key only once
        is_confidential = any(one.is_confidential for one in replies) and not is_test
        language = self._language(decision, judged)
        parts = [self._part(one, decision, language) for one in spoken]
        return self._reply(decision, judged, claimed, parts, tuple(files) if is_done else (), is_confidential)

    def _part(self, part: Part, decision: Decision, language: str) -> dict[str, Any]:
        outcome, is_test = part.outcome, decision.commands is not None and decision.commands.is_test
        if isinstance(outcome, Refused):
            values = values_told(decision.actor, outcome.values)
            text = self.renderer.fragment(f"refusals/{outcome.reason}", values, language)
        elif is_test:
            values = {"verb": part.request.verb, "status": outcome.status.value}
            text = self.renderer.fragment("test/would", values, language)
        else:
            folder = command_for(part.request.verb).folder
            text = self.renderer.fragment(f"{folder}/{outcome.outcome}", outcome.values, language)
        return {"lines": quoted(part.request, decision.actor), "text": text, "failed": part.failed}

    def _reply(
        self,
        decision: Decision,
        judged: Judged,
        claimed: Claimed,
        parts: list[dict[str, Any]],
        attachments: tuple[Attachment, ...],
        is_confidential: bool,
    ) -> list[Letter]:
        commands = decision.commands
        is_test = commands is not None and commands.is_test
        was_sealed = judged.was_encrypted and self._can_encrypt(decision.actor)
        is_confidential = is_confidential or was_sealed or _quotes_much(decision)
        values = {
            "status": decision.status.value,
            "parts": parts,
            "is_test": is_test,
            "changed_nothing": decision.status is Status.FAILED and len(parts) > 0,
            "not_read": [told(decision.actor, one) for one in commands.not_read] if commands else (),
            "ignored": names_told(judged.mail.ignored) if judged.verdict.is_good else (),
            "notes": [told(decision.actor, one.line) for one in commands.notes] if commands else (),
            "lines_quoted": is_confidential or not judged.was_encrypted,
            "quoted": decision.actor.is_signed and (is_confidential or not judged.was_encrypted),
            "verdict": self._verdict(judged, decision) if is_test else None,
            "from_elsewhere": _is_from_elsewhere(decision.actor, judged.mail.author),
            "last_answer": decision.is_last_answer,
        }
        return self._addressed(
            decision, judged, claimed, "reply", values, decision.status, attachments, is_confidential
        )

    def _addressed(
        self,
        decision: Decision,
        judged: Judged,
        claimed: Claimed,
        template: str,
        values: dict[str, Any],
        status: Status,
        attachments: tuple[Attachment, ...] = (),
        is_confidential: bool = False,
    ) -> list[Letter]:
        to = self._recipients(decision.actor, judged, claimed, is_confidential)
        if not to:
            return []
        mail = judged.mail
        subject = subject_told(status, mail.subject, decision.actor)
        return [
            Letter(
                Kind.REPLY,
                template,
                values | {"subject": subject},
                to,
                subject=subject,
                is_confidential=is_confidential,
                attachments=attachments,
                in_reply_to=mail.message_id,
                references=mail.references,
                language=self._known_language(decision, judged),
            )
        ]

    def _recipients(
        self, actor: Actor, judged: Judged, claimed: Claimed, is_confidential: bool
    ) -> tuple[Recipient, ...]:
        """The stored address the mail came from, else all stored ones; for strangers, where it came from."""
        author = judged.mail.author or ""
        person = actor.person if actor.is_signed else None
        if person is not None and person.forgotten_at is None:
            stored = people.addresses_of(person)
            matching = tuple(one for one in stored if same_address(one, author))
            key = actor.fingerprint if is_confidential else None
            return tuple(Recipient(one, Entitled.PERSON, person.id, key) for one in matching or stored)
        address = author or parse_address(claimed.envelope.mail_from)  # without either it can't be answered
        if not address or same_address(address, self.list_address):
            return ()
        if is_confidential and self._held_key(actor.fingerprint):
            return (Recipient(address, Entitled.KEY, None, actor.fingerprint),)
        return (Recipient(address, Entitled.ADDRESS),)

    def _language(self, decision: Decision, judged: Judged) -> str:
        """The sender's own language; for those who have none yet, the one the mail itself asks for."""
        actor = decision.actor
        if actor.is_signed and actor.person is not None:
            return actor.person.language
        asked = decision.commands.requests if decision.commands else ()
        named = [one.value for request in asked for one in request.fields if one.name == "Language"]
        wanted = read_language(named[0], self.languages) if len(named) == 1 else ""
        return languages.of_address(self.session, judged.mail.author or "") or wanted

    def _known_language(self, decision: Decision, judged: Judged) -> str | None:
        """The same for the letter; a registered person's is known, also where it is the list's own."""
        is_theirs = decision.actor.is_signed and decision.actor.person is not None
        return self._language(decision, judged) or ("" if is_theirs else None)

    def _can_encrypt(self, actor: Actor) -> bool:
        """Whether there is a key to answer an encrypted mail with; if not, its text is not quoted at all."""
        return actor.is_signed and (actor.person is not None or self._held_key(actor.fingerprint))

    def _held_key(self, fingerprint: str) -> bool:
        return bool(fingerprint) and self.session.get(CertificateRow, fingerprint) is not None

    def _verdict(self, judged: Judged, decision: Decision) -> dict[str, Any]:
        row = (
            people_keys.certificate_for(self.session, judged.verdict.fingerprint)
            if judged.verdict.fingerprint
            else None
        )
        named = (*(decision.commands.lists_named if decision.commands else ()), *judged.protected)
        return {
            "standing": judged.verdict.standing.value,
            "fingerprint": judged.verdict.fingerprint,
            "signed_at": judged.verdict.signed_at,
            "key_expires_at": row.expires_at if row else None,
            "list_named": any(same_address(one, self.list_address) for one in named),
        }

    def _held(self, decision: Decision, judged: Judged, claimed: Claimed) -> list[Letter]:
        """A token to carry the mail out: encrypted to the key that signed it, or to the very mailbox that it names."""
        actor, person = decision.actor, decision.actor.person
        address = _mailbox_of(actor)
        digest = judged.digest or hashlib.sha256(judged.text.encode(errors="replace")).hexdigest()
        is_signed = actor.is_signed
        if is_signed:  # the same words signed anew are another mail
            digest += f" {judged.verdict.signed_at}"
        asked = decision.commands.requests if decision.commands else ()
        verbs = [] if is_signed else sorted({one.verb for one in asked})
        if self._asked_enough(digest, address, verbs):
            return []
        minted = self._minted(actor, address, claimed, HeldMail(digest, tuple(verbs)))
        values = {
            "token": minted.words,
            "lines": [line for one in asked for line in quoted(one, actor)],
            "until": self.now + self.request_lifetime,
            "list_line": f"List: {self.list_address}",
            "is_before_restore": decision.reason == "signed_before_restore",
        }
        entitled = Entitled.PERSON if person is not None and is_signed else Entitled.ADDRESS
        recipient = Recipient(address, entitled, person.id if person else None, actor.fingerprint or None)
        return [
            Letter(
                Kind.TOKEN,
                "letters/held" if is_signed else "letters/held_mailbox",
                values,
                (recipient,),
                subject=subject_told(Status.WAITING, judged.mail.subject, actor),
                is_confidential=is_signed,
                in_reply_to=judged.mail.message_id,
                references=judged.mail.references,
                route=minted.route,
                language=self._known_language(decision, judged),
            )
        ]

    def _minted(self, actor: Actor, address: str, claimed: Claimed, details: HeldMail) -> tokens.Minted:
        return tokens.mint(
            self.session,
            self.random,
            Purpose.CARRY_OUT,
            address,
            self.now,
            self.now + self.request_lifetime,
            fingerprint=actor.fingerprint if actor.is_signed else None,
            person_id=actor.person_id,
            inbox_id=claimed.id,
            details=details,
        )

    def _asked_enough(self, digest: str, address: str, plain_verbs: list[str]) -> bool:
        """Resending floods nobody: a signed mail is asked about once, a plain command three times a day."""
        found = tokens.held_for(self.session, address, self.now)
        held = [(one.made_at, read_details(HeldMail, one.details)) for one in found]
        lately = [mail for at, mail in held if at > self.now - HOUR]
        if any(mail.digest == digest for mail in (lately if plain_verbs else (mail for _, mail in held))):
            return True
        asked = [verb for at, mail in held if at > self.now - DAY for verb in mail.verbs]
        return len(lately) >= HELD_AN_HOUR or any(asked.count(verb) >= PLAIN_A_DAY for verb in plain_verbs)


def _quotes_much(decision: Decision) -> bool:
    """Fields and unread lines may hold anything; even if the key ends now, they don't go in clear."""
    if not decision.actor.standing.has_key:
        return False
    rest = decision.commands is not None and (decision.commands.not_read or decision.commands.notes)
    failed = any(part.failed for part in decision.parts)
    return failed or bool(rest) or any(part.request.fields for part in decision.parts)


def _is_from_elsewhere(actor: Actor, author: str | None) -> bool:
    """Whether a mail signed by somebody we know names none of their addresses as its From."""
    person = actor.person if actor.is_signed else None
    if person is None or person.forgotten_at is not None:
        return False
    return not any(same_address(one, author or "") for one in people.addresses_of(person))


def _mailbox_of(actor: Actor) -> str:
    """The stored address that a mail says it is from: of two, one may be dead, or the mailbox of an IANA contact."""
    stored = people.addresses_of(actor.person) if actor.person is not None else (actor.address,)
    return next((one for one in stored if same_address(one, actor.address)), stored[0])


def _is_silent(part: Part) -> bool:
    return isinstance(part.outcome, Reply) and part.outcome.is_silent
