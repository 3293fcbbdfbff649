"""Whether mail can be taken in and handled right now: what `/readyz` says."""

from collections.abc import Iterator

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.app import App
from tldops_bot.checks.database import reachable
from tldops_bot.checks.machine import disk
from tldops_bot.domain.finding import Finding, broken, ok


def readiness(app: App, is_listening: bool) -> Iterator[Finding]:
    """One finding per part; if one is broken, mail had better wait where it is."""
    if is_listening:
        yield ok("listener", "takes mail")
    else:
        yield broken("listener", "takes no mail yet, or no more", "")
    yield from list(reachable(app)) or [ok("database", "can be written")]
    yield _signing(app)
    yield from disk(app)


def _signing(app: App) -> Finding:
    try:
        app.gnupg.sign_detached(b"")
    except (GpgUnavailable, NoListKey, OSError):
        return broken("gpg agent", "the list's key does not sign", "tldops-bot doctor says more")
    return ok("gpg agent", "signs")
