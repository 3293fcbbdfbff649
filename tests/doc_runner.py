"""Does what a page of docs/ tells people to do: its commands on a real service, its mails by real people.

    python -m tests.doc_runner docs/operators/run.md      # prints what really comes

Each page has a folder of its own. What the page calls /srv/tldops lies there, and the network beyond (smarthost, IANA,
the mailboxes) is on loopback; nothing else differs from what a reader would do.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from tests.desk import Desk, kill_agent
from tests.doc_pages import Block, Differs, Page, Words
from tests.keys import LIST_ADDRESS, KeyPair, person
from tests.letterbox import Got
from tests.service import Running, Town, town, wait_until
from tests.sink import ThreadedSink
from tests.whois_server import LoopbackWhois
from tldops_bot.app import App, utc_now
from tldops_bot.cli import _frame
from tldops_bot.cli.commands import app as command_line
from tldops_bot.config import load_config

SRV = "/srv/tldops"
COLUMNS = 100
SECONDS = 300.0
IDN = "xn--e1afmkfd"
PEOPLE = {
    "ann": ("Ann Example", "ann@nic-xa.example", "xa"),
    "bob": ("Bob Example", "bob@registry-xb.example", "xb"),
    "carol": ("Carol Example", "carol@committee.example", ""),
    "cecil": ("Cecil Example", "cecil@committee.example", ""),
    "dina": ("Dina Example", "dina@nic-primer.example", IDN),
    "sam": ("Sam Example", "sam@secretariat.example", ""),
}
KEYLESS = {"dina"}
OFFICES = {"carol": "committee", "cecil": "committee", "sam": "secretariat"}
TOKEN_LINE = re.compile(r"^(?:CONFIRM|DECLINE|OBJECT) (\S+)", re.MULTILINE)
WHOIS = """\
% IANA WHOIS server
% for more information on IANA, visit http://www.iana.org
% This query returned 1 object

domain:       {tld}

organisation: Registry {tld}

contact:      administrative
name:         Example Role
organisation: Registry {tld}
phone:        +99 1 555 0100
e-mail:       admin@nic-{small}.example

contact:      technical
name:         Example Role
organisation: Registry {tld}
phone:        +99 1 555 0101
e-mail:       tech@nic-{small}.example

status:       ACTIVE

