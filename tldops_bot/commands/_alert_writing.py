"""From what a member wrote to an alert: its scope, the TLDs it is for, and what members would get."""

from dataclasses import asdict, dataclass

from tldops_bot.commands._alerts import HELD, alert_letter, audience_of
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._tlds import is_in_root, read_tlds
from tldops_bot.domain.alert import BadScope, Scope, Terms, nearest_scope, read_scope, read_terms
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import alert_targets, alerts, lookups
from tldops_bot.store.tables import Alert


def unfit_text(ctx: Context, request: Request, verb: str) -> Refused | None:
    """Why what was written can't go out at all: there is no text, or too much of it."""
    if not request.text.strip():
        return Refused("alert_empty", {"verb": verb})
    limit = ctx.config.alerts.max_bytes
    return Refused("alert_too_large", {"limit": limit}) if len(ctx.mail.original()) > limit else None


def asked_scope(ctx: Context, request: Request) -> Scope | Refused:
    """Whom an alert is for, everybody it names known to us; or why it can't be resolved, and how to send it right."""
    scope = read_scope(request.get("Scope"))
    if isinstance(scope, BadScope):
        return _bad_scope(ctx, request, scope.word, scope.nearest)
    if scope.tlds:
        known = read_tlds(ctx, scope.tlds)
        if isinstance(known, Refused):
            return _bad_scope(ctx, request, str(known.values.get("word", "")))
    for words in scope.organisations:
        if not lookups.by_organisation(ctx.session, words):
            return _bad_scope(ctx, request, words[:60])
    return scope


def corrected(request: Request, field: str, value: str) -> dict[str, object]:
    """The first lines of the same alert with one field corrected, ready to sign and send again."""
    others = [(one.name, one.value) for one in request.fields if one.name != field]
    return {"verb": request.verb, "again": [*others, (field, value)]}


def _bad_scope(ctx: Context, request: Request, word: str, nearest: str = "") -> Refused:
    right = nearest_scope(request.get("Scope") or "", lambda tld: is_in_root(ctx, tld))
    values = {"word": word, "nearest": nearest} | corrected(request, "Scope", right)
    return Refused("bad_scope", values)


@dataclass(frozen=True, slots=True)
class Written:
    """An alert that is not stored yet, its terms, and whatever in its `For:` could not be used."""

    alert: Alert
    terms: Terms
    scope: Scope
    notes: list[str]

    @property
    def values(self) -> dict[str, object]:
        """What whoever wrote it is told of it."""
        return {
            "id": self.alert.id,
            "title": self.alert.title,
            "tlp": self.alert.tlp,
            "severity": self.alert.severity,
            "notes": self.notes,
            "safer": self.terms.safer,
            "scope": self.scope.words,
            "is_exercise": self.alert.is_exercise,
        }


def written(ctx: Context, request: Request, scope: Scope, is_exercise: bool) -> Written:
    """What a member wrote, for these people."""
    terms = read_terms(request.text, request.get("Title"), request.get("TLP"), request.get("Severity"))
    for_tlds, notes = _for(ctx, request)
    now = ctx.now
    made = Alert(
        id=alerts.next_id(ctx.session, now),
        state=HELD,
        person_id=ctx.actor.person_id or 0,
        fingerprint=ctx.actor.fingerprint,
        for_tlds=for_tlds,
        title=terms.title,
        tlp=terms.tlp,
        severity=terms.severity,
        scope=asdict(scope),
        is_exercise=is_exercise,
        original=ctx.mail.original(),
        original_form=ctx.mail.original_form,
        signed_at=ctx.mail.signed_at or now,
        received_at=ctx.mail.received_at,
        posted_at=now,
        inbox_id=ctx.mail.inbox_id,
    )
    return Written(made, terms, scope, notes)


def _for(ctx: Context, request: Request) -> tuple[list[str], list[str]]:
    """The poster's TLDs, or those of them that `For:` names; others are noted and left out."""
    own = list(ctx.actor.standing.tlds)
    wanted = request.get("For")
    if not wanted:
        return own, []
    named = read_tlds(ctx, wanted.replace(",", " ").split())
    labels = [] if isinstance(named, Refused) else [one.a_label for one in named]
    kept = [label for label in labels if label in own]
    if kept and len(kept) == len(labels):
        return kept, []
    return kept or own, [wanted[:80]]


def draft_of(ctx: Context, draft: Written) -> Reply:
    """What members would get, and how many; nothing is kept."""
    made = draft.alert
    letter = alert_letter(ctx, made)
    counts = alert_targets.survey(ctx.session, audience_of(ctx, made), ctx.now).counts
    values = (
        dict(letter.values)
        | counts
        | {"safer": draft.terms.safer, "for_tlds": [shown(one) for one in made.for_tlds]}
    )
    return Reply("draft", values, attachments=letter.attachments, is_confidential=True)
