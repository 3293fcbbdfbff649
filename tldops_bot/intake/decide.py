"""Inside the transaction: who is this, what do they ask, may they, and what comes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tldops_bot.commands import VOCABULARY, _keys, command_for
from tldops_bot.commands._command import Actor, Context, MailFacts, Refused, Reply, Status
from tldops_bot.commands._policy import refusal
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.address import address_key
from tldops_bot.domain.clear_answer import answers_token, is_clear
from tldops_bot.domain.grammar import read_answer, read_commands
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.request import Commands, Request
from tldops_bot.domain.standing import NOBODY
from tldops_bot.domain.verdict import Standing
from tldops_bot.intake.judged import Judged
from tldops_bot.store import facts, iana, people, signatures, strangers
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import CertificateRow, Person, UsedSignature

NO_ACTOR = Actor(NOBODY)
AN_HOUR = timedelta(hours=1)
UNSIGNED_VERBS = ("HELP", "SUBSCRIBE", "CONFIRM", "DECLINE", "OBJECT")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stays the same for every mail."""

    config: Config
    tlds: TldTable
    random: Callable[[int], bytes]
    list_certificate: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One command of a mail and what came of it."""

    request: Request
    outcome: Reply | Refused

    @property
    def failed(self) -> bool:
        return isinstance(self.outcome, Refused)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one mail. `kind` says in one word what happened to it as a whole.

    silent     nothing is said (automatic mail, a bounce, too many mistakes)
    refused    one refusal for the whole mail, `reason` and its values
    repeated   the same signed mail again
    held       it waits for a token to act on it
    answered   commands were carried out, or all of them refused
    """

    kind: str
    reason: str = ""
    values: dict[str, object] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    letters: tuple[Letter, ...] = ()
    actor: Actor = NO_ACTOR
    commands: Commands | None = None
    is_last_answer: bool = False

    @property
    def status(self) -> Status:
        """The worst of all parts."""
        if self.kind == "refused" or any(part.failed for part in self.parts):
            return Status.FAILED
        waiting = any(
            isinstance(one.outcome, Reply) and one.outcome.status is Status.WAITING for one in self.parts
        )
        return Status.WAITING if waiting or self.kind == "held" else Status.SUCCESS

    @property
    def summary(self) -> str:
        """One line for the record: no details."""
        if self.parts:
            words = [f"{_verb(one.request)} {_word(one.outcome)}" for one in self.parts[:8]]
            return f"{self.status.value}: {', '.join(words)}"
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


def decide(
    session: Session, judged: Judged, claimed: Claimed, now: datetime, around: Surroundings
) -> Decision:
    """What to do about a judged mail that a person sent. Changes rows; commits nothing."""
    return _Decider(session, judged, claimed, now, around).decide()


