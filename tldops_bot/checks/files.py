"""Files and folders: who may read the secrets, who owns them, and whether what must be is writable."""

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from tldops_bot.app import App
from tldops_bot.config.settings import Config
from tldops_bot.domain.finding import Finding, broken, ok

_ALL_OTHERS, _STRANGERS = 0o077, 0o007


def secrets(app: App) -> Iterator[Finding]:
    """What only the service may read is readable by it, and by nobody else."""
    found = [*_foreign(app.config)]
    found += [one for key, file, others in _secret_files(app) if (one := _secret(key, file, others))]
    yield from found or [ok("permissions", "secrets are readable by their owner alone")]


def folders(app: App) -> Iterator[Finding]:
    """Wherever the service writes, it can."""
    wanted = [app.config.openpgp.home]
    if app.database.file is not None:
        wanted.append(app.database.file.parent)
    if app.config.listener.socket is not None:
        wanted.append(app.config.listener.socket.parent)
    bad = [one for one in dict.fromkeys(wanted) if not (one.is_dir() and os.access(one, os.W_OK | os.X_OK))]
    for folder in bad:
        shown = shlex.quote(str(folder))
        if folder.is_dir():
            yield broken("folders", f"{folder} cannot be written to", f"chown {_me()} {shown}")
        else:
            yield broken("folders", f"there is no folder {folder}", f"mkdir -p -m 700 {shown}")
    if not bad:
        yield ok("folders", "those the service writes to can be written to")


def is_anothers(path: Path) -> bool:
    """Whether it belongs to a user other than the one running this; False if it does not exist."""
    return path.exists() and path.stat().st_uid != os.geteuid()


def _foreign(config: Config) -> Iterator[Finding]:
    """Root sees nothing wrong, and whatever root makes then belongs to root."""
    home = config.openpgp.home
    if is_anothers(home):
        owner = _name(home.stat().st_uid)
        mend = f"sudo -u {owner} tldops-bot --config {shlex.quote(str(config.file))} doctor"
        yield broken("user", f"{home} belongs to {owner}, and this runs as {_me()}", mend)


def _secret_files(app: App) -> Iterator[tuple[str, Path, int]]:
    """What each is called, the file, and which rights on it are too many."""
    config = app.config
    has_secrets = (config.wake.gateways and config.wake.gateways_file is None) or app.database.url.password
    named = [
        ("the configuration, which holds passwords", config.file if has_secrets else None, _STRANGERS),
        ("[smarthost] password_file", config.smarthost.password_file, _ALL_OTHERS),
        ("[openpgp] passphrase_file", config.openpgp.passphrase_file, _ALL_OTHERS),
        ("[wake] gateways_file", config.wake.gateways_file, _ALL_OTHERS),
        ("[listener] tls_key", config.listener.tls_key, _STRANGERS),
        ("[openpgp] home", config.openpgp.home, _ALL_OTHERS),
        ("[database] url", app.database.file, _ALL_OTHERS),
    ]
    for key, file, others in named:
        is_made_later = key in ("[openpgp] home", "[database] url")  # other checks say that they are missing
        if file is not None and (file.exists() or not is_made_later):
            yield key, file, others


def _secret(key: str, file: Path, others: int) -> Finding | None:
    shown = shlex.quote(str(file))
    if not file.exists():
        mend = f"write it, or take the line out of config.toml: install -m 600 /dev/stdin {shown}"
        return broken("permissions", f"{key}: there is no {file}", mend)
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & others:
        wanted = 0o700 if file.is_dir() else mode & ~others & 0o666
        return broken(
            "permissions", f"{key}: {file} can be used by others ({mode:o})", f"chmod {wanted:o} {shown}"
        )
    if not os.access(file, os.R_OK):
        return broken("permissions", f"{key}: {file} cannot be read by {_me()}", f"chown {_me()} {shown}")
    return None


def _me() -> str:
    return _name(os.geteuid())


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # as in a container
        return f"#{number}"
