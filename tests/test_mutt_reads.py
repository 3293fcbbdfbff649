"""A real mutt and a real neomutt show delivered alerts: decrypted, the list's and the poster's signatures verified.

They run on a terminal of their own, with the reader's own gpg home; what they would show goes to a file.
"""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.keys import KeyPair, close_home, gpg, person
from tests.service import town
from tests.test_conversations import ALERT

SECONDS = 300
SETTINGS = """
set realname="Bob Example" from="bob@nic.example" charset=utf-8 quit=yes delete=no move=no prompt_after=no wait_key=no
set mbox="{home}/none" folder="{home}" tmpdir="{home}" pager="{home}/pager" crypt_verify_sig=yes
set crypt_use_gpgme={gpgme}
set pgp_decrypt_command="gpg --status-fd=2 --batch --quiet --output - %f"
set pgp_decode_command="gpg --status-fd=2 --no-verbose --quiet --batch --output - %f"
set pgp_verify_command="gpg --status-fd=2 --no-verbose --quiet --batch --output - --verify %s %f"
set pgp_good_sign="^\\\\[GNUPG:\\\\] GOODSIG"
set pgp_auto_decode=yes
push "<display-message><exit>"
"""
# Not one text for all: signed within a second, it would be the same alert.
FORMS: dict[str, Callable[[KeyPair, KeyPair], bytes]] = {
    "PGP/MIME signed": lambda ann, _list: ann.pgp_mime_signed(f"{ALERT}one"),
    "PGP/MIME encrypted, signature inside": lambda ann, bot: ann.pgp_mime_encrypted(f"{ALERT}two", bot),
    "inline signed": lambda ann, _list: ann.inline_signed(f"{ALERT}three"),
}


@dataclass(frozen=True)
class Reader:
    """Bob at his terminal, and the copies that were delivered to him."""

    home: Path
    copies: dict[str, bytes]
    ann: KeyPair
    list_key: KeyPair

    def sees(self, client: str, gpgme: str, octets: bytes) -> str:
        """What the client shows of a mail."""
        shown = self.home / "shown"
        shown.unlink(missing_ok=True)
        mailbox = b"From list Sat Nov 21 10:00:00 2026\n" + octets.replace(b"\r\n", b"\n") + b"\n"
        (self.home / "box").write_bytes(mailbox)
        (self.home / "rc").write_text(SETTINGS.format(home=self.home, gpgme=gpgme))
        self._run((client, "-n", "-F", str(self.home / "rc"), "-f", str(self.home / "box")))
        return shown.read_text(encoding="utf-8")

    def _run(self, command: tuple[str, ...]) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        surroundings = {**os.environ, "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        surroundings |= {"HOME": str(self.home), "GNUPGHOME": str(self.home)}
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings, start_new_session=True
        )
        try:
            ends = time.monotonic() + SECONDS
            while process.poll() is None:
                assert time.monotonic() < ends, f"{command[0]} does not end"
                if select.select([ours], [], [], 0.1)[0]:
                    os.read(ours, 65_536)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
            os.close(theirs)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    home = Path(tempfile.mkdtemp(prefix="read", dir="/tmp"))
    ann, bob = person("Ann Example", "ann@nic.example"), person("Bob Example", "bob@nic.example")
    copies = {}
    try:
        with town() as place:
            place.desk.member(ann, "nl")
            place.desk.member(bob, "be")
            place.roster_is_sent()
            with place.serving():
                for name, form in FORMS.items():
                    place.send(form(ann, place.list_key), ann.address)
                    copies[name] = place.next_to(bob, "[TLP:RED] A-").octets
            list_key = place.list_key
        (home / "gpg.conf").write_text("trust-model always\n")
        for octets in (
            gpg(bob.home, "--export-secret-keys", bob.fingerprint),
            list_key.certificate,
            ann.certificate,
        ):
            gpg(home, "--import", octets=octets)
        pager = home / "pager"
        pager.write_text(f'#!/bin/sh\ncp "$1" {home}/new && mv {home}/new {home}/shown\n')
        pager.chmod(0o700)
        yield Reader(home, copies, ann, list_key)
    finally:
        close_home(home)


@pytest.fixture(params=["mutt", "neomutt"])
def client(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


@pytest.mark.parametrize("gpgme", ["yes", "no"], ids=["by gpgme", "by gpg"])
@pytest.mark.parametrize("form", ["PGP/MIME signed", "PGP/MIME encrypted, signature inside"])
def test_an_alert_is_shown_with_both_signatures_verified(
    reader: Reader, client: str, gpgme: str, form: str
) -> None:
    shown = reader.sees(client, gpgme, reader.copies[form])
    assert "Alert:    A-" in shown
    assert "Block 192.0.2.7 – now." in shown
    good = [line for line in shown.splitlines() if "Good signature from" in line]
    assert ["tld-ops@lists.example" in line for line in good] == [True, False]
    assert "Ann Example <ann@nic.example>" in good[1]
    assert "BAD signature" not in shown
    notice, _, words = shown.partition(good[1])
    assert "Block 192.0.2.7" not in notice  # the poster's words stand below the poster's signature
    assert "Block 192.0.2.7" in words


@pytest.mark.parametrize("gpgme", ["yes", "no"], ids=["by gpgme", "by gpg"])
def test_an_inline_original_is_shown_and_the_mail_says_how_to_verify_it(
    reader: Reader, client: str, gpgme: str
) -> None:
    shown = reader.sees(client, gpgme, reader.copies["inline signed"])
    assert shown.count("Good signature from") == 1  # an attached block is not looked into by itself
    assert "-----BEGIN PGP SIGNED MESSAGE-----" in shown
    assert "gpg --verify original.asc" in shown
