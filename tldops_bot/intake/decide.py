"""Inside the transaction: what to do about a judged mail, going by what was found about its signature."""

from dataclasses import replace
from datetime import datetime

from tldops_bot.commands import _keys
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.verdict import SignatureStanding
from tldops_bot.intake.carry_out import refuse
from tldops_bot.intake.case import Case, Surroundings
from tldops_bot.intake.decision import NO_ACTOR, Decision
from tldops_bot.intake.judged import Judged, KeyChanged
from tldops_bot.intake.signed import decide_signed
from tldops_bot.intake.unsigned import answer_beside_unknown_key, decide_by_mailbox, decide_unsigned
from tldops_bot.store import people_keys
from tldops_bot.store.database import Session
from tldops_bot.store.inbox import Claimed


def decide(
    session: Session,
    judged: Judged,
    claimed: Claimed,
    now: datetime,
    around: Surroundings,
    may_be_undone: bool = False,
) -> Decision:
    """What to do about a judged mail that a person sent. Changes rows; commits nothing. May raise Undone, if told so."""
    case = Case(session, judged, claimed, now, around, may_be_undone)
    notices = _keep_merged(case)
    decision = _by_verdict(case)
    return replace(decision, letters=(*notices, *decision.letters))


def _by_verdict(case: Case) -> Decision:
    match case.verdict.standing:
        case SignatureStanding.NONE if not case.verdict.reason:
            return decide_by_mailbox(case) if case.was_asked_about else decide_unsigned(case)
        case SignatureStanding.NONE | SignatureStanding.BAD:
            return answer_beside_unknown_key(case) or refuse(
                case,
                case.verdict.reason,
                {"fingerprint": case.verdict.fingerprint, "detail": case.judged.detail},
            )
        case SignatureStanding.GOOD:
            return decide_signed(case)


def _keep_merged(case: Case) -> tuple[Letter, ...]:
    """Keep what a registered key proved (new expiry, subkeys, revocation); returns what to tell. Raises KeyChanged."""
    if not case.judged.merged:
        return ()
    context = case.context(NO_ACTOR)
    for one in case.judged.merged:
        if not people_keys.is_unchanged(case.session, one.certificate.fingerprint, one.held):
            raise KeyChanged(
                "a key was mended by another mail"
            )  # it must lose nothing of what that one proved
        _keys.keep_proven(context, one.certificate)
    return tuple(context.letters)
