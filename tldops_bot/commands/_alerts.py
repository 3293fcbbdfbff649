"""Sends an alert out: the bot's notice, and the poster's own signed words, untouched."""

from dataclasses import replace
from datetime import timedelta

from tldops_bot.commands import _letters, _waking
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import address_key
from tldops_bot.domain.alert import Scope
from tldops_bot.domain.audience import Audience, Reached, Survey
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Attachment, Kind, Letter
from tldops_bot.mail.bodies import PgpMimeSigned
from tldops_bot.mail.certifications import for_others
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.mail.take_apart import take_apart
from tldops_bot.store import alert_targets, alerts, audit, people
from tldops_bot.store.constituencies import listed_without
from tldops_bot.store.tables import Alert, AlertNews, CertificateRow, Person

POSTED, HELD, CLOSED, CANCELLED = "posted", "held", "closed", "cancelled"
RETRACTED, STOPPED, ANNOUNCED = "retracted", "stopped", "announced"
OPEN_TOGETHER, MOST_BESIDE = timedelta(days=2), 10
INLINE_HEAD = (
    "Content-Type: text/plain; charset=utf-8\r\n"
    'Content-Disposition: inline; filename="{}.asc"\r\n'
    "Content-Transfer-Encoding: 8bit\r\n\r\n"
)


def reached_by(ctx: Context, scope: Scope) -> Reached:
    """The TLDs and organisations behind a scope."""
    tlds = {*scope.tlds, *(one.tld.a_label for region in scope.regions for one in ctx.tlds.in_region(region))}
    chosen = ctx.config.alerts.constituencies if scope.everybody else None
    return Reached(scope.everybody, tlds, scope.organisations, listed_without(ctx.session, ctx.tlds, chosen))


def audience_of(ctx: Context, alert: Alert) -> Audience:
    """Whom the scope of an alert names now."""
    return Audience(reached_by(ctx, scope_of(alert)), alert.person_id)


def everybody_concerned(ctx: Context, alert: Alert) -> Survey:
    """Whom the scope names now, and whom it named when the alert went."""
    concerned = replace(audience_of(ctx, alert), alert_id=alert.id)
    return alert_targets.survey(ctx.session, concerned, ctx.now)


def fan_out(ctx: Context, alert: Alert) -> Survey:
    """Put one copy for everybody in scope into the outbox, before everything else that waits there.

    Who has no usable key gets a notice without content now, and the copy once there is a key.
    """
    alert.state, alert.posted_at = POSTED, ctx.now
    ctx.session.flush()
    found = alert_targets.survey(ctx.session, audience_of(ctx, alert), ctx.now)
    alert_targets.note(ctx.session, alert.id, found.audience, ctx.now)
    _waking.wake_everybody(ctx, alert)
    audit.record(
        ctx.session,
        ctx.now,
        alert.fingerprint,
        "alert_posted",
        "",
        alert.person_id,
        alert.inbox_id,
        alert=alert.id,
    )
    ctx.post(replace(alert_letter(ctx, alert), audience=found.audience))
    tell_keyless(ctx, found, "jobs/alert_waiting", alert)
    return found


def tell_keyless(ctx: Context, found: Survey, template: str, alert: Alert) -> None:
    """A word in clear, without any secret, to who has no usable key."""
    to = tuple(one for address in found.keyless_addresses for one in _letters.to_address(address))
    if to:
        ctx.post(Letter(Kind.ALERT, template, {"alert_id": alert.id}, to))


def thread_of(ctx: Context, alert: Alert) -> tuple[str, ...]:
    """The id that an alert and everything after it put in References, so that mail programs group them."""
    return (thread_id(alert, ctx.config.list.address),)


def thread_id(alert: Alert, list_address: str) -> str:
    """A Message-ID that no mail has (RFC 5322 section 3.6.4)."""
    return f"<{alert.id.lower()}.{list_address}>"


