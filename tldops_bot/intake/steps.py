"""The steps of one incoming mail, in order: the table of contents of this program.

automatic? → taken apart, unwrapped, verified (`judge`) → who, may they, what comes of it (`decide`) → what is
said (`answer`) → rendered and put into the outbox, with the inbox row done: one transaction.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tldops_bot.commands._all import VOCABULARY, command_for
from tldops_bot.commands._roster_files import Ready, RosterBeingMade
from tldops_bot.domain.address import same_address
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.automatic import is_automatic, is_bounce
from tldops_bot.domain.grammar import read_commands
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.intake.answer import Answers
from tldops_bot.intake.carry_out import Undone
from tldops_bot.intake.case import Surroundings
from tldops_bot.intake.decide import decide
from tldops_bot.intake.decision import Decision
from tldops_bot.intake.judge import find_nothing, judge
from tldops_bot.intake.judged import FindKeys, Judged, KeyChanged, OpenPgp, Read
from tldops_bot.intake.who_mailed import WhoMailed, matters, not_looked_at
from tldops_bot.mail import bounce_address, compose
from tldops_bot.mail.bounce_report import read_report
from tldops_bot.mail.render import Renderer
from tldops_bot.mail.take_apart import take_apart
from tldops_bot.store import alert_targets, audit, bounces, facts, inbox, languages, outbox_copies, people
from tldops_bot.store.database import Database, Session
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import Person

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one mail, for onlookers: `process`, metrics, tests."""

    judged: Judged
    decision: Decision
    letters: tuple[Letter, ...]
    person: str = ""  # whose good signature it is, also when it may not speak: too old, of a blocked key


