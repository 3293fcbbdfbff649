"""The bot at a desk: mails in by hand, letters out by hand; real gpg, a real SQLite file, a clock that obeys.

desk.say(ann, "QUERY nl")            # signed by ann, carried out; what became of it
desk.token_for("ann@nic.example")    # the token in the newest letter to that address
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import postgres
from tests.keys import LIST_ADDRESS, SHORT, KeyPair, mail, text_entity
from tests.roster_files import quick_files
from tldops_bot.adapters.gnupg_list_key import ListKey
from tldops_bot.adapters.roster_press import RosterPress
from tldops_bot.app import App
from tldops_bot.config import Config, load_config
from tldops_bot.domain.address import address_key
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.iana_record import IanaContact, IanaRecord
from tldops_bot.domain.organisation import parse_organisation
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.domain.tld import parse_tld
from tldops_bot.intake import Handled
from tldops_bot.store import alert_targets, iana, inbox, organisations, people, people_keys
from tldops_bot.store.tables import Delivery, Entry, Message, Office, Person

LIST_LINE = f"List: {LIST_ADDRESS}"
CONFIG = """
[list]
address = "{address}"
owner = "secretariat@lists.example"
[operator]
email = "root@lists.example"
[listener]
port = 0
[smarthost]
port = {sink}
connections = 4
[iana]
whois = "127.0.0.1:9"
[dns]
resolver = "none"
{more}
"""


@cache
def initialised() -> Path:
    """A folder in which `init` was run, to be copied: making the list's key takes longest."""
    home = Path(tempfile.mkdtemp(prefix="desk", dir=SHORT))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    config = write_config(home)
    app = App(config)
    app.database.file.parent.mkdir(parents=True)
    app.database.file.touch()
    app.schema.upgrade()
    config.openpgp.home.mkdir(mode=0o700, exist_ok=True)
    app.gnupg.keyring.make(LIST_ADDRESS)
    app.close()
    kill_agent(config.openpgp.home)
    return home


def write_config(home: Path, sink: int = 25, more: str = "") -> Config:
    file = home / "config.toml"
    file.write_text(CONFIG.format(address=LIST_ADDRESS, sink=sink, more=more))
    return load_config(file)


def kill_agent(home: Path) -> None:
    command = ["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"]
    subprocess.run(command, capture_output=True, check=False)


@contextmanager
def fresh_home(sink: int = 25, more: str = "") -> Iterator[Config]:
    """A copy of the initialised folder, with a configuration of its own."""
    home = Path(tempfile.mkdtemp(prefix="d", dir=SHORT))
    elsewhere = ExitStack()
    try:
        if os.environ.get(postgres.VARIABLE) == "postgresql" and "[database]" not in more:
            more += elsewhere.enter_context(on_postgresql())
        shutil.copytree(
            initialised(),
            home,
            dirs_exist_ok=True,
            ignore=lambda _folder, names: [n for n in names if n[:2] == "S."],
        )
        yield write_config(home, sink, more)
    finally:
        kill_agent(home / "var/gnupg")
        shutil.rmtree(home, ignore_errors=True)
        elsewhere.close()


@contextmanager
def on_postgresql(options: str = "") -> Iterator[str]:
    """The table of config.toml for a database that is there for this alone."""
    with postgres.new_database(options) as url:
        yield f"\n[database]\nurl = {url!r}\n"


@cache
def armored_list_key() -> bytes:
    """The public key in the initialised folder, and so in each copy."""
    app = App(load_config(initialised() / "config.toml"))
    try:
        return app.list_key.armored()
    finally:
        app.close()
        kill_agent(app.config.openpgp.home)


class CopiedListKey(ListKey):
    """Known before anybody looks."""

    def _look(self) -> None:
        if self._armored:
            super()._look()
        else:
            self._armored = armored_list_key()


@dataclass
class DeskApp(App):
    """All parts, made quickly: gpg is not asked for what is known, and the press does not print."""

    @cached_property
    def list_key(self) -> ListKey:
        return CopiedListKey(self.gnupg.keyring)

    @cached_property
    def roster_press(self) -> RosterPress:
        return replace(super().roster_press, make=quick_files)


