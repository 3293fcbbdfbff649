"""A second way to be woken by an alert: `Wake:` in UPDATE, its proof by a token, and whom an alert wakes."""

from collections.abc import Sequence

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._fields import EMPTY
from tldops_bot.domain.address import mask_phone
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.request import Field
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import WakeWord, read_details
from tldops_bot.domain.wake import WORD_LASTS, WORDS_A_DAY, Wake, is_safe_target, read_wake, takes_phone
from tldops_bot.mail.phones import costs_more, parse_phone
from tldops_bot.store import tokens, wakes
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Alert, Person, Token

FIELD = "Wake"
ENDED = Wake("", "", "")  # ends waking
TEXTS = {wakes.ALERT: "wake/alert", wakes.EXERCISE: "wake/alert", wakes.TOKEN: "wake/token"}


def read(ctx: Context, person: Person, fields: Sequence[Field], country: str) -> Wake | Refused | None:
    """What `Wake:` asks for: a way, ENDED, or None without the field; or what is wrong with it."""
    if not fields:
        return None
    if len(fields) > 1:
        return Refused("field_twice", {"field": FIELD})
    value = fields[0].value.strip()
    if value.lower() in EMPTY:
        return ENDED
    gateways = sorted(ctx.config.wake.gateways)
    if not gateways:
        return Refused("no_gateway")
    asked = read_wake(value)
    if asked is None or asked.gateway not in gateways:
        word = value.split()[0].lower()
        near = "" if word in gateways else nearest(word, gateways)
        return Refused("bad_wake", {"value": value[:50], "gateways": gateways, "nearest": near})
    found = _with_target(ctx, asked, country)
    if isinstance(found, Refused) or _is_proven(ctx, person, found):
        return found
    if len(tokens.lately(ctx.session, Purpose.WAKE, person.id, ctx.now - DAY)) >= WORDS_A_DAY:
        return Refused("wake_often", {"limit": WORDS_A_DAY})
    return found


def carry_out(ctx: Context, person: Person, wake: Wake) -> bool:
    """End the way, or change its severity; a new one must return a word. Returns whether that is awaited."""
    tokens.void_for_person(ctx.session, person.id, ctx.now, Purpose.WAKE)
    if wake == ENDED:
        wakes.forget_person(ctx.session, person.id, ctx.now)
        return False
    if _is_proven(ctx, person, wake):
        wakes.keep_way(ctx.session, person.id, wake, ctx.now)
        return False
    details = WakeWord(wake.gateway, wake.target, wake.severity)
    until = ctx.now + WORD_LASTS
    # No address: returning this word does not prove a mailbox.
    minted = tokens.mint(
        ctx.session, ctx.random, Purpose.WAKE, "", ctx.now, until, person_id=person.id, details=details
    )
    wakes.send_word(ctx.session, person.id, wake, minted.words, ctx.now)
    return True


def proven(ctx: Context, token: Token) -> Reply | Refused:
    """The word came back: this way counts from now on, and the person is told by mail."""
    person = tokens.person_of(ctx.session, token)
    word = read_details(WakeWord, token.details)
    if person is None or not word.gateway:
        return Refused("token_void")
    wake = Wake(word.gateway, word.target, word.severity)
    if wake.gateway not in ctx.config.wake.gateways:
        return Refused("no_gateway")
    wakes.keep_way(ctx.session, person.id, wake, ctx.now)
    ctx.record("wake_proven", actor="mailbox", person_id=person.id)
    said = {"gateway": wake.gateway, "severity": wake.severity}
    values = said | {"name": person.name, "target": mask_phone(wake.target)}
    ctx.post(_letters.notice("letters/wake_proven", values, _letters.to_person(person)))
    return Reply("wake_proven", said)


def word_failed(person: Person, gateway: str) -> Letter:
    """The word could not be sent; tell its owner, who is waiting for it."""
    values = {"name": person.name, "gateway": gateway}
    return _letters.notice("letters/wake_failed", values, _letters.to_person(person))


def wake_everybody(ctx: Context, alert: Alert, severity: str = "") -> None:
    """Wake everybody an alert is for who asked for that, besides the mails and never before them.

    With the `severity` of an update: those for whom the alert was not severe enough.
    """
    if ctx.config.wake.gateways:
        wakes.wake_for(ctx.session, alert, tuple(ctx.config.wake.gateways), ctx.now, severity)


def notes(session: Session, alert: Alert) -> dict[int, str]:
    """What a caller should know about people who were to be woken, by number."""
    words = {}
    for person_id, (gateway, state, ended_at) in wakes.calls_for(session, alert.id).items():
        if state == wakes.TAKEN and ended_at is not None:
            words[person_id] = f"woken by {gateway} at {ended_at:%H:%M} UTC, has not answered"
        elif state == wakes.FAILED:
            words[person_id] = f"could not be woken by {gateway}"
    return words


def shown(ctx: Context, person: Person) -> dict[str, object] | None:
    """The way, as its owner sees it."""
    row = wakes.way_of(ctx.session, person.id)
    if row is None:
        return None
    return {
        "gateway": row.gateway,
        "target": row.target,
        "severity": row.severity,
        "is_offered": row.gateway in ctx.config.wake.gateways,
    }


def masked(value: str) -> str:
    """`sms +44…123`: enough in a mail that is not encrypted."""
    gateway, _, rest = value.partition(" ")
    return f"{gateway} {mask_phone(rest.rpartition(',')[0] or rest)}"


def _with_target(ctx: Context, asked: Wake, country: str) -> Wake | Refused:
    url = ctx.config.wake.gateways[asked.gateway].get_secret_value()
    if takes_phone(url) or asked.target.startswith("+"):
        phone = parse_phone(asked.target, country)
        if phone is None or costs_more(phone):
            return Refused("bad_phone", {"field": FIELD, "value": asked.target[:40]})
        return Wake(asked.gateway, phone.e164, asked.severity)
    if not is_safe_target(asked.target):
        values = {"value": asked.target[:50], "gateways": sorted(ctx.config.wake.gateways), "nearest": ""}
        return Refused("bad_wake", values)
    return asked


def _is_proven(ctx: Context, person: Person, wake: Wake) -> bool:
    row = wakes.way_of(ctx.session, person.id)
    return row is not None and (row.gateway, row.target) == (wake.gateway, wake.target)
