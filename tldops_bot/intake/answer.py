"""From a decision to the letters that answer it: what is said, to which stored address, and how it is protected."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tldops_bot.commands import command_for
from tldops_bot.commands._command import Actor, Refused, Reply, Status
from tldops_bot.domain.address import parse_address, same_address
from tldops_bot.domain.language import read_language
from tldops_bot.domain.outgoing import Attachment, Entitled, Kind, Letter, Recipient
from tldops_bot.domain.request import Request
from tldops_bot.intake.decision import Decision, Part
from tldops_bot.intake.judged import Judged
from tldops_bot.mail.render import Renderer
from tldops_bot.store import languages, people, tokens
from tldops_bot.store.database import Session
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import CertificateRow

SUBJECT_CHARACTERS = 80
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
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
        """Everything a decision says to the sender; what it says to others stands in `decision.letters`."""
        match decision.kind:
            case "silent":
                return []
            case "held":
                return self._held(decision, judged, claimed)
            case "repeated":
                return self._addressed(decision, judged, claimed, "repeated", decision.values, Status.SUCCESS)
            case "refused":
                language = self._language(decision, judged)
                text = self.renderer.fragment(f"refusals/{decision.reason}", decision.values, language)
                parts = [{"lines": (), "text": text, "failed": True}]
                return self._reply(decision, judged, claimed, parts, (), False)
        is_test = decision.commands is not None and decision.commands.is_test
        spoken = [one for one in decision.parts if is_test or not _is_silent(one)]
        if not spoken:
            return []
        replies = [one.outcome for one in spoken if isinstance(one.outcome, Reply)]
        attachments = tuple(file for one in replies for file in one.attachments) if not is_test else ()
        is_confidential = any(one.is_confidential for one in replies) and not is_test
        language = self._language(decision, judged)
        parts = [self._part(one, decision, language) for one in spoken]
        return self._reply(decision, judged, claimed, parts, attachments, is_confidential)

    def _part(self, part: Part, decision: Decision, language: str) -> dict[str, Any]:
        outcome, is_test = part.outcome, decision.commands is not None and decision.commands.is_test
        if isinstance(outcome, Refused):
            text = self.renderer.fragment(f"refusals/{outcome.reason}", outcome.values, language)
        elif is_test:
            values = {"verb": part.request.verb, "status": outcome.status.value}
            text = self.renderer.fragment("test/would", values, language)
        else:
            folder = command_for(part.request.verb).folder
            text = self.renderer.fragment(f"{folder}/{outcome.outcome}", outcome.values, language)
        return {"lines": _quoted(part.request, decision.actor), "text": text, "failed": part.failed}

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
            "not_read": commands.not_read if commands else (),
            "ignored": judged.mail.ignored if judged.verdict.is_good else (),
            "notes": [one.line for one in commands.notes] if commands else (),
            "quoted": decision.actor.is_signed and (is_confidential or not judged.was_encrypted),
            "verdict": self._verdict(judged, decision) if is_test else None,
            "last_answer": decision.is_last_answer,
            "subject": _subject(decision.status, judged.mail.subject),
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
        subject = _subject(status, mail.subject)
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
                language=self._language(decision, judged),
            )
        ]

    def _recipients(
        self, actor: Actor, judged: Judged, claimed: Claimed, is_confidential: bool
    ) -> tuple[Recipient, ...]:
        """The stored address the mail came from, else all stored ones; for strangers where it came from."""
        author = judged.mail.author or ""
        person = actor.person if actor.is_signed else None
        if person is not None and person.forgotten_at is None:
            stored = people.addresses_of(person)
            matching = tuple(one for one in stored if same_address(one, author))
            key = actor.fingerprint if is_confidential else None
            return tuple(Recipient(one, Entitled.PERSON, person.id, key) for one in matching or stored)
        address = author or parse_address(claimed.envelope.mail_from)  # neither: it cannot be mailed
        if not address or same_address(address, self.list_address):
            return ()
        if is_confidential and self._held_key(actor.fingerprint):
            return (Recipient(address, Entitled.KEY, None, actor.fingerprint),)
        return (Recipient(address, Entitled.ADDRESS),)

    def _language(self, decision: Decision, judged: Judged) -> str:
        """The sender's own; of who has none yet, the one that the mail itself asks for."""
        actor = decision.actor
        if actor.is_signed and actor.person is not None:
            return actor.person.language
        asked = decision.commands.requests if decision.commands else ()
        named = [one.value for request in asked for one in request.fields if one.name == "Language"]
        wanted = read_language(named[0], self.languages) if len(named) == 1 else ""
        return languages.of_address(self.session, judged.mail.author or "") or wanted

    def _can_encrypt(self, actor: Actor) -> bool:
        """Whether there is a key to answer an encrypted mail with; without one its text is not quoted at all."""
        return actor.is_signed and (actor.person is not None or self._held_key(actor.fingerprint))

    def _held_key(self, fingerprint: str) -> bool:
        return bool(fingerprint) and self.session.get(CertificateRow, fingerprint) is not None

    def _verdict(self, judged: Judged, decision: Decision) -> dict[str, Any]:
        row = (
            people.certificate_for(self.session, judged.verdict.fingerprint)
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
        """A token that carries the mail out: encrypted to the key that signed it, or to the stored mailbox."""
        actor, person = decision.actor, decision.actor.person
        address = person.email if person is not None else actor.address
        digest = judged.digest or hashlib.sha256(judged.text.encode(errors="replace")).hexdigest()
        is_signed = actor.is_signed
        asked = decision.commands.requests if decision.commands else ()
        verbs = [] if is_signed else sorted({one.verb for one in asked})
        if self._asked_enough(digest, address, verbs):
            return []
        until = self.now + self.request_lifetime
        minted = tokens.mint(
            self.session,
            self.random,
            "carry_out",
            address,
            self.now,
            until,
            fingerprint=actor.fingerprint if is_signed else None,
            person_id=person.id if person is not None else None,
            inbox_id=claimed.id,
            details={"digest": digest, "verbs": verbs},
        )
        lines = [line for one in asked for line in _quoted(one, actor)]
        values = {
            "token": minted.words,
            "lines": lines,
            "until": until,
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
                subject=_subject(Status.WAITING, judged.mail.subject),
                is_confidential=is_signed,
                in_reply_to=judged.mail.message_id,
                references=judged.mail.references,
                route=minted.route,
                language=self._language(decision, judged),
            )
        ]

    def _asked_enough(self, digest: str, address: str, plain_verbs: list[str]) -> bool:
        """Whoever resends or forges, floods nobody: a signed mail is asked about once, a plain command thrice a day."""
        held = tokens.held_for(self.session, address, self.now)
        lately = [one for one in held if one.made_at > self.now - AN_HOUR]
        today = [one for one in held if one.made_at > self.now - A_DAY]
        if any(one.details.get("digest") == digest for one in (lately if plain_verbs else held)):
            return True
        asked = [verb for one in today for verb in one.details.get("verbs", ())]
        return len(lately) >= HELD_AN_HOUR or any(asked.count(verb) >= PLAIN_A_DAY for verb in plain_verbs)


def _quotes_much(decision: Decision) -> bool:
    """Fields, and lines we could not read, may hold anything: they don't go in clear, should the key end meanwhile."""
    if not decision.actor.standing.has_key:
        return False
    rest = decision.commands is not None and (decision.commands.not_read or decision.commands.notes)
    failed = any(part.failed for part in decision.parts)
    return failed or bool(rest) or any(part.request.fields for part in decision.parts)


def _is_silent(part: Part) -> bool:
    return isinstance(part.outcome, Reply) and part.outcome.is_silent


def _quoted(request: Request, actor: Actor) -> list[str]:
    """The command as it was sent; its fields, with their numbers, only where the reply will be encrypted."""
    if not actor.standing.has_key:
        return [request.line[:200]]
    return [request.line[:200], *(f"{field.name}: {field.value}"[:200] for field in request.fields[:30])]


def _subject(status: Status, subject: str) -> str:
    """`FAILED: ` and the sender's own outer subject, at most 80 characters."""
    words = " ".join(subject.split())
    return f"{status.value}: {words}"[:SUBJECT_CHARACTERS].rstrip()
