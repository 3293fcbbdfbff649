"""Installations that work, and the ways to break them that operators find: for `doctor`, and for its answers in print.

with healthy() as place: place.set("smarthost", "port = 1"); place.doctor("smarthost")
"""

import datetime as dt
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text as sql
from typer.testing import CliRunner

from tests.desk import fresh_home, kill_agent
from tests.dns_server import LoopbackDns
from tests.https_server import authority
from tests.ports import free_port
from tests.sink import ThreadedSink
from tests.whois_server import LoopbackWhois
from tldops_bot.app import App
from tldops_bot.checks import EVERYTHING
from tldops_bot.cli.commands import app as command_line
from tldops_bot.config import load_config
from tldops_bot.domain.finding import Finding, State
from tldops_bot.domain.iana_record import IanaContact, IanaRecord
from tldops_bot.domain.tld import Tld
from tldops_bot.store import audit, facts, iana
from tldops_bot.store.tables import Delivery, InboxRow, JobRun, Message, Office, Person

SENDS_FROM = "192.0.2.25"
DAY = dt.timedelta(days=1)
CONFIG = """\
[list]
address = "tld-ops@lists.example"
owner = "secretariat@lists.example"
[operator]
email = "root@lists.example"
[listener]
host = "127.0.0.1"
port = {free}
[smarthost]
host = "127.0.0.1"
port = {sink}
[iana]
whois = "127.0.0.1:{whois}"
[dns]
resolver = "127.0.0.1:{dns}"
"""
WHOIS = b"""\
% IANA WHOIS server

domain:       NL

organisation: Example Registry

contact:      administrative
name:         Ann Example
organisation: Example Registry
phone:        +44 20 7946 0123
e-mail:       ann@nic.example

status:       ACTIVE
source:       IANA
"""


def records(today: dt.date) -> dict[tuple[str, str], Sequence[str] | str]:
    """A domain with everything it should have."""
    return {
        ("lists.example", "MX"): ["10 mx.lists.example."],
        ("lists.example", "TXT"): [f"v=spf1 ip4:{SENDS_FROM} -all"],
        ("mx.lists.example", "A"): [SENDS_FROM],
        ("_domainkey.lists.example", "TXT"): [],
        ("_dmarc.lists.example", "TXT"): ["v=DMARC1; p=reject"],
        ("25.2.0.192.in-addr.arpa", "PTR"): ["mx.lists.example."],
        (".", "SOA"): [f"a.root-servers.net. nstld.example. {today:%Y%m%d}01 1800 900 604800 86400"],
    }