@dataclass
class Desk:
    """One bot without its network side."""

    app: App
    now: datetime
    letters: list[Letter] = field(default_factory=list)

    # --- mails in

    def receive(
        self,
        raw: bytes,
        mail_from: str | None = None,
        rcpt_tos: Sequence[str] = (LIST_ADDRESS,),
        at: datetime | None = None,
    ) -> Handled:
        """One raw mail through inbox and intake, as the workers would."""
        sender = "someone@client.example" if mail_from is None else mail_from
        envelope = Envelope(sender, tuple(rcpt_tos), "192.0.2.1", "client.example", False, "ESMTP")
        with self.app.database.write() as session:
            inbox.accept(session, [(raw, envelope, at or self.now)])
        return self.work()[0]

    def work(self) -> list[Handled]:
        """Carry out everything that is due in the inbox."""
        done = []
        while True:
            with self.app.database.write() as session:
                taken = inbox.claim(session, f"claim-{len(self.letters)}", self.now)
            if not taken:
                return done
            handled = self.app.intake.handle(taken[0], self.now)
            if handled is None:  # it comes again, in its turn
                continue
            self.letters += handled.letters
            done.append(handled)

    def say(self, who: KeyPair, text: str, headers: dict[str, str] | None = None, **more: object) -> Handled:
        """A PGP/MIME signed mail, signed now."""
        raw = who.pgp_mime_signed(text, headers, at=self.now, **more)
        return self.receive(raw, who.address)

    def say_bound(self, who: KeyPair, text: str, **more: object) -> Handled:
        """The same, naming the list."""
        return self.say(who, f"{LIST_LINE}\n{text}", **more)

    def write(self, address: str, text: str, subject: str = "hello", **headers: str) -> Handled:
        """A plain mail."""
        top = {
            "From": address,
            "To": LIST_ADDRESS,
            "Subject": subject,
            "Message-ID": f"<{id(text)}@client.example>",
        }
        return self.receive(mail(top | headers, text_entity(text)), address)

    # --- letters out

    def to(self, address: str) -> list[Letter]:
        """The letters to one address, oldest first."""
        key = address_key(address)
        return [one for one in self.letters if key in map(address_key, self.addresses(one))]

    def addresses(self, letter: Letter) -> list[str]:
        """Where a letter goes."""
        if letter.audience is None:
            return [to.address for to in letter.to]
        with self.look() as session:
            return alert_targets.addresses(session, letter.audience)

    def copies(self) -> dict[str, str]:
        """The state of each copy of the newest mail about an alert, by its address, in the order in which they go."""
        newest = select(func.max(Message.id)).where(Message.kind == Kind.ALERT, Message.is_confidential)
        query = select(Delivery.rcpt_to, Delivery.state).where(
            Delivery.message_id == newest.scalar_subquery()
        )
        with self.look() as session:
            return {row.rcpt_to: row.state for row in session.execute(query.order_by(Delivery.id))}

    def last(self, address: str) -> Letter:
        return self.to(address)[-1]

    def token_for(self, address: str) -> str:
        found = [one for one in self.to(address) if "token" in one.values]
        return str(found[-1].values["token"])

    def text(self, letter: Letter) -> str:
        """A letter in words."""
        rendered = self.app.renderer.render(letter.template, letter.values)
        return f"Subject: {letter.subject or rendered.subject}\n\n{rendered.body}"

    # --- the world around

    def later(self, **length: float) -> None:
        self.now += timedelta(**length)

    def iana(self, tld: str, administrative: str, technical: str = "", at: datetime | None = None) -> None:
        """What IANA lists for a TLD."""
        found = parse_tld(tld)
        assert found is not None
        pairs = (("administrative", administrative), ("technical", technical))
        contacts = tuple(
            IanaContact(kind, "Example Role", "Example Registry", "", "", email)
            for kind, email in pairs
            if email
        )
        record = IanaRecord(found, True, ("Example Registry",), "ACTIVE", None, None, contacts, "")
        with self.app.database.write() as session:
            iana.keep_record(session, record, at or self.now)

    def member(
        self, who: KeyPair, *tlds: str, office: str = "", keyless: bool = False, name: str = ""
    ) -> int:
        """Somebody already listed, past probation."""
        with self.app.database.write() as session:
            person = Person(
                name=name or who.name,
                email=who.address,
                email_key=address_key(who.address),
                mobile="+44 7700 900123",
                mobile_e164="+447700900123",
                organisation="Example Registry",
                created_at=self.now,
                confirmed_at=self.now,
            )
            session.add(person)
            session.flush()
            for tld in tlds:
                if body := parse_organisation(tld):
                    organisations.keep(session, body, self.now)
                session.add(
                    Entry(
                        person_id=person.id,
                        tld=tld,
                        state=people.LISTED,
                        since_at=self.now,
                        probation_until=self.now,
                        objections_until=self.now,
                        vouched_by="IANA administrative contact",
                    )
                )
            if office:
                session.add(Office(person_id=person.id, role=office, since_at=self.now))
            if not keyless:
                certificate = self.app.gnupg.inspect(who.armored, self.now)[0]
                people_keys.register_key(session, person, certificate, self.now)
            return person.id

    @contextmanager
    def look(self) -> Iterator[Session]:
        with self.app.database.read() as session:
            yield session


@contextmanager
def open_desk(more: str = "") -> Iterator[Desk]:
    """A desk in a folder of its own."""
    with fresh_home(more=more) as config:
        desk = Desk(DeskApp(config), datetime.now(UTC).replace(microsecond=0))
        desk.app.now = lambda: desk.now
        try:
            yield desk
        finally:
            desk.app.close()