class Intake:
    """Carries mails out, one at a time per thread; built once, by `app.py`."""

    def __init__(
        self,
        database: Database,
        openpgp: OpenPgp,
        renderer: Renderer,
        around: Surroundings,
        who_mailed: WhoMailed = not_looked_at,
        find_keys: FindKeys = find_nothing,
        prepare_roster: Callable[[], Ready | None] = lambda: None,
    ) -> None:
        """`prepare_roster`: what an answer to ROSTER carries, made before any transaction. Raises RosterBeingMade."""
        self._database, self._openpgp, self._renderer, self._around = database, openpgp, renderer, around
        self._who_mailed, self._find_keys, self._prepare_roster = who_mailed, find_keys, prepare_roster
        settings = around.config.list
        self._home = ListAddress.parse(settings.address, settings.delimiter)

    def handle(
        self, claimed: Claimed, now: datetime, then: Callable[[Session], object] = lambda _: None
    ) -> Handled | None:
        """Carry one claimed mail out; `then` comes last in the same transaction. None: its turn is later.

        Raises ClaimLost when somebody else has the mail by now; nothing is done then.
        """
        judged = self.judge(claimed)
        if claimed.is_urgent and not judged.is_registered:
            with self._database.write() as session:
                inbox.to_its_turn(session, claimed)
                then(session)
            log.info("mail %d: not of whom it says, waits its turn", claimed.id)
            return None
        try:
            return self.carry_out(judged, claimed, now, then)
        except (RosterBeingMade, KeyChanged) as problem:  # to wait for it here would keep an alert waiting
            with self._database.write() as session:
                inbox.put_off(session, claimed, now, type(problem).__name__, inbox.MAX_PATIENCE)
                then(session)
            return None

    def carry_out(
        self,
        judged: Judged,
        claimed: Claimed,
        now: datetime,
        then: Callable[[Session], object] = lambda _: None,
    ) -> Handled:
        """What comes after a mail was judged. Raises ClaimLost, RosterBeingMade, KeyChanged."""
        judged = self._with_roster(judged)
        try:
            handled = self._committed(judged, claimed, now, then, may_be_undone=True)
        except Undone:  # its refusal is found once more, behind a savepoint
            handled = self._committed(judged, claimed, now, then, may_be_undone=False)
        log.info("mail %d: %s, %s", claimed.id, judged.verdict.standing.value, handled.decision.summary)
        return handled

    def _committed(
        self,
        judged: Judged,
        claimed: Claimed,
        now: datetime,
        then: Callable[[Session], object],
        may_be_undone: bool,
    ) -> Handled:
        with self._database.write() as session:
            handled = self.within(session, judged, claimed, now, may_be_undone)
            then(session)
            return handled

    def _with_roster(self, judged: Judged) -> Judged:
        """With the roster made ready, if a registered key has signed the word ROSTER as a command."""
        if not judged.is_registered or not judged.verdict.is_good or "ROSTER" not in judged.text.upper():
            return judged
        commands = read_commands(judged.text, VOCABULARY)
        if commands.is_test or all(one.verb != "ROSTER" for one in commands.requests):
            return judged
        ready = self._prepare_roster()
        # What the same mail changes would not be in it.
        changes = any(command_for(one.verb).changes for one in commands.requests)
        return judged if changes else replace(judged, roster=ready)

    def judge(self, claimed: Claimed, read: Read | None = None) -> Judged:
        """The part before the transaction: nothing is changed; gpg and the DNS do their work."""
        read = read or self._database.glance
        mail = take_apart(claimed.raw, self._home.address)
        is_machine = is_automatic(mail.marks, claimed.envelope.mail_from)
        find_keys = find_nothing if is_machine else self._find_keys
        oldest = claimed.received_at - self._around.config.openpgp.max_signature_age
        judged = judge(mail, claimed.received_at, read, self._openpgp, find_keys, lambda at: at >= oldest)
        # A mail that a token has since bound to its mailbox was checked when it arrived.
        if claimed.bound_at is not None or is_machine or not matters(judged, read):
            return judged
        return replace(judged, authentication=self._who_mailed(claimed.raw, claimed.envelope))

    def within(
        self,
        session: Session,
        judged: Judged,
        claimed: Claimed,
        now: datetime,
        may_be_undone: bool = False,
    ) -> Handled:
        """The part inside the transaction: what changes, what is answered, and the inbox row done.

        Raises Undone, if that may be, where the transaction has to be rolled back and this done again without.
        """
        decision = self._decision(session, judged, claimed, now, may_be_undone)
        answers = Answers(
            session,
            self._renderer,
            now,
            self._home.address,
            self._around.random,
            self._around.config.membership.request_lifetime,
            self._around.config.templates.languages,
        )
        letters = (*answers.letters(decision, judged, claimed), *decision.letters)
        if judged.verdict.is_good and self._is_automatic(judged, claimed):
            letters = tuple(_as_notice(letter) for letter in letters)
        self.post(session, letters, now)
        self._note(session, judged, decision, claimed, now)
        person = decision.actor.person if decision.actor.is_signed else _signer(session, judged)
        return Handled(judged, decision, letters, person.email if person is not None else "")

    def rehearse(self, now: datetime) -> None:
        """Go through the motions of an alert to nobody, so that the first real one finds everything ready."""
        everybody = Audience(Reached(everybody=True), 0)
        nobody = replace(everybody, language="-")
        to = (Recipient(self._around.config.operator.email, Entitled.ADDRESS),)
        letter = Letter(Kind.ALERT, "jobs/alert_waiting", {"alert_id": "A-1"}, to)
        with self._database.rehearse() as session:
            alert_targets.survey(session, everybody, now)
            alert_targets.note(session, "A-1", nobody, now)
            self.post(session, [letter, replace(letter, to=(), audience=nobody, language="")], now)

    def post(self, session: Session, letters: Sequence[Letter], now: datetime) -> None:
        """Render letters, one for each language of their recipients, and put them into the outbox, unsealed."""
        settings = self._around.config.list
        for letter in letters:
            for one in languages.by_language(session, letter) if letter.to or letter.audience else ():
                rendered = self._renderer.render(one.template, one.values, one.language or "")
                outbox_copies.enqueue(session, one, compose.draft(one, rendered, settings, now), now)

    def _decision(
        self, session: Session, judged: Judged, claimed: Claimed, now: datetime, may_be_undone: bool
    ) -> Decision:
        """Bounce? Automatic? Then nothing is ever answered; else what `decide` says."""
        if self._is_bounce(session, judged, claimed, now):
            return Decision("silent", "bounce")
        automatic = self._is_automatic(judged, claimed)
        if automatic and not self._is_monitoring_alert(judged):
            return Decision("silent", f"automatic ({automatic})")
        if self._home.owns(judged.mail.author or ""):
            return Decision("silent", "our own address")
        return decide(session, judged, claimed, now, self._around, may_be_undone)

    def _is_automatic(self, judged: Judged, claimed: Claimed) -> str:
        return is_automatic(judged.mail.marks, claimed.envelope.mail_from)

    def _is_monitoring_alert(self, judged: Judged) -> bool:
        """A good ALERT that names this list may come from a machine; nothing else may."""
        if not judged.verdict.is_good:
            return False
        commands = read_commands(judged.text, VOCABULARY)
        named = (*commands.lists_named, *judged.protected)
        is_ours = any(same_address(one, self._home.address) for one in named)
        return is_ours and [one.verb for one in commands.requests] == ["ALERT"] and not commands.is_test

    def _is_bounce(self, session: Session, judged: Judged, claimed: Claimed, now: datetime) -> bool:
        """Mail to a bounce address is for nobody else; its MAC says which delivery came back."""
        tagged = [one for one in claimed.envelope.rcpt_tos if self._home.tag(one).startswith("b.")]
        if not tagged:
            return bool(is_bounce(judged.mail.marks, claimed.envelope.mail_from))
        delivery = bounce_address.read(self._home, tagged[0], facts.mac_keys(session))
        report = read_report(claimed.raw)
        if delivery is not None and report is not None and report.is_permanent:
            bounces.note(session, delivery, report.status, now)
        return True

    def _note(
        self, session: Session, judged: Judged, decision: Decision, claimed: Claimed, now: datetime
    ) -> None:
        person_id = decision.actor.person_id
        newest = inbox.finish(
            session,
            claimed,
            now,
            judged.verdict.standing.value,
            judged.verdict.fingerprint,
            person_id,
            decision.summary,
        )
        if decision.reason == "dmarc_failed" and decision.kind == "refused":  # at most one a day per address
            words = judged.authentication.words
            audit.record(session, now, "nobody", "spoof_refused", inbox_id=claimed.id, authentication=words)
        elif decision.actor.is_signed and decision.kind in ("answered", "held"):
            actor, outcome = decision.actor.fingerprint, decision.summary
            audit.record(
                session, now, actor, "mail", "", person_id, claimed.id, previous=newest, outcome=outcome
            )


def _signer(session: Session, judged: Judged) -> Person | None:
    return people.by_fingerprint(session, judged.verdict.fingerprint) if judged.verdict.is_good else None


def _as_notice(letter: Letter) -> Letter:
    """What a machine's alert is told is a notice, which names no mail: automatic mail is never answered (RFC 3834)."""
    if letter.kind is not Kind.REPLY:
        return letter
    return replace(letter, kind=Kind.NOTICE, in_reply_to="", references=())
