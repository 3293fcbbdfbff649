"""GnuPG and the list's key: there, new enough, able to sign, and not about to end."""

import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from tldops_bot.adapters import gnupg_presence
from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_list_key import chosen_fingerprint
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.machine_watch import ends_at
from tldops_bot.app import App
from tldops_bot.checks.files import is_anothers
from tldops_bot.domain.address import same_address
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.finding import Finding, broken, ok, skipped, warning

OLDEST: Final = (2, 2)
KEY_SOON: Final = timedelta(days=60)
KEY_VERY_SOON: Final = timedelta(days=14)


def openpgp(app: App) -> Iterator[Finding]:
    """In order: each step needs the one before."""
    found = gnupg_presence.version()
    if found is None:
        yield broken("gpg", "gpg is not installed, or not on PATH", "apt-get install gnupg")
        return
    if not found:
        yield broken("gpg", "gpg does not run, or does not say its version", "gpg --version")
        return
    if tuple(int(one) for one in found.split(".")[:2]) < OLDEST:
        yield broken("gpg", f"GnuPG {found} is too old", "install GnuPG 2.2 or newer")
        return
    yield ok("gpg", f"GnuPG {found}")
    home = app.config.openpgp.home
    if is_anothers(home):
        yield skipped("list key", "only its owner can look at it")
    elif not home.is_dir():
        yield broken(
            "list key", f"there is no gpg home {home}", "tldops-bot restore FILE, or tldops-bot init"
        )
    else:
        yield from _agent_and_key(app)


def _agent_and_key(app: App) -> Iterator[Finding]:
    home = app.config.openpgp.home
    if not gnupg_presence.agent_starts(home):
        yield broken("gpg agent", f"gpg-agent does not start for {home}", _mend_of_agent(home))
        return
    try:
        key = app.gnupg.list_certificate(app.now())
    except NoListKey:
        mend = "tldops-bot restore FILE; only where there never was one: tldops-bot init"
        yield broken("list key", f"no secret key in {home}", mend)
        return
    except GpgUnavailable as problem:
        yield broken("gpg", f"gpg does not do its work: {problem}", f"gpg --homedir {home} -K")
        return
    if (chosen := chosen_fingerprint(app.database)) not in ("", *app.gnupg.keyring.fingerprints()):
        there = f"gpg --homedir {shlex.quote(str(home))}"
        says = f"{chosen} was chosen on another node, and is not in {home}: this node signs with the old one"
        mend = f"on that node: {there} --export-secret-keys {chosen} | ssh HERE {there} --import"
        yield broken("list key", says, mend)
        return
    yield from _signing(app)
    yield from _key(app, key)


def _mend_of_agent(home: Path) -> str:
    try:
        gnupg_presence.must_fit(home)
    except gnupg_presence.HomeTooLong:
        return "its socket's path is too long: move the folder, and give [openpgp] home the shorter path"
    return f"this says why: gpg-agent --homedir {shlex.quote(str(home))} --daemon"


def _signing(app: App) -> Iterator[Finding]:
    try:
        app.gnupg.sign_detached(b"")
    except (GpgUnavailable, OSError):
        file = app.config.openpgp.passphrase_file
        wrong = f"the passphrase in {file} is not the key's" if file else "it may want a passphrase"
        mend = "put it on the first line of the file that [openpgp] passphrase_file names"
        yield broken("gpg agent", f"the list's key does not sign: {wrong}", mend)
    else:
        yield ok("gpg agent", "signs")


def _key(app: App, key: Certificate) -> Iterator[Finding]:
    address, ends = app.config.list.address, ends_at(key)
    left = ends - app.now() if ends is not None else None
    prolong = (
        f"gpg --homedir {shlex.quote(str(app.config.openpgp.home))} --quick-set-expire {key.fingerprint} 2y"
    )
    both = f"{prolong} && {prolong} '*'"
    if not any(same_address(one, address) for one in key.addresses):
        mend = f"gpg --homedir {shlex.quote(str(app.config.openpgp.home))} --quick-add-uid {key.fingerprint} {address}"
        yield warning("list key", f"{key.fingerprint} does not name {address}", mend)
    if left is None:
        yield ok("list key", f"{key.fingerprint}, without end")
    elif left <= timedelta():
        yield broken("list key", f"{key.fingerprint} has ended", both)
    elif left < KEY_VERY_SOON:
        yield broken("list key", f"{key.fingerprint} ends in {left.days} days", both)
    elif left < KEY_SOON:
        yield warning("list key", f"{key.fingerprint} ends in {left.days} days", both)
    else:
        yield ok("list key", f"{key.fingerprint}, until {ends:%Y-%m-%d}")
