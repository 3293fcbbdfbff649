"""A second way to be woken: what members write about it, and how a target goes into a gateway's URL."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from tldops_bot.domain.alert import SEVERITIES

PHONE, WORD = "{phone}", "{to}"  # what a URL takes as its target: a telephone number, or any word
WORD_LASTS = timedelta(days=2)  # how long the word that proves a way can be returned
WORDS_A_DAY = 3
MOST_TRIES = 3
LATEST = timedelta(hours=6)  # a call that could not be made by then is not made at all
USUAL_SEVERITY = "high"
REFUSED, NO_ANSWER, TOO_LATE = "refused", "no answer", "too late"  # why a call failed

_RETRIES = (timedelta(minutes=1), timedelta(minutes=4))
_GATEWAY = re.compile(r"[a-z][a-z0-9-]{0,30}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_PLACE = re.compile(r"\{[^{}]*\}")
_TARGET = re.compile(r"[A-Za-z0-9_]+(?:[-.@+][A-Za-z0-9_]+)*")
_LONGEST_TARGET = 56


@dataclass(frozen=True, slots=True)
class Wake:
    """Through which gateway, where, and from which severity on somebody is to be woken."""

    gateway: str
    target: str
    severity: str = USUAL_SEVERITY


def read_wake(text: str) -> Wake | None:
    """ "sms +44 20 7946 0456, critical"; without a severity it is high. None where it can't be read so."""
    said, comma, level = text.rpartition(",")
    severity = level.strip().lower() if comma else USUAL_SEVERITY
    gateway, _, target = " ".join((said if comma else text).split()).partition(" ")
    if severity not in SEVERITIES or not target or not is_gateway_name(gateway.lower()):
        return None
    return Wake(gateway.lower(), target, severity)


def is_gateway_name(name: str) -> bool:
    """Whether it is a short lower-case word, and not the one that ends waking."""
    return bool(_GATEWAY.fullmatch(name)) and name != "none"


def is_safe_target(text: str) -> bool:
    """Whether it means nothing to a URL, a path or a program: letters, digits, and a few signs in between."""
    return len(text) <= _LONGEST_TARGET and bool(_TARGET.fullmatch(text))


def severities_below(severity: str) -> tuple[str, ...]:
    """The thresholds that an alert of this severity reaches: whoever chose one of these is woken."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def problem_of_url(url: str) -> str:
    """What is wrong with a gateway's URL, or "". Never quotes it: such URLs hold passwords."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "not a URL that Apprise knows"
    if not _SCHEME.match(url) or not parts.netloc:
        return "not a URL that Apprise knows"
    if len([one for one in _PLACE.findall(url) if one in (PHONE, WORD)]) != 1:
        return f"must hold {PHONE} or {WORD} once, where the target goes"
    if "{" in parts.netloc:
        return f"{PHONE} or {WORD} stands behind the host, in the path or the query"
    return ""


def takes_phone(url: str) -> bool:
    """Whether the gateway rings telephones only."""
    return PHONE in url


def filled(url: str, target: str) -> str:
    """The URL for one target, quoted so that it stays in its place."""
    return url.replace(PHONE, WORD).replace(WORD, quote(target, safe=""))


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after that many failures; None: three tries, within ten minutes, are enough."""
    return now + _RETRIES[attempts - 1] if 0 < attempts < MOST_TRIES else None
