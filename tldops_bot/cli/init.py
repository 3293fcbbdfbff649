"""`init`: a working configuration, database and list key; safe to run again."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_presence import HomeTooLong, must_fit
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.app import App
from tldops_bot.cli._frame import console, named_config, parts_of, refuse
from tldops_bot.cli.db import upgrade_alone
from tldops_bot.config import Config, ConfigProblem, find_config, load_config
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.store import facts

LONGEST_TAG = "b.9999999999." + "x" * 16
# Where the Debian package and the container keep things; otherwise they are beside config.toml.
CONFIG_VARIABLE, DATA_VARIABLE, LISTEN_VARIABLE = "TLDOPS_CONFIG", "TLDOPS_DATA", "TLDOPS_LISTEN"
_NEXT = """
What is left to do:

1. Mail in: hand mail for {local}@{domain} and {local}{delimiter}anything@{domain} to
   {where} ({protocol}). docs/mail-servers.md has the lines for Postfix and Exim.
2. Mail out: [smarthost] in {file} is the mail server that sends it and adds a DKIM signature.
   In the DNS, with the names of your mail server:
       {domain}.         MX   10 mx.{domain}.
       {domain}.         TXT  "v=spf1 mx -all"
       _dmarc.{domain}.  TXT  "v=DMARC1; p=reject"
3. {program} iana sync
   asks IANA who may vouch for each TLD; about five minutes.
4. {program} committee add --key ann.asc "Ann Example" ann@nic.example
   the first of those who decide. From then on, they decide by mail.
5. {program} doctor
   says what does not fit yet, and how to mend it.
6. {program} serve
   or, as a service: systemctl enable --now tldops-bot

{data} holds the list's secret key and everybody's data: back it up.
"""
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
host = {host}
port = {port}

[smarthost]
host = "127.0.0.1"
port = 25

[database]
url = {database}

[openpgp]
home = {home}
"""


def init(
    context: typer.Context,
    list_address: Annotated[
        str, typer.Option(help="The address that members write to, such as tld-ops@lists.example.")
    ] = "",
    owner: Annotated[
        str, typer.Option(help="The address of a human who helps members; postmaster there unless told.")
    ] = "",
    directory: Annotated[
        Path | None, typer.Option(help="Where config.toml goes; here unless told.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar=DATA_VARIABLE,
            help="Where database and list key go; var/ beside config.toml unless told.",
            show_default=False,
        ),
    ] = None,
    listen: Annotated[
        str, typer.Option(envvar=LISTEN_VARIABLE, help="Host and port where mail comes in.")
    ] = "127.0.0.1:8025",
) -> None:
    """Make a working config.toml, the database and the list's key. Safe to run again."""
    file = place_of_config(named_config(context), directory)
    if not file.exists():
        if not list_address and sys.stdin.isatty():
            list_address, owner = _ask(owner)
        _write_config(file, list_address or "tld-ops@lists.example", owner, data, listen)
    elif list_address:
        _must_agree(file, list_address)
    config = _read(file)
    _check_tags(config.list.address, config.list.delimiter)
    _check_home(config.openpgp.home)
    fingerprint = _make_rest(config)
    _say(f"configuration  {file}")
    _say(f"list           {config.list.address}")
    _say(f"list key       {fingerprint}")
    _say(_next_steps(config))


def place_of_config(named: Path | None, directory: Path | None) -> Path:
    """Where a new config.toml goes: the named folder or file, else where the environment says, else here."""
    if directory is not None:
        return directory / "config.toml"
    if named is not None:
        return named
    return Path(os.environ.get(CONFIG_VARIABLE) or Path.cwd() / "config.toml")


def _ask(owner: str) -> tuple[str, str]:
    """The two things nobody can guess."""
    _say("Two questions; everything else can be changed later in the configuration.\n")
    _say("Members mail their commands to one address, and sub-addresses of it take answers and bounces.")
    address = _ask_address("Address of the list", "tld-ops@lists.example")
    if not owner:
        _say("\nEvery mail names a human who helps when a program does not.")
        owner = _ask_address("Address of that human", f"secretariat@{address.rpartition('@')[2]}")
    _say("")
    return address, owner


def _ask_address(question: str, example: str) -> str:
    while True:
        answer = parse_address(typer.prompt(question, default=example))
        if answer is not None:
            return answer
        _say(f"That is not a mail address, such as {example}.")


def _write_config(file: Path, list_address: str, owner: str, data: Path | None, listen: str) -> None:
    address = parse_address(list_address)
    if address is None:
        refuse(f"{list_address} is not a mail address, such as tld-ops@lists.example")
    human = parse_address(owner or f"postmaster@{address.rpartition('@')[2]}")
    if human is None:
        refuse(f"{owner} is not a mail address, such as secretariat@lists.example")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        refuse(f"{listen} is not a host and a port, such as 127.0.0.1:8025")
    folder = "var" if data is None else str(data.absolute())
    database, home = json.dumps(f"sqlite:///{folder}/tldops.sqlite"), json.dumps(f"{folder}/gnupg")
    _check_tags(address)
    _check_home(file.parent.absolute() / folder / "gnupg")
    text = _FILE.format(
        address=address, owner=human, host=json.dumps(host), port=int(port), database=database, home=home
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as problem:
        refuse(f"{file}: cannot be written ({problem.strerror})")


def _next_steps(config: Config) -> str:
    home = config.list.home
    listener = config.listener
    return _NEXT.strip("\n").format(
        local=home.local,
        domain=home.domain,
        delimiter=home.delimiter,
        where=listener.socket or f"{listener.host}:{listener.port}",
        protocol=listener.protocol.upper(),
        file=config.file,
        program=called_from_here(config.file),
        data=config.openpgp.home.parent,
    )


def called_from_here(file: Path) -> str:
    """The command line that, run from here, finds this configuration."""
    try:
        is_found = find_config(None, os.environ, Path.cwd()).resolve() == file
    except ConfigProblem:
        is_found = False
    return "tldops-bot" if is_found else f"tldops-bot --config {shlex.quote(str(file))}"


def _say(text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def _must_agree(file: Path, list_address: str) -> None:
    held = _read(file).list.address
    if parse_address(list_address) != held:
        refuse(f"{file} is for {held}; give another --directory for another list")


def _read(file: Path) -> Config:
    try:
        return load_config(file)
    except ConfigProblem as problem:
        refuse(str(problem))


def _check_tags(list_address: str, delimiter: str = "+") -> None:
    try:
        ListAddress.parse(list_address, delimiter).with_tag(LONGEST_TAG)
    except ValueError as problem:
        refuse(f"{list_address}: {problem}")


def _check_home(home: Path) -> None:
    try:
        must_fit(home)
    except HomeTooLong as problem:
        refuse(str(problem))


def _make_rest(config: Config) -> str:
    """Database and list key, where they are not there yet; the key's fingerprint."""
    with parts_of(config) as app:
        try:
            _make_database(app)
            return _make_key(app)
        except GpgUnavailable as problem:
            refuse(f"{problem}; `{called_from_here(config.file)} doctor` says more")
        except OSError as problem:
            refuse(f"{problem.filename or config.file.parent}: {problem.strerror}")


def _make_database(app: App) -> None:
    if app.database.file is not None:
        app.database.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(app.database.file, os.O_CREAT | os.O_RDWR, 0o600))
    current = app.schema.current()
    if not current:
        app.schema.upgrade()
    elif current != app.schema.newest:
        upgrade_alone(app)
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
