"""A mail that a real neomutt has written, signed and encrypted itself is accepted.

It runs on a terminal of its own, on which we press one key: "y", send.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desk import Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, close_home, gpg, next_number
from tests.test_client_mails import POSTAL, assert_read_to_the_letter, commands
from tldops_bot.intake import Handled

pytestmark = pytest.mark.skipif(shutil.which("neomutt") is None, reason="neomutt is not installed")

SECONDS = 300
SETTINGS = """
set realname="Ann Example" from="ann@nic.example" use_from=yes
set sendmail="{home}/keep" sendmail_wait=0
set crypt_use_gpgme=yes pgp_default_key="{key}" pgp_sign_as="{key}" wait_key=no
set editor=true abort_unmodified=no autoedit=yes edit_headers=no abort_nosubject=no fast_reply=yes
set copy=no charset=utf-8 send_charset="us-ascii:utf-8"
set pgp_clear_sign_command="gpg --batch --quiet --output - --armor --textmode --clear-sign -u {key} %f"
set pgp_encrypt_sign_command="gpg --batch --quiet --output - --armor --textmode -es -u {key} -r {list_key} %f"
set pgp_sign_command="gpg --batch --quiet --output - --armor --textmode --detach-sign -u {key} %f"
set crypt_confirm_hook=no
crypt-hook . {list_key}
set mbox="{home}/mbox" spool_file="{home}/mbox" folder="{home}" tmpdir="{home}"
"""


@dataclass(frozen=True)
class Mutt:
    """Ann at her terminal, and the desk that gets her mail."""

    desk: Desk
    ann: KeyPair
    list_key: KeyPair

    def send(self, *settings: str, attach_key: bool = False) -> Handled:
        home = self.ann.home
        kept = home / "out.eml"
        kept.unlink(missing_ok=True)
        # The same words signed twice within a second are the same signed mail: a number sets them apart.
        (home / "text").write_text(f"{commands(POSTAL)}\n# {next_number()}\n")
        more = "\n".join(f"set {one}" for one in settings)
        keys = {"key": self.ann.fingerprint, "list_key": self.list_key.fingerprint}
        (home / "rc").write_text(SETTINGS.format(home=home, **keys) + more)
        attached = ("-a", str(home / "key.asc"), "--") if attach_key else ()
        self._run(
            ("neomutt", "-n", "-F", str(home / "rc"), "-s", "a question", "-i", str(home / "text")), attached
        )
        raw = re.sub(rb"\r?\n", b"\r\n", kept.read_bytes())
        self.desk.later(seconds=1)
        return self.desk.receive(raw, self.ann.address)

    def _run(self, command: Sequence[str], attached: Sequence[str]) -> None:
        ours, theirs = pty.openpty()
        surroundings = {**os.environ, "TERM": "vt100", "LC_ALL": "C.UTF-8"}
        surroundings |= {"HOME": str(self.ann.home), "GNUPGHOME": str(self.ann.home)}
        try:
            process = subprocess.Popen(
                [*command, *attached, LIST_ADDRESS],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env=surroundings,
                start_new_session=True,
            )
            try:
                self._press_send(ours)
            finally:
                process.kill()
                process.wait()
        finally:
            os.close(ours)
            os.close(theirs)

    def _press_send(self, terminal: int) -> None:
        """When the screen stands still, a key; until the mail is there."""
        kept, ends = self.ann.home / "out.eml", time.monotonic() + SECONDS
        while time.monotonic() < ends:
            if select.select([terminal], [], [], 0.15)[0]:
                os.read(terminal, 65_536)
            elif kept.exists():
                return
            else:
                os.write(terminal, b"y")
        pytest.fail("neomutt has sent nothing")


@pytest.fixture(scope="module")
def mutt() -> Iterator[Mutt]:
    home = Path(tempfile.mkdtemp(prefix="mutt", dir="/tmp"))
    try:
        (home / "gpg.conf").write_text("trust-model always\n")
        keep = home / "keep"
        keep.write_text(f"#!/bin/sh\ncat > {home}/new.eml && mv {home}/new.eml {home}/out.eml\n")
        keep.chmod(0o700)
        (home / "mbox").touch()
        made = ("--status-fd=1", "--quick-generate-key", "Ann Example <ann@nic.example>", "future-default")
        found = re.search(r"KEY_CREATED \S+ ([0-9A-F]{40})", gpg(home, *made, "default", "never").decode())
        assert found
        ann = KeyPair("Ann Example", "ann@nic.example", found[1], home)
        (home / "key.asc").write_bytes(ann.armored)
        with open_desk() as desk:
            desk.member(ann, "nl")
            certificate = desk.app.gnupg.list_certificate(desk.now)
            gpg(home, "--import", octets=certificate.blob)
            yield Mutt(desk, ann, KeyPair("TLD-OPS", LIST_ADDRESS, certificate.fingerprint, home))
    finally:
        close_home(home)


@pytest.mark.parametrize(
    ("settings", "is_encrypted"),
    [
        (("crypt_auto_sign=yes",), False),
        (("crypt_auto_sign=yes", "crypt_protected_headers_write=no"), False),
        (("crypt_auto_sign=yes", "pgp_auto_inline=yes", "crypt_use_gpgme=no"), False),
        (("crypt_auto_sign=yes", "crypt_use_gpgme=no"), False),
        (("crypt_auto_sign=yes", "text_flowed=yes"), False),
        (("crypt_auto_sign=yes", "crypt_auto_encrypt=yes"), True),
        (("crypt_auto_sign=yes", "crypt_auto_encrypt=yes", "crypt_use_gpgme=no"), True),
        (
            ("crypt_auto_sign=yes", "crypt_auto_encrypt=yes", "pgp_auto_inline=yes", "crypt_use_gpgme=no"),
            True,
        ),
    ],
    ids=[
        "signed",
        "without protected headers",
        "inline",
        "signed by gpg",
        "flowed",
        "encrypted",
        "encrypted by gpg",
        "encrypted inline",
    ],
)
def test_what_neomutt_writes_is_accepted(mutt: Mutt, settings: tuple[str, ...], is_encrypted: bool) -> None:
    handled = mutt.send(*settings)
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert handled.judged.was_encrypted is is_encrypted
    assert handled.person == "ann@nic.example"
    assert_read_to_the_letter(handled, POSTAL)


def test_a_key_that_neomutt_attaches_is_found(mutt: Mutt) -> None:
    handled = mutt.send("crypt_auto_sign=yes", attach_key=True)
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert [one.fingerprint for one in handled.judged.certificates] == [mutt.ann.fingerprint]
    assert_read_to_the_letter(handled, POSTAL)
