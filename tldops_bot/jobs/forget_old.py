"""Drops what is no longer needed: raw mails, spent tokens, delivered mail, memories of old signatures."""

from datetime import timedelta

from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.outreach import REMEMBERED
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import (
    alerts,
    forgetting,
    inbox,
    invitations,
    lookups,
    outbox_control,
    people_keys,
    printed_rosters,
    requests,
    signatures,
    strangers,
    tokens,
    wakes,
)

LOOKUPS_KEPT = timedelta(days=365)  # people look at "who asked for me?" once a year or so


@job(every=timedelta(hours=1))
def forget_old(ctx: JobContext) -> list[Letter]:
    """Carry out [retention]: forget the octets of old mails and everything spent."""
    keep = ctx.now - ctx.config.retention.raw_mail
    inbox.forget_raw(ctx.session, keep)
    inbox.forget_strangers(ctx.session, keep)
    forgetting.sweep(ctx.session)
    requests.forget_before(ctx.session, keep)
    people_keys.forget_candidates(ctx.session, keep)
    lookups.forget_before(ctx.session, ctx.now - LOOKUPS_KEPT)
    tokens.forget_before(ctx.session, keep)
    outbox_control.forget_before(ctx.session, keep)
    alerts.forget_before(ctx.session, ctx.now - ctx.config.alerts.keep)
    invitations.forget_before(ctx.session, ctx.now - REMEMBERED)
    wakes.give_up(ctx.session, ctx.now)
    wakes.forget_before(ctx.session, keep)
    printed_rosters.forget_before(ctx.session, ctx.now - printed_rosters.KEPT_FOR)
    strangers.forget_before(ctx.session, ctx.now - timedelta(days=2))
    openpgp = ctx.config.openpgp
    signatures.forget_older(ctx.session, 2 * openpgp.max_signature_age + openpgp.max_clock_skew, ctx.now)
    return []
