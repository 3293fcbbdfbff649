"""UPDATE-ALERT: more is known about an alert; it goes to the same people, in the same thread."""

from tldops_bot.commands import _alert_news
from tldops_bot.commands._alert_writing import unfit_text
from tldops_bot.commands._alerts import HELD, POSTED, everybody_concerned
from tldops_bot.commands._brakes import ask_for_release, needs_release
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.domain.alert import UPDATE_FIELDS, Terms, read_terms, read_yes
from tldops_bot.domain.request import Request
from tldops_bot.store.tables import Alert, AlertNews


@command(
    "UPDATE-ALERT id",
    who=Who.MEMBER,
    changes=True,
    fields=UPDATE_FIELDS,
    has_text=True,
    after_probation=True,
)
def update_alert(ctx: Context, request: Request) -> Reply | Refused:
    """Add to an alert: your text goes to everybody it went to."""
    alert = _alert_news.named(ctx, request)
    if isinstance(alert, Refused):
        return alert
    if alert.state != POSTED:
        return Refused("alert_not_open", {"id": alert.id, "state": alert.state})
    if unfit := unfit_text(ctx, request, f"UPDATE-ALERT {alert.id}"):
        return unfit
    terms = read_terms(
        request.text,
        request.get("Title") or alert.title,
        request.get("TLP") or alert.tlp,
        request.get("Severity") or alert.severity,
    )
    made = _written(ctx, alert, terms)
    if read_yes(request.get("Draft")) is not False:
        return _draft(ctx, alert, made, terms)
    _alert_news.keep(ctx, made)
    held_because = needs_release(ctx)
    values = {
        "id": alert.id,
        "number": made.number,
        "title": made.title,
        "tlp": made.tlp,
        "safer": terms.safer,
    }
    if held_because:
        made.state = HELD
        ask_for_release(ctx, alert, held_because, made.title)
        return Reply("held", values | {"why": held_because}, Status.WAITING, is_confidential=True)
    counts = _alert_news.fan_out_update(ctx, alert, made).counts
    return Reply("sent", values | counts, is_confidential=True)


def _written(ctx: Context, alert: Alert, terms: Terms) -> AlertNews:
    return _alert_news.news(
        ctx,
        alert,
        _alert_news.UPDATE,
        title=terms.title,
        tlp=terms.tlp,
        severity=terms.severity,
        original=ctx.mail.original(),
        original_form=ctx.mail.original_form,
    )


def _draft(ctx: Context, alert: Alert, made: AlertNews, terms: Terms) -> Reply:
    """What members would get, and how many; nothing is kept."""
    letter = _alert_news.update_letter(ctx, alert, made)
    counts = everybody_concerned(ctx, alert).counts
    values = dict(letter.values) | counts | {"safer": terms.safer}
    return Reply("draft", values, attachments=letter.attachments, is_confidential=True)
