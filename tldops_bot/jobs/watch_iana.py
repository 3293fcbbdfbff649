"""What follows from IANA's answers later: a word to new contacts, and to the operator if IANA is silent."""

from collections import defaultdict
from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import iana_answers, people

SILENT_FOR = timedelta(days=3)


@job(every=timedelta(hours=1))
def watch_iana(ctx: JobContext) -> list[Letter]:
    """Tell new IANA contacts who speaks for their TLD here, and the operator when IANA gives no answers."""
    return [*_welcomes(ctx), *_silence(ctx)]


def _welcomes(ctx: JobContext) -> list[Letter]:
    """Only after the 14 days in which a new address counts for nothing: a forger learns no names."""
    tlds: dict[str, dict[str, None]] = defaultdict(dict)
    for contact in iana_answers.to_welcome(ctx.session, ctx.now):
        contact.welcomed_at = ctx.now
        is_new = not iana_answers.was_listed_before(ctx.session, contact)
        if is_new and people.contacts_of(ctx.session, contact.tld):
            tlds[contact.email_key][contact.tld] = None
    return [_welcome(ctx, address, list(labels)) for address, labels in tlds.items()]


def _welcome(ctx: JobContext, address: str, labels: list[str]) -> Letter:
    values = {
        "address": address,
        "tlds": [
            {
                "tld": shown(label),
                "names": [entry.person.name for entry in people.contacts_of(ctx.session, label)],
            }
            for label in labels
        ],
    }
    return _letters.notice("letters/iana_welcome", values, _letters.to_address(address))


def _silence(ctx: JobContext) -> list[Letter]:
    """Once per silence."""
    since = iana_answers.silent_since(ctx.session, ctx.now)
    told = iana_answers.silence_told_at(ctx.session)
    if ctx.now - since < SILENT_FOR or told == since.isoformat():
        return []
    iana_answers.note_silence_told(ctx.session, since)
    values = {"since": since, "server": ctx.config.iana.whois}
    return [_letters.notice("letters/iana_silent", values, _letters.to_address(ctx.config.operator.email))]
