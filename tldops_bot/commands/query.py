"""QUERY: whom to call, and is this caller genuine?"""

import re
from collections.abc import Sequence
from datetime import timedelta

from tldops_bot.commands._alert_news import history
from tldops_bot.commands._alerts import original_of
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._details import details, note_lookups
from tldops_bot.commands._tlds import read_tlds
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.figures import monthly
from tldops_bot.domain.freshness import confirmations
from tldops_bot.domain.organisation import kind_of, kind_of_word, shown
from tldops_bot.domain.request import Request
from tldops_bot.domain.tld import parse_region
from tldops_bot.mail.phones import parse_phone
from tldops_bot.roster import parts
from tldops_bot.store import alerts, figures, freshness, iana, lookups, organisations
from tldops_bot.store.roster_rows import load_coverage
from tldops_bot.store.tables import Person

_FINGERPRINT = re.compile(r"(?:0x)?([0-9A-Fa-f]{40})")


@command(
    "QUERY tld [tld…]",
    "QUERY REGION code",
    "QUERY ORGANISATION name",
    "QUERY CERT",
    "QUERY REGIONAL",
    "QUERY PERSON name",
    "QUERY phone, address or fingerprint",
    "QUERY MISSING",
    "QUERY STATS",
    "QUERY ALERTS",
    "QUERY ALERT id",
    who=Who.MEMBER,
    after_probation=True,
)
def query(ctx: Context, request: Request) -> Reply | Refused:
    """Whom to reach at a TLD, now; or whose number, address or key this is."""
    words = request.arguments
    if not words:
        return bad_arguments(query)
    kind, rest = words[0].upper(), " ".join(words[1:])
    if not rest and (of := kind_of_word(kind)):
        return _organisations(ctx, request, of)
    match kind:
        case "REGION" if rest:
            return _region(ctx, request, rest)
        case "ORGANISATION" | "ORGANIZATION" if rest:
            return _people(ctx, request, lookups.by_organisation(ctx.session, rest))
        case "PERSON" if rest:
            return _people(ctx, request, lookups.by_name(ctx.session, rest))
        case "MISSING" if not rest:
            return _missing(ctx)
        case "STATS" if not rest:
            return _stats(ctx)
        case "ALERTS" if not rest:
            return _alerts(ctx)
        case "ALERT" if rest:
            return _alert(ctx, rest)
    return _reverse(ctx, request) or _tlds(ctx, request)


def _tlds(ctx: Context, request: Request) -> Reply | Refused:
    tlds = read_tlds(ctx, request.arguments)
    if isinstance(tlds, Refused):
        return tlds
    return _by_tld(ctx, request, [tld.a_label for tld in tlds])


def _by_tld(ctx: Context, request: Request, tlds: Sequence[str]) -> Reply:
    found = lookups.cards_of_tlds(ctx.session, tlds, ctx.now)
    told = details(ctx, (card for cards in found.values() for card in cards))
    note_lookups(ctx, told, request.line)
    named = organisations.named(ctx.session, [tld for tld in tlds if kind_of(tld)])
    blocks = [
        {
            "tld": named[tld].shown if tld in named else shown(tld),
            "contacts": [told[card.person.id] for card in cards],
        }
        for tld, cards in found.items()
    ]
    return Reply("contacts", {"blocks": blocks}, is_confidential=True)


def _organisations(ctx: Context, request: Request, kind: str) -> Reply:
    """All CERTs, or all regional organisations."""
    found = sorted(label for label in lookups.listed_tlds(ctx.session) if kind_of(label) == kind)
    return _by_tld(ctx, request, found) if found else Reply("nobody", is_confidential=True)


def _region(ctx: Context, request: Request, word: str) -> Reply | Refused:
    region = parse_region(word)
    if region is None:
        return Refused("unknown_region", {"word": word[:40]})
    held = lookups.listed_tlds(ctx.session)
    tlds = [facts.tld.a_label for facts in ctx.tlds.in_region(region) if facts.tld.a_label in held]
    return _by_tld(ctx, request, tlds) if tlds else Reply("nobody", is_confidential=True)


def _reverse(ctx: Context, request: Request) -> Reply | Refused | None:
    """A number, an address or a fingerprint: whose is it? None if it is none of these."""
    text = request.line.split(maxsplit=1)[1].strip().strip("<>")
    if match := _FINGERPRINT.fullmatch(text.replace(" ", "")):
        return _people(ctx, request, lookups.by_key(ctx.session, match[1].upper()))
    if "@" in text and (address := parse_address(text)):
        return _people(ctx, request, lookups.by_mailbox(ctx.session, address))
    if phone := parse_phone(text):
        return _people(ctx, request, lookups.by_phone(ctx.session, phone.e164))
    if text[:1] in "+(0123456789":
        return Refused("bad_phone", {"field": "", "value": text[:40]})
    return None


def _people(ctx: Context, request: Request, found: Sequence[Person]) -> Reply:
    numbers = [one.id for one in found]
    note_lookups(ctx, numbers, request.line)
    if not found:
        return Reply("nobody", is_confidential=True)
    cards = lookups.cards(ctx.session, numbers, ctx.now)
    return Reply("people", {"people": list(details(ctx, cards).values())}, is_confidential=True)


def _missing(ctx: Context) -> Reply:
    held = lookups.listed_tlds(ctx.session)
    cctlds = iana.in_root(ctx.session, ctx.tlds).of_kind("cctld")
    missing = [facts.tld.shown for facts in cctlds if facts.tld.a_label not in held]
    return Reply("missing", {"tlds": missing}, is_confidential=True)


def _stats(ctx: Context) -> Reply:
    coverage = load_coverage(ctx.session, ctx.now, ctx.tlds)
    a_year_ago = ctx.now.date() - timedelta(days=365)
    values = {
        "coverage": coverage,
        "coverage_lines": parts.coverage_lines(coverage, ctx.config),
        "months": monthly(figures.history(ctx.session, a_year_ago)),
        "fresh": confirmations(freshness.confirmations(ctx.session), ctx.now),
    }
    return Reply("stats", values, is_confidential=True)


def _alerts(ctx: Context) -> Reply:
    mine = alerts.readable_by(ctx.session, ctx.actor.person_id or 0)
    found = [(one.id, one.posted_at, one.tlp, one.severity, one.state, one.title) for one in mine]
    return Reply("alerts", {"alerts": found}, is_confidential=True)


def _alert(ctx: Context, text: str) -> Reply | Refused:
    alert = alerts.by_id(ctx.session, text)
    person = ctx.actor.person_id or 0
    if (
        alert is None
        or not alert.original
        or not (alert.person_id == person or alerts.recipient(ctx.session, alert.id, person))
    ):
        return Refused("no_such_alert", {"id": text[:20]})
    if alert.tlp == "RED":
        return Refused("alert_is_red", {"id": alert.id})
    news = alerts.news_of(ctx.session, alert.id)
    values = {
        "id": alert.id,
        "state": alert.state,
        "posted_at": alert.posted_at,
        "tlp": alert.tlp,
        "severity": alert.severity,
        "fingerprint": alert.fingerprint,
        "title": alert.title,
        "history": history(ctx, alert),
    }
    updates = [one for one in news if one.tlp != "RED"]
    files = (
        *original_of(alert),
        *(file for one in updates for file in original_of(one, f"update-{one.number}")),
    )
    return Reply("alert", values, attachments=files, is_confidential=True)