@dataclass
class Place:
    """One installation, with the servers it talks to."""

    file: Path
    sink: ThreadedSink
    dns: LoopbackDns
    stack: ExitStack
    now: dt.datetime
    path: str = field(default_factory=lambda: os.environ.get("PATH", os.defpath))

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def database(self) -> Path:
        return self.folder / "var/tldops.sqlite"

    @property
    def gpg_home(self) -> Path:
        return self.folder / "var/gnupg"

    def set(self, table: str, line: str) -> None:
        """Another line in a table of config.toml."""
        key, text = line.partition(" ")[0], self.file.read_text()
        if f"[{table}]\n" not in text:
            text += f"[{table}]\n"
        before, _, after = text.partition(f"[{table}]\n")
        own, other, rest = after.partition("\n[")
        kept = [one for one in own.splitlines() if not one.startswith(f"{key} ")]
        self.file.write_text("\n".join([f"{before}[{table}]", line, *kept]) + (other or "\n") + rest)

    def run(self, statement: str) -> None:
        """SQL on its database."""
        with self.opened() as app, app.database.write() as session:
            session.execute(sql(statement))

    @contextmanager
    def opened(self) -> Iterator[App]:
        app = App(load_config(self.file))
        try:
            yield app
        finally:
            app.close()

    def examine(self, *names: str) -> list[Finding]:
        """What these checks find; all of them, where none is named."""
        chosen = [check for check in EVERYTHING if not names or check.__name__ in names]
        with patch.dict(os.environ, {"PATH": self.path}), self.opened() as app:
            return [finding for check in chosen for finding in check(app)]

    def doctor(self, *more: str) -> tuple[int, str]:
        """The verb itself: its exit status, and all it prints."""
        with patch.dict(os.environ, {"PATH": self.path}):
            done = CliRunner().invoke(command_line, ["--config", str(self.file), "doctor", *more])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def key(self) -> str:
        with self.opened() as app:
            return app.gnupg.keyring.fingerprint

    def gpg(self, *arguments: str) -> None:
        command = ["gpg", "--homedir", str(self.gpg_home), "--batch", "--quiet", "--yes", *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def write(self, name: str, words: str, mode: int = 0o600) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(words)
        file.chmod(mode)
        return file

    def taken_port(self, greeting: bytes, tls: ssl.SSLContext | None = None) -> int:
        """A port where somebody else listens."""
        server = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.stack.enter_context(_greeting(server, greeting, tls))
        return int(server.getsockname()[1])


@contextmanager
def _greeting(server: socket.socket, words: bytes, tls: ssl.SSLContext | None) -> Iterator[None]:
    def greet() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line, suppress(OSError):
                if tls is not None:
                    tls.wrap_socket(line, server_side=True).close()
                else:
                    line.sendall(words)

    thread = threading.Thread(target=greet, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@contextmanager
def servers(now: dt.datetime) -> Iterator[tuple[ThreadedSink, LoopbackDns, LoopbackWhois]]:
    """What an installation talks to."""
    with (
        ThreadedSink() as sink,
        LoopbackDns(records(now.date())) as dns,
        LoopbackWhois({"nl": WHOIS}) as whois,
    ):
        yield sink, dns, whois


@contextmanager
def healthy(around: tuple[ThreadedSink, LoopbackDns, LoopbackWhois], now: dt.datetime) -> Iterator[Place]:
    """An installation with which all is well."""
    sink, dns, whois = around
    with fresh_home() as config, ExitStack() as stack:
        numbers = {"free": free_port(), "sink": sink.port, "whois": whois.port, "dns": dns.port}
        config.file.write_text(CONFIG.format(**numbers))
        stack.enter_context(patch.dict(dns.table))
        stack.callback(sink.behave)
        place = Place(config.file, sink, dns, stack, now)
        place.set("smarthost", f'sends_from = ["{SENDS_FROM}"]')
        (place.folder / "var").chmod(0o700)
        place.database.chmod(0o600)
        with place.opened() as app, app.database.write() as session:
            contact = IanaContact("administrative", "Ann Example", "Example", "", "", "ann@nic.example")
            found = IanaRecord(Tld("nl", "nl"), True, ("Example",), "ACTIVE", None, None, (contact,), "")
            iana.keep_record(session, found, now)
            person = Person(name="Carol Example", email="carol@example.net", email_key="carol@example.net")
            person.created_at = now
            session.add(person)
            session.flush()
            session.add(Office(person_id=person.id, role="committee", since_at=now))
            facts.put(session, facts.BACKED_UP_AT, now.isoformat())
        yield place


# --- the ways to break it

Break = Callable[[Place], None]


@dataclass(frozen=True)
class Setup:
    """One way to break it: which checks find it, how bad it is, and words of the line that mends it."""

    title: str
    break_it: Break
    checks: tuple[str, ...]
    state: State
    mend: str

    @property
    def is_for_root(self) -> bool:
        """Whether only root can break it so."""
        return "root" in self.title


SETUPS: list[Setup] = []
BROKEN, WARNING = State.BROKEN, State.WARNING


def setup(title: str, checks: str, state: State, mend: str) -> Callable[[Break], Break]:
    def declare(break_it: Break) -> Break:
        SETUPS.append(Setup(title, break_it, tuple(checks.split()), state, mend))
        return break_it

    return declare


@setup("a password file that was never written", "secrets", BROKEN, "install -m 600 /dev/stdin ")
def _(place: Place) -> None:
    place.set("smarthost", 'password_file = "secret/password"')


@setup("a passphrase that everybody on the machine can read", "secrets", BROKEN, "chmod 600 ")
def _(place: Place) -> None:
    place.write("passphrase", "open sesame\n", 0o644)
    place.set("openpgp", 'passphrase_file = "passphrase"')


@setup("a password in a configuration that everybody can read", "secrets", BROKEN, "chmod 640 ")
def _(place: Place) -> None:
    place.file.chmod(0o644)
    place.set("wake", 'gateways = { ntfy = "ntfys://bot:sesame@ntfy.example/{to}" }')


@setup("a gpg home open to others", "secrets", BROKEN, "chmod 700 ")
def _(place: Place) -> None:
    place.gpg_home.chmod(0o755)


@setup("a database open to others", "secrets", BROKEN, "chmod 600 ")
def _(place: Place) -> None:
    place.database.chmod(0o644)


@setup("doctor run by root, the service by another user", "secrets openpgp", BROKEN, "sudo -u ")
def _(place: Place) -> None:
    os.chown(place.gpg_home, 65534, 65534)
    place.stack.callback(os.chown, place.gpg_home, os.geteuid(), os.getegid())


@setup("the folder of the LMTP socket is not there", "folders", BROKEN, "mkdir -p -m 700 ")
def _(place: Place) -> None:
    place.set("listener", 'socket = "run/lmtp.sock"')


@setup("a full disk", "disk", BROKEN, "df -h ")
def _(place: Place) -> None:
    usage = shutil._ntuple_diskusage(100_000_000_000, 99_999_000_000, 1_000_000)  # type: ignore[attr-defined]
    real = shutil.disk_usage
    full = lambda folder: usage if folder == place.database.parent else real(folder)  # noqa: E731
    place.stack.enter_context(patch("shutil.disk_usage", full))


@setup("a clock that is a month behind", "clock", BROKEN, "timedatectl set-ntp true")
def _(place: Place) -> None:
    month = place.now.date() + 30 * DAY
    place.dns.table[(".", "SOA")] = [f"a. b. {month:%Y%m%d}00 1800 900 604800 86400"]


@setup("a clock that was set back by an hour", "clock", BROKEN, "date -u")
def _(place: Place) -> None:
    with place.opened() as app, app.database.write() as session:
        audit.record(session, place.now + dt.timedelta(hours=1), "nobody", "mail")


@setup("a clock that nothing keeps right", "clock", WARNING, "timedatectl set-ntp true")
def _(place: Place) -> None:
    place.stack.enter_context(patch("tldops_bot.adapters.linux_clock.is_kept", lambda: False))


@setup("time zones that are not known", "time_zones", WARNING, "apt-get install tzdata")
def _(place: Place) -> None:
    place.stack.enter_context(patch("tldops_bot.checks.machine.FAR_ZONES", ("Pacific/Nowhere",)))


@setup("no fonts", "fonts", WARNING, "apt-get install fonts-noto-core")
def _(place: Place) -> None:
    (place.folder / "none").mkdir()
    place.set("roster", 'fonts = "none"')


@setup("a template of one's own with a mistake", "wording", BROKEN, "mend that line")
def _(place: Place) -> None:
    place.write("templates/welcome.txt.j2", "Subject: Welcome\n\n{% if name %}Hello\n")
    place.set("templates", 'directory = "templates"')


@setup("a template that is not UTF-8", "wording", BROKEN, "write it anew in UTF-8")
def _(place: Place) -> None:
    place.write("templates/welcome.txt.j2", "")
    (place.folder / "templates/welcome.txt.j2").write_bytes(b"Subject: Willkommen\n\nSch\xf6n\n")
    place.set("templates", 'directory = "templates"')


@setup("a template that uses what there is not", "wording", WARNING, "mend that file")
def _(place: Place) -> None:
    place.write("templates/query/contacts.txt.j2", "Dear {{ nickname }}\n")
    place.set("templates", 'directory = "templates"')


@setup("a folder of templates that is not there", "wording", BROKEN, "mkdir ")
def _(place: Place) -> None:
    place.set("templates", 'directory = "templates"')


@setup("gpg is not installed", "openpgp", BROKEN, "apt-get install gnupg")
def _(place: Place) -> None:
    (place.folder / "bin").mkdir()
    place.path = str(place.folder / "bin")


@setup("a gpg that does not run", "openpgp", BROKEN, "gpg --version")
def _(place: Place) -> None:
    lame = place.write("bin/gpg", "#!/bin/sh\nexit 127\n", 0o755)
    place.path = f"{lame.parent}:{place.path}"


@setup("a gpg that is too old", "openpgp", BROKEN, "install GnuPG 2.2 or newer")
def _(place: Place) -> None:
    old = place.write("bin/gpg", "#!/bin/sh\necho 'gpg (GnuPG) 1.4.23'\n", 0o755)
    place.path = f"{old.parent}:{place.path}"


@setup("a gpg home whose path is too long", "openpgp", BROKEN, "give [openpgp] home the shorter path")
def _(place: Place) -> None:
    kill_agent(place.gpg_home)
    name = ("var/" + "a" * 100)[: 87 - len(f"{place.folder}/")]
    place.gpg_home.rename(place.folder / name)
    place.set("openpgp", f'home = "{name}"')


@setup("a gpg-agent that does not start", "openpgp", BROKEN, "--daemon")
def _(place: Place) -> None:
    place.write("bin/gpgconf", "#!/bin/sh\nexit 2\n", 0o755)
    place.path = f"{place.folder / 'bin'}:{place.path}"


@setup("the list's secret key is gone", "openpgp", BROKEN, "tldops-bot restore FILE")
def _(place: Place) -> None:
    kill_agent(place.gpg_home)
    shutil.rmtree(place.gpg_home / "private-keys-v1.d")


@setup("a key with a passphrase that nobody told the program", "openpgp", BROKEN, "passphrase_file")
def _(place: Place) -> None:
    kill_agent(place.gpg_home)
    shutil.rmtree(place.gpg_home)
    before = place.file.read_text()
    place.gpg_home.mkdir(mode=0o700)
    place.write("var/gnupg/gpg-agent.conf", "auto-expand-secmem 65536\ns2k-count 65536\n")
    place.write("passphrase", "open sesame\n")
    place.set("openpgp", 'passphrase_file = "passphrase"')
    with place.opened() as app:
        app.gnupg.keyring.make("tld-ops@lists.example")
    place.file.write_text(before)
    kill_agent(place.gpg_home)


@setup("the list's key ends in ten days", "openpgp", BROKEN, "--quick-set-expire ")
def _(place: Place) -> None:
    place.gpg("--quick-set-expire", place.key(), "10d")


@setup("the list's key ends in forty days", "openpgp", WARNING, "--quick-set-expire ")
def _(place: Place) -> None:
    place.gpg("--quick-set-expire", place.key(), "40d")


@setup("a key made for another address", "openpgp", WARNING, "--quick-add-uid ")
def _(place: Place) -> None:
    place.file.write_text(place.file.read_text().replace("tld-ops@lists", "warnings@lists"))


@setup("a key that was changed on the other node only", "openpgp", BROKEN, " --export-secret-keys ")
def _(place: Place) -> None:
    place.run(f"INSERT INTO facts (name, value) VALUES ('{facts.LIST_KEY}', '{'A' * 40}')")


@setup("no database", "database", BROKEN, "tldops-bot init")
def _(place: Place) -> None:
    place.database.unlink()


@setup("a damaged database", "database", BROKEN, "PRAGMA integrity_check")
def _(place: Place) -> None:
    place.database.write_bytes(b"this is no database" * 1000)


@setup("a database that is empty", "database", BROKEN, "restore FILE")
def _(place: Place) -> None:
    place.database.write_bytes(b"")


@setup("a database of an older version", "database", BROKEN, "db upgrade")
def _(place: Place) -> None:
    place.run("DELETE FROM alembic_version")


@setup("a database of a newer version", "database", BROKEN, "install that version")
def _(place: Place) -> None:
    place.run("UPDATE alembic_version SET version_num = '9999'")


@setup("a PostgreSQL that does not run", "database", BROKEN, "is PostgreSQL running")
def _(place: Place) -> None:
    place.set("database", f'url = "postgresql+psycopg://tldops@127.0.0.1:{free_port()}/tldops"')


@setup("no committee", "database", WARNING, "tldops-bot committee add")
def _(place: Place) -> None:
    place.run("DELETE FROM offices")


@setup("no backup", "database", WARNING, " backup FILE")
def _(place: Place) -> None:
    place.run(f"DELETE FROM facts WHERE name = '{facts.BACKED_UP_AT}'")


@setup("a backup that is a month old", "database", WARNING, " backup FILE")
def _(place: Place) -> None:
    then = place.now - 31 * DAY
    place.run(f"UPDATE facts SET value = '{then.isoformat()}' WHERE name = '{facts.BACKED_UP_AT}'")


@setup("a mail that was set aside", "queues", WARNING, "tldops-bot inbox list --stuck")
def _(place: Place) -> None:
    _mail(place, "stuck")


@setup("a copy that was set aside", "queues", WARNING, "tldops-bot outbox retry")
def _(place: Place) -> None:
    with place.opened() as app, app.database.write() as session:
        message = Message(
            kind="notice", priority=30, subject="", headers={}, is_confidential=False, made_at=place.now
        )
        session.add(message)
        session.flush()
        session.add(
            Delivery(
                message_id=message.id,
                rcpt_to="ann@nic.example",
                entitled_as="address",
                state="held",
                last_status="smarthost-fails",
                priority=30,
                next_attempt_at=place.now,
            )
        )


@setup("a service that does no work", "queues", WARNING, "is `tldops-bot serve` running?")
def _(place: Place) -> None:
    _mail(place, "waiting")


@setup("a job that is not done any more", "queues", WARNING, "tldops-bot run-job forget_old")
def _(place: Place) -> None:
    then = place.now - 3 * DAY
    with place.opened() as app, app.database.write() as session:
        session.add(JobRun(name="forget_old", started_at=then, finished_at=then))


def _mail(place: Place, state: str) -> None:
    then = place.now - dt.timedelta(hours=2)
    row = {"mail_from": "x@example.net", "rcpt_tos": [], "state": state, "next_attempt_at": then}
    with place.opened() as app, app.database.write() as session:
        session.add(InboxRow(received_at=then, **row))


@setup("a port that another program has taken", "listening", BROKEN, "ss -ltnp")
def _(place: Place) -> None:
    place.set("listener", f"port = {place.taken_port(b'220 mx.lists.example ESMTP Postfix')}")


@setup("an address that is not this machine's", "listening", BROKEN, "ip address")
def _(place: Place) -> None:
    place.set("listener", 'host = "192.0.2.1"')


@setup("a port for metrics that another program has taken", "listening", BROKEN, "[metrics] listen")
def _(place: Place) -> None:
    port = place.taken_port(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    place.set("metrics", f'listen = "127.0.0.1:{port}"')


@setup("a certificate that has ended", "listening", BROKEN, "certbot renew")
def _(place: Place) -> None:
    _certificate(place, place.now - DAY)


@setup("a certificate that ends in three days", "listening", WARNING, "certbot renew")
def _(place: Place) -> None:
    _certificate(place, place.now + 3 * DAY)


@setup("a certificate with another's key", "listening", BROKEN, "the key belonging to the certificate")
def _(place: Place) -> None:
    _certificate(place, place.now + 90 * DAY)
    place.write("key.pem", _pem(ec.generate_private_key(ec.SECP256R1())))


def _certificate(place: Place, ends: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.lists.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(ends - 90 * DAY).not_valid_after(ends)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    place.write("certificate.pem", certificate)
    place.write("key.pem", _pem(key))
    place.set("listener", 'tls_certificate = "certificate.pem"')
    place.set("listener", 'tls_key = "key.pem"')


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@setup("a smarthost that is not there", "smarthost", BROKEN, "[smarthost] host and port")
def _(place: Place) -> None:
    place.set("smarthost", f"port = {free_port()}")


@setup("a smarthost that does not talk to us", "smarthost", BROKEN, "mynetworks")
def _(place: Place) -> None:
    place.sink.answer("CONNECT", "554 5.7.1 Go away")


@setup("a smarthost that does not relay", "smarthost", BROKEN, "mynetworks")
def _(place: Place) -> None:
    place.sink.answer("RCPT", "554 5.7.1 <root@lists.example>: Relay access denied")


@setup("a smarthost that refuses the sender", "smarthost", BROKEN, "let it relay for tld-ops@lists.example")
def _(place: Place) -> None:
    place.sink.answer("MAIL", "553 5.7.1 Sender address rejected: not owned by user")


@setup("a smarthost that asks to come back", "smarthost", WARNING, "try again")
def _(place: Place) -> None:
    place.sink.answer("RCPT", "450 4.2.0 Greylisted")


@setup("a smarthost that offers no TLS", "smarthost", BROKEN, "openssl s_client")
def _(place: Place) -> None:
    place.set("smarthost", 'tls = "starttls"')


@setup("a smarthost whose certificate nobody vouches for", "smarthost", BROKEN, "openssl s_client")
def _(place: Place) -> None:
    place.set("smarthost", f"port = {place.taken_port(b'', authority().context_for(('127.0.0.1',)))}")
    place.set("smarthost", 'tls = "tls"')


@setup("a wrong password", "smarthost", BROKEN, "[smarthost] username")
def _(place: Place) -> None:
    place.write("password", "wrong\n")
    place.set("smarthost", 'username = "tldops"')
    place.set("smarthost", 'password_file = "password"')
    place.sink.answer("EHLO", "250-sink.example\r\n250 AUTH PLAIN")
    place.sink.answer("AUTH", "535 5.7.8 Authentication credentials invalid")


@setup("a password that cannot be read", "smarthost", BROKEN, "password_file, first line")
def _(place: Place) -> None:
    place.set("smarthost", 'username = "tldops"')
    place.set("smarthost", 'password_file = "password"')


@setup("a DNS that does not answer", "dns_records", BROKEN, "/etc/resolv.conf")
def _(place: Place) -> None:
    place.stack.enter_context(patch("tldops_bot.adapters.dns_questions.TRY_SECONDS", 0.1))
    place.set("dns", f'resolver = "127.0.0.1:{free_port()}"')


@setup("no MX record", "dns_records", BROKEN, "lists.example. IN MX 10 HOST.")
def _(place: Place) -> None:
    del place.dns.table["lists.example", "MX"]


@setup("a domain that says it takes no mail", "dns_records", BROKEN, "lists.example. IN MX 10 HOST.")
def _(place: Place) -> None:
    place.dns.table["lists.example", "MX"] = ["0 ."]


@setup("an MX record that leads nowhere", "dns_records", BROKEN, "gone.lists.example. IN A ADDRESS")
def _(place: Place) -> None:
    place.dns.table["lists.example", "MX"] = ["10 gone.lists.example."]


@setup("no SPF record", "dns_records", BROKEN, f'lists.example. IN TXT "v=spf1 ip4:{SENDS_FROM} -all"')
def _(place: Place) -> None:
    del place.dns.table["lists.example", "TXT"]


@setup("an SPF record without the smarthost", "dns_records", BROKEN, f"put ip4:{SENDS_FROM} into the SPF")
def _(place: Place) -> None:
    place.dns.table["lists.example", "TXT"] = ["v=spf1 ip4:198.51.100.1 -all"]


@setup("two SPF records", "dns_records", BROKEN, "one TXT record that begins with v=spf1")
def _(place: Place) -> None:
    place.dns.table["lists.example", "TXT"] = ["v=spf1 mx -all", "v=spf1 a -all"]


@setup("an SPF record that leaves it open", "dns_records", WARNING, f"put ip4:{SENDS_FROM} into the SPF")
def _(place: Place) -> None:
    place.dns.table["lists.example", "TXT"] = ["v=spf1 ?all"]


@setup("no DKIM key", "dns_records", BROKEN, "opendkim-genkey")
def _(place: Place) -> None:
    del place.dns.table["_domainkey.lists.example", "TXT"]


@setup("no DMARC record", "dns_records", WARNING, '_dmarc.lists.example. IN TXT "v=DMARC1;')
def _(place: Place) -> None:
    del place.dns.table["_dmarc.lists.example", "TXT"]


@setup("no reverse name", "dns_records", BROKEN, "25.2.0.192.in-addr.arpa. IN PTR HOST.")
def _(place: Place) -> None:
    del place.dns.table["25.2.0.192.in-addr.arpa", "PTR"]


@setup(
    "a reverse name that does not lead back", "dns_records", BROKEN, "25.2.0.192.in-addr.arpa. IN PTR HOST."
)
def _(place: Place) -> None:
    place.dns.table["25.2.0.192.in-addr.arpa", "PTR"] = ["host25.provider.example."]


@setup("an IANA that cannot be asked", "iana", WARNING, "tldops-bot iana import FILE")
def _(place: Place) -> None:
    place.set("iana", f'whois = "127.0.0.1:{free_port()}"')


@setup("a server that is not IANA's", "iana", BROKEN, '[iana] whois = "whois.iana.org:43"')
def _(place: Place) -> None:
    other = place.stack.enter_context(LoopbackWhois({"nl": b"domain: nl.example\n"}))
    place.set("iana", f'whois = "127.0.0.1:{other.port}"')


@setup("nothing known of IANA's contacts", "iana", BROKEN, "tldops-bot iana sync")
def _(place: Place) -> None:
    place.run("DELETE FROM iana_contacts")
    place.run("DELETE FROM iana_tlds")


@setup("IANA's answers are a month old", "iana", WARNING, "tldops-bot iana sync")
def _(place: Place) -> None:
    then = place.now - 31 * DAY
    place.run(f"UPDATE iana_tlds SET fetched_at = '{then:%Y-%m-%d %H:%M:%S}.000000'")


def as_printed(place: Place, finding: Finding) -> str:
    """A finding as `doctor` says it, with what differs from day to day and machine to machine made the same."""
    says, mend = (_settled(place, text) for text in (finding.says, finding.mend))
    return f"{finding.state.value:9}{finding.check:14}{says}\n         → {mend}"


def _settled(place: Place, text: str) -> str:
    text = text.replace(str(place.folder), "/srv/tldops")
    text = re.sub(r"/srv/tldops/var/a{50,}", "/srv/tldops/…a path of 120 letters…", text)
    text = re.sub(r"\b(127\.0\.0\.1|192\.0\.2\.1):\d+", r"\1:PORT", text)
    text = re.sub(r"sport = :\d+", "sport = :PORT", text)
    text = re.sub(r"20\d\d-\d\d-\d\d( \d\d:\d\d)?", "2026-11-21", text)
    return re.sub(r"\b[0-9A-F]{40}\b", "0123456789ABCDEF0123456789ABCDEF01234567", text)
