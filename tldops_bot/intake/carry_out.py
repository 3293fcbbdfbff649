"""Carries out the commands of one mail, all or none, and limits how often strangers are answered."""

from collections.abc import Sequence
from dataclasses import replace

from tldops_bot.commands._all import command_for
from tldops_bot.commands._command import Actor, Context, Refused, Reply, Status
from tldops_bot.commands._policy import refusal
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.request import Commands, Request
from tldops_bot.intake.case import Case
from tldops_bot.intake.decision import NO_ACTOR, Decision, Part, first_reason, problem_parts
from tldops_bot.store import people, strangers

UNSIGNED_VERBS = ("HELP", "SUBSCRIBE", "CONFIRM", "DECLINE", "OBJECT", "ACK")
_TOKEN_VERBS = ("CONFIRM", "DECLINE", "OBJECT")


class Undone(Exception):
    """A mail's only command was refused after it had begun: all that its transaction did is to be rolled back."""


def carry_out(case: Case, commands: Commands, actor: Actor) -> Decision:
    """Carry all commands out, or none: one bad one undoes the others. Raises Undone, if the case may."""
    problems = problem_parts(commands)
    if problems and not commands.is_test:
        return _answer(case, problems, (), actor, commands)
    if not commands.requests and not problems:
        return refuse(case, "no_command" if case.judged.text.strip() else "empty_mail", {}, actor, commands)
    context = case.context(actor)
    if case.may_be_undone and len(commands.requests) == 1 and not commands.is_test:
        return _only_one(case, context, commands)
    nested = case.session.begin_nested()
    parts = tuple(Part(one, _one(case, context, one, commands.is_test)) for one in commands.requests)
    if commands.is_test or any(part.failed for part in parts):
        nested.rollback()
        case.session.expire_all()
        parts = tuple(sorted([*parts, *problems], key=lambda part: part.request.line_number))
        return _answer(case, parts, (), actor, commands)
    nested.commit()
    return _answer(case, parts, tuple(context.letters), actor, commands)


def _only_one(case: Case, context: Context, commands: Commands) -> Decision:
    """Most mails have one command, and it succeeds: a savepoint would be of no use."""
    part = Part(commands.requests[0], _one(case, context, commands.requests[0], False))
    if part.failed:
        raise Undone
    return _answer(case, (part,), tuple(context.letters), context.actor, commands)


def refuse(
    case: Case,
    reason: str,
    values: dict[str, object],
    actor: Actor = NO_ACTOR,
    commands: Commands | None = None,
) -> Decision:
    """One refusal for the whole mail."""
    decision = Decision("refused", reason, values, actor=actor, commands=commands)
    return decision if actor.is_signed else _limited(case, decision, reason)


def _one(case: Case, context: Context, request: Request, is_test: bool) -> Reply | Refused:
    command = command_for(request.verb)
    if is_test and not context.actor.is_signed and request.verb not in UNSIGNED_VERBS:
        return Refused("unsigned", {"verb": request.verb, "detail": case.judged.detail})
    refused = refusal(command, context.actor, case.now)
    return refused if refused is not None else command.run(context, request)


def _answer(
    case: Case, parts: Sequence[Part], letters: Sequence[Letter], actor: Actor, commands: Commands
) -> Decision:
    decision = Decision(
        "answered", parts=tuple(parts), letters=tuple(letters), actor=actor, commands=commands
    )
    if _counts_as_stranger(case, parts, actor):
        return _limited(case, decision, first_reason(parts))
    return decision


def _counts_as_stranger(case: Case, parts: Sequence[Part], actor: Actor) -> bool:
    """Good signatures and live tokens are not counted; everything else is, whoever it is from."""
    if actor.is_signed and (actor.person is not None or case.key_names_author()):
        return False
    return any(part.failed or part.request.verb not in _TOKEN_VERBS for part in parts)


def _limited(case: Case, decision: Decision, kind: str) -> Decision:
    sender = case.author or case.claimed.envelope.mail_from
    is_mistake = decision.status is not Status.SUCCESS
    is_contact = people.by_address(case.session, sender) is not None
    match strangers.may_answer(case.session, sender, kind, case.now, is_mistake, is_contact):
        case strangers.May.SILENCE:
            quiet = decision.letters if decision.status is not Status.FAILED else ()
            return Decision(
                "silent", decision.reason or kind, parts=decision.parts, letters=quiet, actor=decision.actor
            )
        case strangers.May.LAST:
            return replace(decision, is_last_answer=True)
        case _:
            return decision
