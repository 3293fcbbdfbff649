"""IANA: whether it can be asked, and how old the answers are that we hold."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tldops_bot.adapters.iana_whois import Unanswered, WhoisServer, ask
from tldops_bot.app import App
from tldops_bot.config.values import host_and_port
from tldops_bot.domain.durations import say_length
from tldops_bot.domain.finding import Finding, broken, ok, warning
from tldops_bot.domain.iana_record import IanaRecord
from tldops_bot.domain.tld import Tld
from tldops_bot.store import pulse

SECONDS: Final = 8.0
ASKED_ABOUT: Final = Tld("nl", "nl")
OLD: Final = timedelta(days=3)


def iana(app: App) -> Iterator[Finding]:
    """Who may vouch for contacts is known, and can be asked again."""
    yield _reached(app)
    yield from _held(app)


def _reached(app: App) -> Finding:
    where = app.config.iana.whois
    answer = ask(ASKED_ABOUT, WhoisServer(*host_and_port(where), time.monotonic, SECONDS))
    if isinstance(answer, IanaRecord):
        return ok("iana", f"{where} answers")
    if isinstance(answer, Unanswered):
        mend = f"let this machine connect to {where} by TCP; until then: tldops-bot iana import FILE"
        return warning("iana", f"{where} cannot be asked ({answer.reason.replace('_', ' ')})", mend)
    return broken("iana", f"{where} does not answer as IANA does", '[iana] whois = "whois.iana.org:43"')


def _held(app: App) -> Iterator[Finding]:
    held = app.database.read_if_there(lambda session: pulse.read(session, app.now()))
    if held is None:  # said already
        return
    if held.iana_newest_at is None:
        says = "nothing is known of any TLD, so nobody can join"
        yield broken("iana records", says, "tldops-bot iana sync")
        return
    age = app.now() - held.iana_newest_at
    if age > max(OLD, 3 * app.config.iana.refresh):
        yield warning("iana records", f"the newest is {say_length(age)} old", "tldops-bot iana sync")
    else:
        yield ok("iana records", f"the newest is {say_length(age)} old")
