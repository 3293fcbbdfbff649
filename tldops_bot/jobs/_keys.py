"""Keeps what a published copy of a member's key proved, and tells those concerned."""

from collections.abc import Sequence

from tldops_bot.commands import _keys
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import people_keys


def keep_refreshed(
    ctx: JobContext, fingerprint: str, held: bytes, merged: Sequence[Certificate]
) -> list[Letter]:
    """`merged` was made from `held` outside a transaction; if that has changed, wait for the next time."""
    row = people_keys.certificate_for(ctx.session, fingerprint)
    if row is None or row.blob != held:
        return []
    row.refreshed_at = ctx.now
    context = as_command(ctx)
    for certificate in merged:
        if certificate.fingerprint == fingerprint:
            _keys.keep_proven(context, certificate)
    return context.letters
