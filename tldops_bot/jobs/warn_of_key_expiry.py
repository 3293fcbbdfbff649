"""Tells people that their OpenPGP key expires, 60, 30, 14, 7 and 1 days ahead and afterwards."""

from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.domain.key_expiry import EXPIRED, NOT_TOLD, RUNGS, reached_rung, rung
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import overview
from tldops_bot.store.tables import CertificateRow, Person

FIRST_WARNING = timedelta(days=max(RUNGS) + 1)


@job(every=timedelta(hours=1))
def warn_of_key_expiry(ctx: JobContext) -> list[Letter]:
    """Warn people whose key ends soon, or has ended: each rung of the ladder once."""
    letters: list[Letter] = []
    for person, key in overview.keys_to_look_at(ctx.session, ctx.now + FIRST_WARNING):
        is_dead = person.key_blocked_at is not None or key.is_revoked  # other letters tell about that
        due = None if is_dead else rung(key.expires_at, ctx.now, person.key_rung)
        reached = NOT_TOLD if is_dead else reached_rung(key.expires_at, ctx.now)
        if person.key_rung != reached:
            person.key_rung = reached
        if due is not None:
            letters.append(_letter(ctx, person, key, due))
    return letters


def _letter(ctx: JobContext, person: Person, key: CertificateRow, due: int) -> Letter:
    left = (key.expires_at or ctx.now) - ctx.now
    values = {
        "name": person.name,
        "fingerprint": key.fingerprint,
        "expires_at": key.expires_at,
        "days": max(1, left.days),
        "is_expired": due == EXPIRED,
    }
    return _letters.notice("letters/key_expires", values, _letters.to_person(person))
