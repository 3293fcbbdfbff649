"""What is done about a mail with a good signature: how old is it, whose, used before, and for this list?"""

from datetime import datetime, timedelta

from tldops_bot.commands._all import VOCABULARY, command_for
from tldops_bot.commands._command import Actor, Status
from tldops_bot.commands._policy import refusal
from tldops_bot.domain.address import address_key
from tldops_bot.domain.clear_answer import is_clear
from tldops_bot.domain.grammar import read_commands
from tldops_bot.domain.request import Commands
from tldops_bot.intake.carry_out import carry_out, refuse
from tldops_bot.intake.case import Case
from tldops_bot.intake.decision import Decision
from tldops_bot.store import facts, people, signatures
from tldops_bot.store.tables import CertificateRow, Person, UsedSignature

AN_HOUR = timedelta(hours=1)


def decide_signed(case: Case) -> Decision:
    """Carry the commands out once, in the name of the key's owner."""
    verdict = case.verdict
    signed_at = verdict.signed_at
    if signed_at is None:
        return refuse(case, "bad_signature", {"fingerprint": verdict.fingerprint, "detail": ""})
    memory = signatures.recall(case.session, verdict.fingerprint, signed_at, case.judged.digest)
    if wrong := _age_problem(case, signed_at, memory.oldest_at):
        return wrong
    person = memory.person
    if wrong := _key_problem(case, person, memory.certificate):
        return wrong
    standing = people.standing(case.session, person, case.now)
    actor = Actor(standing, person, verdict.fingerprint, case.author, is_signed=True)
    used = memory.use
    if used is not None and used.is_spent:
        return _repeated(case, used, actor)
    tried_at = used.used_at if used is not None else None
    commands = read_commands(case.judged.text, VOCABULARY)
    if person is not None:
        people.note_seen(case.session, person, case.now)
    decision = (
        _unclear(case, commands, actor)
        or _held(case, commands, actor, signed_at)
        or carry_out(case, commands, actor)
    )
    if decision.kind != "held":
        _use_up(case, signed_at, decision, used)
    if decision.status is Status.FAILED and tried_at is not None and case.now - tried_at < AN_HOUR:
        return Decision("silent", "refused again", actor=actor)
    return decision


def _use_up(case: Case, signed_at: datetime, decision: Decision, used: UsedSignature | None) -> None:
    signatures.use_up(
        case.session,
        case.verdict.fingerprint,
        signed_at,
        case.judged.digest,
        case.claimed.id,
        case.now,
        decision.summary,
        used,
    )


def _unclear(case: Case, commands: Commands, actor: Actor) -> Decision | None:
    """A signature says who wrote "No!", not that they meant the CONFIRM which their program quoted below it."""
    if commands.is_test or is_clear(case.judged.text, commands):
        return None
    return refuse(case, "unclear_answer", {}, actor, commands)


def _age_problem(case: Case, signed_at: datetime, floor: datetime | None) -> Decision | None:
    """Judged at the time of arrival; the oldest acceptable time never goes back.

    A mail that waited for its token is carried out once whatever is remembered.
    """
    settings, arrived = case.settings.openpgp, case.claimed.received_at
    if signed_at - arrived > settings.max_clock_skew:
        return refuse(case, "signature_from_future", {"signed_at": signed_at})
    is_forgotten = floor is not None and signed_at < floor and not case.was_asked_about
    if arrived - signed_at > settings.max_signature_age or is_forgotten:
        limit = int(settings.max_signature_age.total_seconds() // 3600)
        return refuse(case, "signature_too_old", {"signed_at": signed_at, "limit": f"{limit} hours"})
    return None


def _key_problem(case: Case, person: Person | None, certificate: CertificateRow | None) -> Decision | None:
    fingerprint = case.verdict.fingerprint
    if person is not None and person.key_blocked_at is not None:
        return refuse(case, "blocked_key", {"fingerprint": fingerprint})
    if person is None and certificate is not None and certificate.replaced_at is not None:
        return refuse(case, "replaced_key", {"fingerprint": fingerprint})
    return None


def _repeated(case: Case, used: UsedSignature, actor: Actor) -> Decision:
    """The same signed mail again: a short answer, at most once an hour."""
    if used.told_at is not None and case.now - used.told_at < AN_HOUR:
        return Decision("silent", "repeated", actor=actor)
    used.told_at = case.now
    values: dict[str, object] = {"at": used.used_at, "outcome": used.outcome.split(":")[0]}
    return Decision("repeated", "repeated", values, actor=actor)


def _held(case: Case, commands: Commands, actor: Actor, signed_at: datetime) -> Decision | None:
    """Hold a mail that is not bound to this list, or may have been carried out already, for a token."""
    if case.was_asked_about or commands.is_test:
        return None
    changing = [one for one in commands.requests if command_for(one.verb).changes]
    if commands.problems or not changing or actor.person is None:
        return None
    why = _doubt(case, commands, signed_at)
    if not why:
        return None
    if any(refusal(command_for(one.verb), actor, case.now) for one in commands.requests):
        return None
    return Decision("held", why, actor=actor, commands=commands)


def _doubt(case: Case, commands: Commands, signed_at: datetime) -> str:
    """Why not to act on it at once, or ""; what was done after the last backup is no longer known."""
    restored_at = facts.moment(case.session, facts.RESTORED_AT)
    if restored_at is not None and signed_at <= restored_at:
        return "signed_before_restore"
    return "" if _names_us(case, commands) else "list_not_named"


def _names_us(case: Case, commands: Commands) -> bool:
    own = address_key(case.settings.list.address)
    named = {address_key(one) for one in (*commands.lists_named, *case.judged.protected)}
    return own in named
