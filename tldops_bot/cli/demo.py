"""`demo`: the whole service in a temporary directory, with made-up TLDs and people, told as a story."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from tldops_bot.app import App
from tldops_bot.cli._demo_letters import Album
from tldops_bot.cli._demo_people import Someone
from tldops_bot.cli._demo_stage import LIST_ADDRESS, Stage, must
from tldops_bot.cli._demo_story import iana_answers, tell
from tldops_bot.cli._demo_town import DemoFailed, Town
from tldops_bot.cli._frame import console, refuse, say
from tldops_bot.config import load_config

_CAST = {  # TLDs that are not delegated, people who do not exist
    "ann": ("Ann Example", "ann@nic-xa.example"),
    "bob": ("Bob Example", "bob@registry-xb.example"),
    "dina": ("Dina Example", "dina@nic-primer.example"),
    "carol": ("Carol Example", "carol@committee.example"),
    "mallory": ("Mallory Example", "mallory@client.example"),
    "role": ("Admin-xa at IANA", "admin@nic-xa.example"),
    "idn_role": ("Admin-idn at IANA", "admin@nic-primer.example"),
}
_WITH_KEYS = ("ann", "bob", "carol", "mallory")
_CONFIG = f"""\
[list]
name = "TLD-OPS"
address = "{LIST_ADDRESS}"
owner = "secretariat@lists.example"
[operator]
email = "root@lists.example"
[listener]
port = 0
[smarthost]
port = PORT
[iana]
whois = "127.0.0.1:9"
[dns]
resolver = "none"
[membership]
probation = "0"
"""
_INTRODUCTION = (
    "A registry's contacts, found and warned by signed mail: the whole service, on this machine alone.",
    "Real SMTP, real gpg; made-up TLDs (.xa, .xb, .пример) and people. Nothing leaves loopback.",
    'One setting differs from a real list: probation = "0", so that newcomers need not wait two days.',
)


def demo(
    context: typer.Context,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A new folder for the mails; else a temporary one, which is named and stays."
        ),
    ] = None,
) -> None:
    """The whole service in a temporary directory, with made-up TLDs and people; every mail is kept as a file."""
    if not shutil.which("gpg") or not shutil.which("gpgconf"):
        refuse("demo: needs GnuPG (gpg and gpgconf), which is not installed")
    folder = _folder(keep)
    try:
        with tempfile.TemporaryDirectory(prefix="td", ignore_cleanup_errors=True) as home:
            _play(context, Path(home), Album(folder))
    except DemoFailed as problem:
        refuse(f"demo: {problem}; the mails so far are in {folder}")
    say("")
    say(f"Everything came out as told. Every mail, as it was and as it was read: {folder}")


def _folder(keep: Path | None) -> Path:
    """The folder for the mails: new or empty, so that the numbers are this story's."""
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="tldops-demo-"))
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            refuse(f"{keep}: is not empty; give --keep a new folder")
    except OSError as problem:
        refuse(f"{keep}: cannot be used ({problem.strerror})")
    return keep


def _play(context: typer.Context, home: Path, album: Album) -> None:
    for line in _INTRODUCTION:
        say(line)
    with Town() as town, _people(home) as people:
        app = _make_service(context, home, town, people)
        stage = Stage(town, album, console, app.gnupg.keyring.fingerprint)
        certificate = app.gnupg.keyring.export()
        for name in _WITH_KEYS:
            people[name].import_key(certificate)
        console.print(Text(f"$ tldops-bot serve\nlistening on {town.serve(app)}"))
        tell(stage, people)


@contextmanager
def _people(home: Path) -> Iterator[Mapping[str, Someone]]:
    """The cast, with keys for those who have one; their gpg agents end with the demo, as does the list's."""
    people = {name: Someone(*who, home / name) for name, who in _CAST.items()}
    try:
        for name in _WITH_KEYS:
            people[name].make_key()
        yield people
    finally:
        for folder in (*(people[name].home for name in _WITH_KEYS), home / "var/gnupg"):
            command = ["gpgconf", "--homedir", str(folder), "--kill", "all"]
            subprocess.run(command, capture_output=True, check=False)


def _make_service(context: typer.Context, home: Path, town: Town, people: Mapping[str, Someone]) -> App:
    """What an operator does: init, import what IANA says, found the committee."""
    file = home / "config.toml"
    file.write_text(_CONFIG.replace("PORT", str(town.smarthost_port)), encoding="utf-8")
    iana_answers(home / "iana")
    carol = people["carol"]
    (home / "carol.asc").write_bytes(carol.public_key)
    _verb(context, file, "init")
    _verb(context, file, "iana", "import", str(home / "iana"))
    _verb(context, file, "committee", "add", "--key", str(home / "carol.asc"), carol.name, carol.address)
    return App(load_config(file))


def _verb(context: typer.Context, config: Path, *words: str) -> None:
    """One verb of this program, as if typed."""
    console.print()
    console.print(Text(f"$ tldops-bot {' '.join(words)}", style="bold"), soft_wrap=True)
    root = context.find_root().command
    status = root.main(["--config", str(config), *words], prog_name="tldops-bot", standalone_mode=False)
    must(not status, f"`tldops-bot {words[0]}` failed")
