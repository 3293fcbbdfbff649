"""What is done about a mail without a signature we know: it proves nothing, but may hand a token back or ask for one."""

from tldops_bot.commands._all import VOCABULARY, command_for
from tldops_bot.commands._command import Actor
from tldops_bot.domain.clear_answer import answers_token
from tldops_bot.domain.grammar import read_answer, read_commands
from tldops_bot.domain.request import Commands, Request
from tldops_bot.domain.standing import NOBODY
from tldops_bot.intake.carry_out import UNSIGNED_VERBS, carry_out, refuse
from tldops_bot.intake.case import Case
from tldops_bot.intake.decision import Decision
from tldops_bot.store import iana


def decide_unsigned(case: Case) -> Decision:
    """Carry out what needs no signature, ask the stored mailbox about what it can prove, refuse the rest."""
    if _is_spoof(case):
        return refuse(case, "dmarc_failed", {"policy": case.judged.authentication.policy})
    if answered := _token_answer(case, case.judged.text):
        return answered
    if case.is_to_token_address:
        return refuse(case, "unclear_answer", {})
    commands = read_commands(case.judged.text, VOCABULARY)
    if commands.is_test:
        return carry_out(case, commands, _nobody(case))
    if any(answers_token(one) for one in commands.requests):
        # "No!" above the question it answers, or more than one answer
        return refuse(case, "unclear_answer", {})
    if not commands.requests:
        return _nothing_to_do(case, commands)
    if all(one.verb in UNSIGNED_VERBS for one in commands.requests):
        return carry_out(case, commands, _nobody(case))
    return _mailbox_question(case, commands) or refuse(
        case, "unsigned", {"verb": commands.requests[0].verb, "detail": case.judged.detail}
    )


def decide_by_mailbox(case: Case) -> Decision:
    """The token came back from the stored mailbox: carry out what the plain mail asked for."""
    return carry_out(case, read_commands(case.judged.text, VOCABULARY), case.claimed_actor())


def answer_beside_unknown_key(case: Case) -> Decision | None:
    """Some mail programs sign everything: an IANA contact's yes counts even with a key we don't know."""
    if case.verdict.reason not in ("unknown_key", "unsupported_signature") or _is_spoof(case):
        return None
    return _token_answer(case, case.judged.unproven)


def _nobody(case: Case) -> Actor:
    return Actor(NOBODY, address=case.author)


def _is_spoof(case: Case) -> bool:
    """Whether a mail with an IANA contact's address is disowned by that address's domain (RFC 9989)."""
    return case.judged.authentication.is_spoof and bool(iana.tlds_of_address(case.session, case.author))


def _token_answer(case: Case, text: str) -> Decision | None:
    """The answer to a token, which proves the mailbox it was sent to and needs no signature."""
    answer = read_answer(text)
    if answer is None or answer.verb not in UNSIGNED_VERBS:
        return None
    line = f"{answer.verb} {answer.token} {answer.words}".strip()
    request = Request(answer.verb, (answer.token, *answer.words.split()), line, 1)
    return carry_out(case, Commands((request,), (), (), False, ()), _nobody(case))


def _nothing_to_do(case: Case, commands: Commands) -> Decision:
    problem = commands.problems[0] if commands.problems else None
    if problem is not None and problem.reason == "unknown_verb":
        return refuse(case, "unknown_verb", {"line": problem.line[:80], "nearest": problem.nearest})
    return refuse(case, "no_command" if case.judged.text.strip() else "empty_mail", {})


def _mailbox_question(case: Case, commands: Commands) -> Decision | None:
    """Ask the mailbox: people without a key about their own record, IANA contacts about REMOVE."""
    actor = case.claimed_actor()
    ways = {command_for(one.verb).by_mailbox for one in commands.requests}
    if commands.problems or len(ways) != 1:
        return None
    way = ways.pop()
    only_blocking = all(one.words.upper() in ("LOST", "STOLEN") for one in commands.requests)
    if (
        (way == "always" and actor.person is not None and only_blocking)
        or (way == "keyless" and actor.person is not None and not actor.standing.has_key)
        or (way == "iana" and iana.tlds_of_address(case.session, actor.address))
    ):
        return Decision("held", "mailbox", actor=actor, commands=commands)
    return None
