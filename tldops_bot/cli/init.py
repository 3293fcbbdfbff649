"""`init`: a working configuration, database and list key; safe to run again."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.app import App
from tldops_bot.cli._frame import Options, console, refuse
from tldops_bot.config import Config, ConfigProblem, load_config
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.store import facts

LONGEST_TAG = "b.9999999999." + "x" * 16
_FILE = """\
# Made by `tldops-bot init`. Every key with its meaning: config.example.toml.

[list]
name = "TLD-OPS"
address = "{address}"
owner = "{owner}"

[operator]
email = "{owner}"

[listener]
protocol = "smtp"
host = "127.0.0.1"
port = 8025

[smarthost]
host = "127.0.0.1"
port = 25

[database]
url = "sqlite:///var/tldops.sqlite"

[openpgp]
home = "var/gnupg"
"""


def init(
    context: typer.Context,
    list_address: Annotated[str, typer.Option(help="The address commands are mailed to.")] = "",
    directory: Annotated[Path | None, typer.Option(help="Where everything goes; here unless told.")] = None,
) -> None:
    """Make a working config.toml, the database and the list's key. Safe to run again."""
    options = context.find_object(Options) or Options()
    file = (
        options.config if options.config and directory is None else (directory or Path.cwd()) / "config.toml"
    )
    if not file.exists():
        _write_config(file, list_address)
    elif list_address:
        _must_agree(file, list_address)
    config = _read(file)
    _check_tags(config)
    app = App(config)
    try:
        _make_database(app)
        fingerprint = _make_key(app)
    finally:
        app.close()
    console.print(f"configuration  {file}", soft_wrap=True, highlight=False)
    console.print(f"list           {config.list.address}", soft_wrap=True, highlight=False)
    console.print(f"list key       {fingerprint}", soft_wrap=True, highlight=False)
    console.print("next           `tldops-bot iana sync`, `tldops-bot committee add`, `tldops-bot serve`")


def _write_config(file: Path, list_address: str) -> None:
    address = parse_address(list_address or "tld-ops@lists.example")
    if address is None:
        refuse(f"{list_address} is not a mail address, such as tld-ops@lists.example")
    owner = f"postmaster@{address.rpartition('@')[2]}"
    text = _FILE.format(address=address, owner=owner)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as problem:
        refuse(f"{file}: cannot be written ({problem.strerror})")


def _must_agree(file: Path, list_address: str) -> None:
    held = _read(file).list.address
    if parse_address(list_address) != held:
        refuse(f"{file} is for {held}; give another --directory for another list")


def _read(file: Path) -> Config:
    try:
        return load_config(file)
    except ConfigProblem as problem:
        refuse(str(problem))


def _check_tags(config: Config) -> None:
    try:
        ListAddress.parse(config.list.address, config.list.delimiter).with_tag(LONGEST_TAG)
    except ValueError as problem:
        refuse(f"{config.list.address}: {problem}")


def _make_database(app: App) -> None:
    if app.database.file is not None:
        app.database.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(app.database.file, os.O_CREAT | os.O_RDWR, 0o600))
    app.schema.upgrade()
    with app.database.write() as session:
        if not facts.mac_keys(session):
            facts.new_mac_key(session, app.random_octets)


def _make_key(app: App) -> str:
    home = app.config.openpgp.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    try:
        return app.gnupg.keyring.fingerprint
    except NoListKey:
        return app.gnupg.keyring.make(app.config.list.address)