created:      2020-01-01
changed:      2026-01-01
source:       IANA
"""


@dataclass
class Runner:
    """One page while it is run. `place` is there once the page has run `init`, or from the start."""

    sink: ThreadedSink
    srv: Path  # what the page calls /srv/tldops
    here: Path  # where the reader's shell stands
    whois_port: int
    ends: ExitStack
    place: Town | None = None
    is_bare: bool = False
    words: Words = field(default_factory=lambda: Words({}))
    environment: dict[str, str] = field(default_factory=dict)
    answer_to: dict[str, str] = field(default_factory=dict)  # the address made for the answer, by token
    tell: bool = False  # print what really came

    @property
    def does(self) -> Mapping[str, Callable[[Block], None]]:
        return {"console": self._console, "mail": self._mail, "reply": self._reply, "csv": self._csv}

    def run(self, page: Page) -> None:
        for block in page.blocks(*self.does):
            try:
                self.does[block.kind](block)
            except AssertionError as problem:
                raise Differs(f"{page.name}, line {block.line}: {problem}") from problem

    # --- a shell

    def _console(self, block: Block) -> None:
        for command, shown in commands_of(block):
            status, came = self._shell(self.words.filled_in(command))
            if self.tell:
                print(f"$ {command}", *came, sep="\n")
            try:
                if status and not any(line.startswith("tldops-bot: ") for line in shown):
                    raise Differs(f"ended with status {status}, and said:\n" + "\n".join(came))
                self.words.check(shown, came)
            except Differs as problem:
                raise Differs(f"$ {command}\n{problem}") from problem

    def _shell(self, command: str) -> tuple[int, list[str]]:
        """What a command ended with and said; refusals may stand on the page, other failures may not."""
        words = shlex.split(command)
        if words[0] == "export":
            pairs = (word.partition("=")[::2] for word in words[1:])
            self.environment |= {name: self._real(value) for name, value in pairs if name != "PATH"}
            return 0, []
        if words[0] == "tldops-bot":
            return self._tldops_bot([self._real(word) for word in words[1:]])
        done = subprocess.run(
            ["bash", "-c", self._real(command)],
            cwd=self.here,
            env=self._whole_environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, self._said(done.stdout + done.stderr)

    def _tldops_bot(self, words: list[str]) -> tuple[int, list[str]]:
        if words == ["serve"]:
            return 0, [f"listening on {self._serve().where}"]
        is_wide = patch.object(_frame.console, "_width", COLUMNS)  # it was measured when the module was read
        with contextlib.chdir(self.here), is_wide:
            done = CliRunner().invoke(command_line, words, env=self._whole_environment())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise AssertionError(f"tldops-bot {words}: {done.exception!r}") from done.exception
        if words[:1] == ["init"]:
            self._join_the_world()
        return done.exit_code, self._said(done.output)

    def _join_the_world(self) -> None:
        """A configuration just made is told where smarthost and IANA are in this world."""
        file = self.srv / "config.toml"
        text = file.read_text()
        if "[iana]" not in text:
            smarthost = f'[smarthost]\nhost = "127.0.0.1"\nport = {self.sink.port}\n'
            text = re.sub(r"(?s)\[smarthost\]\n.*?(?=\n\[|\Z)", smarthost, text).replace(
                "port = 8025", "port = 0"
            )
            file.write_text(
                f'{text}\n[iana]\nwhois = "127.0.0.1:{self.whois_port}"\n[dns]\nresolver = "none"\n'
            )
        config = load_config(file)
        desk = Desk(App(config), utc_now())
        self.ends.callback(desk.app.close)
        self.place = Town(config, self.sink, desk)

    def _serve(self) -> Running:
        assert self.place is not None
        if self.is_bare:
            self.place.roster_is_sent()  # or the clock's first tick would make the files of one
        return self.ends.enter_context(self.place.serving())

    def _whole_environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        own = {
            "HOME": str(self.here),
            "COLUMNS": str(COLUMNS),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
        }
        gpg_home = self.here / ".gnupg"
        if not gpg_home.exists():
            gpg_home.mkdir(mode=0o700)
            (gpg_home / "gpg.conf").write_text(
                "batch\npinentry-mode loopback\npassphrase ''\n"
            )  # nobody is there to ask
            for first in ("--list-keys", "--import-ownertrust"):  # as in a home that has been used before
                command = ["gpg", "--homedir", str(gpg_home), "--batch", "--quiet", first]
                subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        config = {"TLDOPS_CONFIG": str(self.srv / "config.toml"), "GNUPGHOME": str(gpg_home)}
        return kept | own | config | self.environment

    def _real(self, text: str) -> str:
        for shown, real in self._places():
            text = text.replace(shown, real)
        return text

    def _said(self, text: str) -> list[str]:
        for shown, real in self._places():
            text = text.replace(real, shown)
        return [line.rstrip() for line in text.rstrip("\n").splitlines()]

    def _places(self) -> tuple[tuple[str, str], ...]:
        return ((SRV, str(self.srv)), ("/srv/restored", str(self.here / "restored")))

    def _csv(self, block: Block) -> None:
        (self.here / "roster.csv").write_text(block.text + "\n", encoding="utf-8")

    # --- people

    def _must_serve(self) -> None:
        """The service of a list that is being run starts with the first mail; that of a new one when the page says so."""
        assert self.place is not None, "no `init` before this mail"
        if self.place.running is None:
            assert not self.is_bare, "no `serve` before this mail"
            self._serve()

    def _mail(self, block: Block) -> None:
        self._must_serve()
        assert self.place is not None
        wait_until(
            lambda: not self.place or not self.place._is_busy(), SECONDS
        )  # who writes has read what came
        head, body = block.head_and_body()
        name, address = parseaddr(head["From"])
        text = self.words.filled_in(body)
        subject = head.get("Subject", "hello")
        found = TOKEN_LINE.search(text)
        to = self.answer_to.get(found[1], LIST_ADDRESS) if found else LIST_ADDRESS
        if "Sign" not in head:
            self.place.write(address, text, rcpt_to=to, Subject=subject, From=head["From"])
            return
        who = person(name, address)
        attached = [who.key_attachment()] if "Attach" in head else []
        headers = {"Subject": subject}
        if "Encrypt" in head:
            raw = who.pgp_mime_encrypted(text, self.place.list_key, headers, attachments=attached)
        else:
            raw = who.pgp_mime_signed(text, headers, attachments=attached)
        self.place.send(raw, address, to)

    def _reply(self, block: Block) -> None:
        self._must_serve()
        assert self.place is not None
        head, body = block.head_and_body()
        name, address = parseaddr(head["To"])
        subject = self.words.known_start(head["Subject"])
        who: KeyPair | str = person(name, address) if name else address
        got = self.place.next_to(who, subject)
        self.words.check([head["Subject"]], [got.subject])
        self._keep(got)
        if self.tell:
            print(f"--- to {address}: {got.subject}", got.text.partition("\n--\n")[0], sep="\n")
        text = got.text.partition("\n--\n")[0].strip("\n")
        if body:
            self.words.check(body.splitlines(), text.splitlines())

    def _keep(self, got: Got) -> None:
        """What came attached lies in the reader's folder, as if saved there."""
        for name, octets in got.files.items():
            (self.here / Path(name).name).write_bytes(octets)
        for token in TOKEN_LINE.findall(got.text):
            self.answer_to[token] = got.reply_to