def alert_letter(ctx: Context, alert: Alert) -> Letter:
    """The notice with the original in it, the same words for all; not addressed yet."""
    poster = ctx.session.get(Person, alert.person_id)
    return Letter(
        Kind.ALERT,
        "letters/alert",
        notice_values(alert, poster) | {"beside": beside(ctx, alert)},
        is_confidential=True,
        attachments=(*original_of(alert), *poster_key(ctx, alert.fingerprint)),
        references=thread_of(ctx, alert),
        reply_to=poster.email if poster else "",
        alert_id=alert.id,
    )


def poster_key(ctx: Context, fingerprint: str) -> tuple[Attachment, ...]:
    """The poster's key, so that an alert can be verified even before one's first roster."""
    row = ctx.session.get(CertificateRow, fingerprint)
    person = ctx.session.get(Person, row.person_id) if row is not None and row.person_id else None
    if row is None or not row.blob or person is None:  # forgotten meanwhile
        return ()
    own = {address_key(one) for one in people.addresses_of(person)}
    ours = {address_key(one) for one in (ctx.config.list.address, ctx.config.list.owner)}
    key = for_others(
        row.blob,
        own,
        lambda one: one in ours or (one not in own and people.by_address(ctx.session, one) is not None),
    )
    return (Attachment("poster-key.asc", "application/pgp-keys", encode(key, PUBLIC_KEY)),) if key else ()


def beside(ctx: Context, alert: Alert) -> list[dict[str, object]]:
    """Other open alerts that the same people got: ten TLDs may be reporting the same incident."""
    return [
        {
            "id": one.id,
            "for_tlds": [shown(tld) for tld in one.for_tlds],
            "at": one.posted_at,
            "title": one.title,
        }
        for one in alerts.open_beside(ctx.session, alert, ctx.now - OPEN_TOGETHER)[-MOST_BESIDE:]
    ]


def notice_values(alert: Alert, poster: Person | None) -> dict[str, object]:
    """What the bot says about an alert."""
    return {
        "id": alert.id,
        "name": poster.name if poster else "",
        "for_tlds": [shown(tld) for tld in alert.for_tlds],
        "fingerprint": alert.fingerprint,
        "title": alert.title,
        "tlp": alert.tlp,
        "severity": alert.severity,
        "scope": scope_of(alert).words,
        "is_exercise": alert.is_exercise,
        "signed_at": alert.signed_at,
        "posted_at": alert.posted_at,
        "is_inline": alert.original_form == "inline",
    }


def original_of(alert: Alert | AlertNews, stem: str = "original") -> tuple[Attachment, ...]:
    """The poster's own signed words as they came; for PGP/MIME also as two files that gpg alone can check."""
    if alert.original is None:
        return ()
    if alert.original_form == "inline":
        block = INLINE_HEAD.format(stem).encode() + alert.original
        return (Attachment(f"{stem}.asc", "text/plain", block, is_raw_entity=True),)
    entity = Attachment("", "multipart/signed", alert.original, is_raw_entity=True)
    body = take_apart(alert.original).body
    if not isinstance(body, PgpMimeSigned):
        return (entity,)
    signed = Attachment(f"{stem}.bin", "application/octet-stream", body.signed_octets)
    signature = Attachment(f"{stem}.sig", "application/octet-stream", body.signature)
    return entity, signed, signature


def scope_of(alert: Alert) -> Scope:
    """The scope as it was stored."""
    held = alert.scope
    return Scope(
        bool(held.get("everybody")),
        tuple(held.get("tlds", ())),
        tuple(held.get("regions", ())),
        tuple(held.get("organisations", ())),
    )


def may_manage(ctx: Context, alert: Alert) -> bool:
    """Whether it is the poster, a contact of the TLDs it is for, or the committee."""
    standing = ctx.actor.standing
    return (
        ctx.actor.person_id == alert.person_id
        or standing.is_committee
        or bool(set(standing.tlds) & set(alert.for_tlds))
    )