class _Decider:
    def __init__(
        self, session: Session, judged: Judged, claimed: Claimed, now: datetime, around: Surroundings
    ) -> None:
        self.session, self.judged, self.claimed, self.now, self.around = session, judged, claimed, now, around
        self.verdict = judged.verdict
        self.settings = around.config

    def decide(self) -> Decision:
        notices = self._keep_merged()
        decision = self._by_verdict()
        return replace(decision, letters=(*notices, *decision.letters))

    def _by_verdict(self) -> Decision:
        match self.verdict.standing:
            case Standing.NONE:
                return self._by_mailbox() if self.claimed.bound_at is not None else self._unsigned()
            case Standing.BAD:
                return self._answer_beside_unknown_key() or self._refuse(
                    self.verdict.reason,
                    {"fingerprint": self.verdict.fingerprint, "detail": self.judged.detail},
                )
            case Standing.GOOD:
                return self._signed()

    # --- signed

    def _signed(self) -> Decision:
        verdict = self.verdict
        signed_at = verdict.signed_at
        if signed_at is None:
            return self._refuse("bad_signature", {"fingerprint": verdict.fingerprint, "detail": ""})
        if wrong := self._age_problem(signed_at):
            return wrong
        person = people.by_fingerprint(self.session, verdict.fingerprint)
        certificate = self.session.get(CertificateRow, verdict.fingerprint)
        if wrong := self._key_problem(person, certificate):
            return wrong
        standing = people.standing(self.session, person, self.now)
        actor = Actor(standing, person, verdict.fingerprint, self._author(), is_signed=True)
        used = signatures.used(self.session, verdict.fingerprint, signed_at, self.judged.digest)
        if used is not None and used.is_spent:
            return self._repeated(used, actor)
        tried_at = used.used_at if used is not None else None
        commands = read_commands(self.judged.text, VOCABULARY)
        if person is not None:
            person.seen_at = self.now
        decision = self._unclear(commands, actor) or self._held(commands, actor) or self._run(commands, actor)
        if decision.kind != "held":
            signatures.use_up(
                self.session,
                verdict.fingerprint,
                signed_at,
                self.judged.digest,
                self.claimed.id,
                self.now,
                decision.summary,
                used,
            )
        if decision.status is Status.FAILED and tried_at is not None and self.now - tried_at < AN_HOUR:
            return Decision("silent", "refused again", actor=actor)
        return decision

    def _unclear(self, commands: Commands, actor: Actor) -> Decision | None:
        """A signature says who wrote "No!", not that they meant the CONFIRM which their program quoted below it."""
        if commands.is_test or is_clear(self.judged.text, commands):
            return None
        return self._refuse("unclear_answer", {}, actor, commands)

    def _age_problem(self, signed_at: datetime) -> Decision | None:
        """Judged at the time of arrival; the oldest acceptable time never goes back."""
        settings, arrived = self.settings.openpgp, self.claimed.received_at
        floor = facts.oldest_signature_at(self.session)
        if signed_at - arrived > settings.max_clock_skew:
            return self._refuse("signature_from_future", {"signed_at": signed_at})
        if arrived - signed_at > settings.max_signature_age or (floor is not None and signed_at < floor):
            limit = int(settings.max_signature_age.total_seconds() // 3600)
            return self._refuse("signature_too_old", {"signed_at": signed_at, "limit": f"{limit} hours"})
        return None

    def _key_problem(self, person: Person | None, certificate: CertificateRow | None) -> Decision | None:
        fingerprint = self.verdict.fingerprint
        if person is not None and person.key_blocked_at is not None:
            return self._refuse("blocked_key", {"fingerprint": fingerprint})
        if person is None and certificate is not None and certificate.replaced_at is not None:
            return self._refuse("replaced_key", {"fingerprint": fingerprint})
        return None

    def _repeated(self, used: UsedSignature, actor: Actor) -> Decision:
        """The same signed mail again: a short answer, at most once an hour."""
        if used.told_at is not None and self.now - used.told_at < AN_HOUR:
            return Decision("silent", "repeated", actor=actor)
        used.told_at = self.now
        values = {"at": used.used_at, "outcome": used.outcome.split(":")[0]}
        return Decision("repeated", "repeated", values, actor=actor)

    def _held(self, commands: Commands, actor: Actor) -> Decision | None:
        """A signed mail is bound to this list, or waits for a token that binds it."""
        if self.claimed.bound_at is not None or self._names_us(commands) or commands.is_test:
            return None
        changing = [one for one in commands.requests if command_for(one.verb).changes]
        if commands.problems or not changing or actor.person is None:
            return None
        if any(refusal(command_for(one.verb), actor, self.now) for one in commands.requests):
            return None
        return Decision("held", "list_not_named", actor=actor, commands=commands)

    def _names_us(self, commands: Commands) -> bool:
        own = address_key(self.settings.list.address)
        named = {address_key(one) for one in (*commands.lists_named, *self.judged.protected)}
        return own in named

    # --- unsigned

    def _is_spoof(self) -> bool:
        """An IANA contact's address, in a mail that the address's own domain disowns (RFC 9989)."""
        spoof = self.judged.authentication.is_spoof
        return spoof and bool(iana.tlds_of_address(self.session, self._author()))

    def _unsigned(self) -> Decision:
        if self._is_spoof():
            return self._refuse("dmarc_failed", {"policy": self.judged.authentication.policy})
        actor = Actor(NOBODY, address=self._author())
        if answered := self._token_answer(self.judged.text):
            return answered
        if self._is_to_token_address():
            return self._refuse("unclear_answer", {})
        commands = read_commands(self.judged.text, VOCABULARY)
        if commands.is_test:
            return self._run(commands, actor)
        if any(answers_token(one) for one in commands.requests):
            return self._refuse(
                "unclear_answer", {}
            )  # "No!" above the question it answers, or more than one answer
        if not commands.requests:
            problem = commands.problems[0] if commands.problems else None
            if problem is not None and problem.reason == "unknown_verb":
                return self._refuse("unknown_verb", {"line": problem.line[:80], "nearest": problem.nearest})
            return self._refuse("no_command" if self.judged.text.strip() else "empty_mail", {})
        if all(one.verb in UNSIGNED_VERBS for one in commands.requests):
            return self._run(commands, actor)
        return self._mailbox_question(commands) or self._refuse(
            "unsigned", {"verb": commands.requests[0].verb, "detail": self.judged.detail}
        )

    def _token_answer(self, text: str) -> Decision | None:
        """The whole answer to a token, which proves the mailbox it was sent to and needs no signature."""
        answer = read_answer(text)
        if answer is None or answer.verb not in UNSIGNED_VERBS:
            return None
        line = f"{answer.verb} {answer.token} {answer.words}".strip()
        request = Request(answer.verb, (answer.token, *answer.words.split()), line, 1)
        actor = Actor(NOBODY, address=self._author())
        return self._run(Commands((request,), (), (), False, ()), actor)

    def _answer_beside_unknown_key(self) -> Decision | None:
        """Some mail programs sign everything: an IANA contact's yes is no less a yes for a key we don't know."""
        if self.verdict.reason != "unknown_key" or self._is_spoof():
            return None
        return self._token_answer(self.judged.unproven)

    def _mailbox_question(self, commands: Commands) -> Decision | None:
        """Somebody without a key asks about their own record (or an IANA contact to REMOVE): prove the mailbox."""
        actor = self._claimed_actor()
        ways = {command_for(one.verb).by_mailbox for one in commands.requests}
        if commands.problems or len(ways) != 1:
            return None
        way = ways.pop()
        only_blocking = all(one.words.upper() in ("LOST", "STOLEN") for one in commands.requests)
        if way == "always" and actor.person is not None and only_blocking:
            return Decision("held", "mailbox", actor=actor, commands=commands)
        if way == "keyless" and actor.person is not None and not actor.standing.has_key:
            return Decision("held", "mailbox", actor=actor, commands=commands)
        if way == "iana" and iana.tlds_of_address(self.session, actor.address):
            return Decision("held", "mailbox", actor=actor, commands=commands)
        return None

    def _by_mailbox(self) -> Decision:
        """The token came back from the stored mailbox: carry out what the plain mail asked for."""
        commands = read_commands(self.judged.text, VOCABULARY)
        return self._run(commands, self._claimed_actor())

    def _claimed_actor(self) -> Actor:
        """Who the unsigned From says it is; worth nothing by itself."""
        person = people.by_address(self.session, self._author())
        standing = people.standing(self.session, person, self.now)
        return Actor(standing, person, "", self._author())

    # --- both

    def _run(self, commands: Commands, actor: Actor) -> Decision:
        """Carry all commands out, or none: one bad one undoes the others."""
        problems = _problem_parts(commands)
        if problems and not commands.is_test:
            return self._answer(problems, (), actor, commands)
        if not commands.requests and not problems:
            return self._refuse(
                "empty_mail" if not self.judged.text.strip() else "no_command", {}, actor, commands
            )
        context = self._context(actor)
        nested = self.session.begin_nested()
        parts = tuple(Part(one, self._one(context, one, commands.is_test)) for one in commands.requests)
        if commands.is_test or any(part.failed for part in parts):
            nested.rollback()
            self.session.expire_all()
            parts = tuple(sorted([*parts, *problems], key=lambda part: part.request.line_number))
            return self._answer(parts, (), actor, commands)
        nested.commit()
        return self._answer(parts, tuple(context.letters), actor, commands)

    def _one(self, context: Context, request: Request, is_test: bool) -> Reply | Refused:
        command = command_for(request.verb)
        if is_test and not context.actor.is_signed and request.verb not in UNSIGNED_VERBS:
            return Refused("unsigned", {"verb": request.verb, "detail": self.judged.detail})
        refused = refusal(command, context.actor, self.now)
        return refused if refused is not None else command.run(context, request)

    def _answer(
        self, parts: Sequence[Part], letters: Sequence[Letter], actor: Actor, commands: Commands
    ) -> Decision:
        decision = Decision(
            "answered", parts=tuple(parts), letters=tuple(letters), actor=actor, commands=commands
        )
        return (
            self._limited(decision, _first_reason(parts))
            if self._counts_as_stranger(parts, actor)
            else decision
        )

    def _counts_as_stranger(self, parts: Sequence[Part], actor: Actor) -> bool:
        """Good signatures and live tokens are not counted; everything else from anybody is."""
        if actor.is_signed and (actor.person is not None or self._key_names_author()):
            return False
        lively = ("CONFIRM", "DECLINE", "OBJECT")
        return any(part.failed or part.request.verb not in lively for part in parts)

    def _refuse(
        self,
        reason: str,
        values: dict[str, object],
        actor: Actor | None = None,
        commands: Commands | None = None,
    ) -> Decision:
        decision = Decision("refused", reason, values, actor=actor or Actor(NOBODY), commands=commands)
        return decision if actor is not None and actor.is_signed else self._limited(decision, reason)

    def _limited(self, decision: Decision, kind: str) -> Decision:
        may = strangers.may_answer(
            self.session, self._author() or self.claimed.envelope.mail_from, kind, self.now
        )
        if may is strangers.May.SILENCE:
            quiet = decision.letters if decision.status is not Status.FAILED else ()
            return Decision(
                "silent", decision.reason or kind, parts=decision.parts, letters=quiet, actor=decision.actor
            )
        if may is strangers.May.LAST:
            return Decision(
                decision.kind,
                decision.reason,
                decision.values,
                decision.parts,
                decision.letters,
                decision.actor,
                decision.commands,
                is_last_answer=True,
            )
        return decision

    def _key_names_author(self) -> bool:
        """A key somebody made for another's address is no reason to mail that other."""
        author, fingerprint = address_key(self._author()), self.verdict.fingerprint
        signers = [one for one in self.judged.certificates if one.fingerprint == fingerprint]
        return any(author in {address_key(one) for one in signer.addresses} for signer in signers)

    def _context(self, actor: Actor) -> Context:
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
                author=self._author(),
                references=mail.references,
                certificates=judged.certificates,
                covered=judged.covered,
                signed_at=judged.verdict.signed_at,
                signed_digest=judged.digest,
                original=judged.original,
                original_form=judged.original_form,
                was_encrypted=judged.was_encrypted,
                authentication=judged.authentication.words,
                is_authentic=judged.authentication.dmarc == "pass",
            ),
            random=self.around.random,
            list_certificate=self.around.list_certificate,
        )

    def _author(self) -> str:
        return self.judged.mail.author or ""

    def _is_to_token_address(self) -> bool:
        local = self.settings.list.address.partition("@")[0].lower() + self.settings.list.delimiter + "t."
        return any(one.lower().startswith(local) for one in self.claimed.envelope.rcpt_tos)

    def _keep_merged(self) -> tuple[Letter, ...]:
        """A longer life, new subkeys or a revocation of a registered key prove themselves; what is told of it."""
        context = self._context(NO_ACTOR)
        for certificate in self.judged.merged:
            _keys.keep_proven(context, certificate)
        return tuple(context.letters)


def _problem_parts(commands: Commands) -> list[Part]:
    parts = [
        Part(
            Request(one.line.split()[0][:30] if one.line.split() else "?", (), one.line, one.line_number),
            Refused(one.reason, {"line": one.line[:80], "nearest": one.nearest}),
        )
        for one in commands.problems
    ]
    return parts[:10]


def _first_reason(parts: Sequence[Part]) -> str:
    return next(
        (_word(part.outcome) for part in parts if part.failed), _word(parts[0].outcome) if parts else "none"
    )


def _verb(request: Request) -> str:
    """The verb, if it is one of ours: what else stood there must not reach a log."""
    return request.verb if request.verb in VOCABULARY else "?"


def _word(outcome: Reply | Refused) -> str:
    return outcome.reason if isinstance(outcome, Refused) else outcome.outcome