def commands_of(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command, with the lines that stand below it; a backslash at its end joins the next line."""
    command, shown, goes_on = "", [], False
    for line in block.text.splitlines():
        if goes_on:
            command, goes_on = command[:-1] + line.strip(), line.endswith("\\")
        elif line.startswith("$ "):
            if command:
                yield command, shown
            command, shown, goes_on = line[2:], [], line.endswith("\\")
        else:
            shown.append(line)
    if command:
        yield command, shown


# --- the world of a page


@contextmanager
def world(page: Page) -> Iterator[Runner]:
    """The scene that the page asks for, by words: `bare` (before `init`), else a list that is being run, with those
    named (ann, bob … members since long), `iana` (what IANA lists for .xa and .xb), `quick` (no
    probation), `printed` (the roster's files are made), `listkey` (the reader has kept it)."""
    with ExitStack() as stack:
        whois = stack.enter_context(LoopbackWhois({tld: whois_answer(tld) for tld in ("xa", "xb", "nl")}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doc", dir="/tmp")))
        stack.callback(kill_agent, folder / ".gnupg")
        for name in set(page.scene) & set(PEOPLE):
            (folder / f"{name}.asc").write_bytes(person(*PEOPLE[name][:2]).armored)
        if "bare" in page.scene:
            sink = stack.enter_context(ThreadedSink())
            stack.callback(kill_agent, folder / "srv/var/gnupg")
            yield Runner(sink, folder / "srv", folder, whois.port, stack, is_bare=True)
            return
        place = stack.enter_context(town('[membership]\nprobation = "0"\n' if "quick" in page.scene else ""))
        furnish(place, page)
        if "listkey" in page.scene:
            (folder / "tld-ops-list-key.asc").write_bytes(place.list_key.armored)
        yield Runner(place.sink, place.config.file.parent, folder, whois.port, stack, place)


def furnish(place: Town, page: Page) -> None:
    """Who is there, and what IANA lists, before the page begins."""
    if "iana" in page.scene:
        place.desk.iana("xa", "admin@nic-xa.example", "tech@nic-xa.example")
        place.desk.iana("xb", "admin@registry-xb.example", "tech@registry-xb.example")
        place.desk.iana(IDN, "admin@nic-primer.example")
    for name in page.scene:
        if name in PEOPLE:
            full, address, tld = PEOPLE[name]
            tlds = (tld,) if tld else ()
            place.desk.member(
                person(full, address), *tlds, office=OFFICES.get(name, ""), keyless=name in KEYLESS
            )
    if set(page.scene) & set(PEOPLE):
        place.roster_is_sent()
    if "printed" in page.scene:
        assert place.desk.app.roster_press.prepare().edition


def whois_answer(tld: str) -> bytes:
    return WHOIS.format(tld=tld.upper(), small=tld).encode()


def main() -> None:
    for name in sys.argv[1:]:
        page = Page(Path(name).resolve())
        with world(page) as runner:
            runner.tell = True
            runner.run(page)


if __name__ == "__main__":
    main()
