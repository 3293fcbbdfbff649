"""An operator's way from an earlier version to this one, with people and mail in it: nothing is lost, nothing done twice.

    python packaging/try_upgrade.py COMMIT      # needs git, gpg, and a package index

The version of that commit is installed, takes mail in while no smarthost is there, and is stopped. This one is
installed in its place, `db upgrade` is run, and the question that the old one had asked goes out, is answered, and
leads to a contact.
"""

import json
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TOP = Path(__file__).resolve().parent.parent
LIST = "tld-ops@lists.example"
ANN, ADMIN = "ann@nic-xa.example", "admin@nic-xa.example"
ASKED = "SUBSCRIBE xa\nName: Ann Example\nPhone: +44 20 7946 0123\nOrganisation: Registry XA\n"
IANA = f"""\
% IANA WHOIS server
% for more information on IANA, visit http://www.iana.org
% This query returned 1 object

domain:       XA
organisation: Registry XA

contact:      administrative
name:         Admin Example
organisation: Registry XA
e-mail:       {ADMIN}

contact:      technical
name:         Admin Example
organisation: Registry XA
e-mail:       {ADMIN}

status:       ACTIVE
source:       IANA
"""
PATIENCE_SECONDS = 120


class Broken(Exception):
    """What an operator would have met."""


class Smarthost:
    """Keeps what is handed to it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        text = content if isinstance(content, str) else content.decode("utf-8", "replace")
        self.mails.append((envelope.rcpt_tos[0], text))
        return "250 kept"

    def token_for(self, address: str, verb: str = "CONFIRM") -> str:
        """The token of a question to this address; waits for it."""

        def found() -> str:
            texts = [text for to, text in self.mails if to == address]
            lines = re.findall(rf"(?m)^{verb} ([0-9A-Z]{{4}}(?:-[0-9A-Z]{{4}}){{3}})", "\n".join(texts))
            return lines[-1] if lines else ""

        return wait_for(found, f"a question to {address}")


def wait_for(found: Callable[[], str], what: str) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if value := found():
            return value
        time.sleep(0.2)
    raise Broken(f"{what} did not come")


class Place:
    """An environment with one version of the program at a time, and the service it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.env = folder, folder / "env"
        self.service = folder / "service"
        subprocess.run([sys.executable, "-m", "venv", str(self.env)], check=True)

    def install(self, tree: Path) -> None:
        """The version of a source tree: its wheel, with the libraries it has locked."""
        wheels = Path(tempfile.mkdtemp(dir=self.folder))
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)]
        subprocess.run(build, cwd=tree, check=True, capture_output=True)
        pip = [str(self.env / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(tree / "requirements.lock")], check=True)
        subprocess.run([*pip, "--no-deps", "--force-reinstall", *map(str, wheels.iterdir())], check=True)

    def verb(self, *words: str) -> str:
        """What a verb prints; Broken when it fails."""
        config = str(self.service / "config.toml")
        command = [str(self.env / "bin/tldops-bot"), "--config", config, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Broken(f"`tldops-bot {' '.join(words)}`: {done.stderr.strip()}")
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[Callable[[str, str], None]]:
        """While `serve` runs: how to hand a mail in, and wait until it is carried out."""
        program = [str(self.env / "bin/tldops-bot"), "--config", str(self.service / "config.toml"), "serve"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            try:
                line = running.stdout.readline() if running.stdout else ""
                if not line.startswith("listening on "):
                    raise Broken(f"`serve` did not start: {running.stderr.read() if running.stderr else ''}")
                host, _, port = line.removeprefix("listening on ").strip().rpartition(":")
                yield lambda sender, text: self._hand_in(host, int(port), sender, text)
            finally:
                running.terminate()
                running.wait(timeout=30)

    def _hand_in(self, host: str, port: int, sender: str, text: str) -> None:
        done = self._carried_out()
        mail = f"From: {sender}\r\nTo: {LIST}\r\nSubject: mail\r\nMessage-ID: <{time.time_ns()}@nic-xa.example>\r\n\r\n"
        with smtplib.SMTP(host, port, timeout=60) as client:
            client.sendmail(sender, [LIST], mail + text.replace("\n", "\r\n"))
        try:
            wait_for(lambda: "yes" if self._carried_out() > done else "", f"an end of {text.split()[0]}")
        except Broken as problem:
            raise Broken(f"{problem}\n{self.verb('inbox', 'list')}") from problem

    def _carried_out(self) -> int:
        """How many mails were."""
        return [one["state"] for one in json.loads(self.verb("inbox", "list", "--json"))].count("done")


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python packaging/try_upgrade.py COMMIT")
    folder = Path(tempfile.mkdtemp(prefix="up", dir="/var/tmp"))
    try:
        go_through(Place(folder), sys.argv[1])
    except Broken as problem:
        raise SystemExit(f"FAILED: {problem}") from problem
    finally:
        home = str(folder / "service/var/gnupg")
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def go_through(place: Place, commit: str) -> None:
    old = place.folder / "old"
    old.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=TOP, check=False, capture_output=True)
    if archive.returncode:
        raise Broken(f"git has no such commit: {commit}")
    subprocess.run(["tar", "-x", "-C", str(old)], input=archive.stdout, check=True)
    say(f"installing the version of {commit}")
    place.install(old)
    before(place)
    say("installing this version in its place")
    place.install(TOP)
    say(place.verb("db", "upgrade").strip())
    after(place)
    say("nothing was lost, and nothing done twice")


def before(place: Place) -> None:
    place.service.mkdir()
    (place.service / "iana.txt").write_text(IANA)
    place.verb("init", "--list-address", LIST, "--directory", str(place.service), "--listen", "127.0.0.1:0")
    config = place.service / "config.toml"
    config.write_text(config.read_text().replace("port = 25\n", "port = 9\n"))
    place.verb("iana", "import", str(place.service / "iana.txt"))
    with place.serving() as hand_in:
        hand_in(ANN, ASKED)
    say("somebody has asked to join; no question has gone out yet")


def after(place: Place) -> None:
    smarthost = Smarthost()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(smarthost, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        config = place.service / "config.toml"
        config.write_text(config.read_text().replace("port = 9\n", f"port = {port}\n"))
        place.verb(
            "outbox", "retry", *(str(one["id"]) for one in json.loads(place.verb("outbox", "list", "--json")))
        )
        with place.serving() as hand_in:
            hand_in(ANN, f"CONFIRM {smarthost.token_for(ANN)}\n")
            hand_in(ADMIN, f"CONFIRM {smarthost.token_for(ADMIN)}\n")
            wait_for(
                lambda: "Welcome" if any("Welcome" in text for _, text in smarthost.mails) else "",
                "a welcome",
            )
    finally:
        controller.stop()
    if "Ann Example" not in place.verb("members", "list"):
        raise Broken("nobody is listed")
    if len([to for to, text in smarthost.mails if "Subject: Is this you?" in text]) != 1:
        raise Broken("the question went out more than once")
    say(place.verb("audit", "verify").splitlines()[0])


def say(text: str) -> None:
    print(f"-- {text}", flush=True)


if __name__ == "__main__":
    main()
