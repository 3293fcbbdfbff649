"""A real Thunderbird opens delivered alerts: decrypted, and the list's signature good.

It runs on a screen of its own that nobody sees (Xvfb), and is asked what it shows by Marionette, the remote control
that it has. It does not look at signatures within what was encrypted: `docs/mail-clients.md`.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.keys import gpg, person
from tests.service import town
from tests.test_conversations import ALERT

pytestmark = pytest.mark.skipif(
    shutil.which("thunderbird") is None or shutil.which("Xvfb") is None,
    reason="thunderbird and Xvfb are not installed",
)

SECONDS = 300
PREFERENCES = {
    "marionette.port": 0,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.shell.checkDefaultClient": False,
    "mail.openpgp.enable": True,
    "mail.accountmanager.accounts": "account1",
    "mail.account.lastKey": 1,
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.identity.id1.fullName": "Bob Example",
    "mail.identity.id1.useremail": "bob@nic.example",
    "mail.identity.id1.valid": True,
    "mail.server.server1.type": "none",
    "mail.server.server1.hostname": "Local Folders",
    "mail.server.server1.userName": "nobody",
    "mail.server.server1.name": "Local Folders",
}
IMPORT = """
const from = name => ChromeUtils.importESModule(`chrome://openpgp/content/modules/${name}.sys.mjs`);
const { EnigmailKeyRing } = from("keyRing"), { EnigmailCore } = from("core"), { RNP } = from("RNP");
const { PgpSqliteDb2 } = from("sqliteDb");
await RNP.init(); await EnigmailCore.init(); EnigmailKeyRing.init();
for (const [block, address, isOwn] of keys) {
  const none = (_window, _prompt, flags) => { flags.canceled = false; return ""; };
  const done = isOwn ? await RNP.importSecKeyBlockImpl(null, none, false, block, [])
                     : await RNP.importPubkeyBlockAutoAcceptImpl(null, block, "verified", []);
  EnigmailKeyRing.clearCache();
  for (const id of done.importedKeys) {
    const acceptance = isOwn ? "personal" : "verified";
    await PgpSqliteDb2.updateAcceptance(EnigmailKeyRing.getKeyById(id).fpr, [address], acceptance);
  }
}
EnigmailKeyRing.clearCache();
return true;
"""
SHOW = """
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");
const main = Services.wm.getMostRecentWindow("mail:3pane");
const wait = milliseconds => new Promise(done => main.setTimeout(done, milliseconds));
const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
file.initWithPath(path);
const tabs = main.document.getElementById("tabmail");
tabs.closeOtherTabs(0);
MailUtils.openEMLFile(main, file, Services.io.newFileURI(file));
const icon = name => about.document.getElementById(name).getAttribute("src") || "";
let about, body = "";
for (let tries = 0; tries < 2000; tries++) {
  await wait(100);
  about = tabs.currentAboutMessage;
  body = about?.document.getElementById("messagepane")?.contentDocument?.body?.innerText ?? "";
  if (body.includes("TLP:RED") && icon("signedHdrIcon")) break;
}
const names = [...about.document.querySelectorAll("#attachmentList richlistitem, .attachmentItem")];
return {
  body, signed: icon("signedHdrIcon"), encrypted: icon("encryptedHdrIcon"),
  files: names.map(one => one.getAttribute("name")),
};
"""


class Marionette:
    """The remote control: `length:[0, number, command, parameters]` there, `length:[1, number, problem, value]` back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._number = 0
        self._read()
        self._ask(
            "WebDriver:NewSession",
            {"capabilities": {"alwaysMatch": {"timeouts": {"script": 1000 * SECONDS}}}},
        )
        self._ask("Marionette:SetContext", {"value": "chrome"})

    def run(self, script: str, **names: object) -> Any:
        """What the script returns; it sees the values under these names."""
        told = "".join(f"const {name} = {json.dumps(value)};" for name, value in names.items())
        whole = f"const done = arguments[arguments.length - 1]; (async () => {{ {told} {script} }})()"
        whole += ".then(done, problem => done({problem: String(problem)}));"
        asked = {"script": whole, "args": [], "newSandbox": True, "sandbox": "system"}
        value = self._ask("WebDriver:ExecuteAsyncScript", asked)["value"]
        assert not (isinstance(value, dict) and "problem" in value), value
        return value

    def close(self) -> None:
        self._socket.close()

    def _ask(self, command: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(f"{len(text)}:".encode() + text)
        _, _, problem, value = self._read()
        assert problem is None, problem
        return value

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._socket.recv(1)
        octets = b""
        while len(octets) < int(length[:-1]):
            octets += self._socket.recv(int(length[:-1]) - len(octets))
        return json.loads(octets)


@contextmanager
def screen() -> Iterator[str]:
    """The name of a display that nobody sees."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1000x1200x24"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        process.terminate()
        process.wait(SECONDS)


@contextmanager
def thunderbird(home: Path, display: str) -> Iterator[Marionette]:
    """Thunderbird with a profile of its own, and its remote control."""
    profile = home / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [
        "thunderbird",
        "--profile",
        str(profile),
        "--no-remote",
        "--marionette",
        "--remote-allow-system-access",
    ]
    surroundings = {**os.environ, "HOME": str(home), "DISPLAY": display, "MOZ_ENABLE_WAYLAND": "0"}
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env=surroundings, start_new_session=True
        )
    control = None
    try:
        control = Marionette(_port_of(profile))
        yield control
    finally:
        if control is not None:
            control.close()
        os.killpg(process.pid, 15)
        process.wait(SECONDS)


def _port_of(profile: Path) -> int:
    """Where Marionette listens, written down by it."""
    until = time.monotonic() + SECONDS
    file = profile / "MarionetteActivePort"
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < until, "thunderbird does not come up"
        time.sleep(0.1)
    return int(file.read_text())


@pytest.fixture(scope="module")
def shown() -> Iterator[dict[str, Any]]:
    """What Thunderbird shows of a PGP/MIME and of an inline alert."""
    ann, bob = person("Ann Example", "ann@nic.example"), person("Bob Example", "bob@nic.example")
    home = Path(tempfile.mkdtemp(prefix="bird", dir="/tmp"))
    try:
        with town() as place:
            place.desk.member(ann, "nl")
            place.desk.member(bob, "be")
            place.roster_is_sent()
            with place.serving():
                for name, raw in (
                    ("mime", ann.pgp_mime_signed(f"{ALERT}one")),
                    ("inline", ann.inline_signed(f"{ALERT}two")),
                ):
                    place.send(raw, ann.address)
                    (home / f"{name}.eml").write_bytes(place.next_to(bob, "[TLP:RED] A-").octets)
            list_key = place.list_key
        own = gpg(bob.home, "--armor", "--export-secret-keys", bob.fingerprint)
        keys = [
            (own, bob.address, True),
            (list_key.armored, list_key.address, False),
            (ann.armored, ann.address, False),
        ]
        with screen() as display, thunderbird(home, display) as control:
            control.run(IMPORT, keys=[(block.decode(), address, is_own) for block, address, is_own in keys])
            yield {name: control.run(SHOW, path=str(home / f"{name}.eml")) for name in ("mime", "inline")}
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("form", ["mime", "inline"])
def test_an_alert_is_decrypted_and_the_lists_signature_is_good(shown: dict[str, Any], form: str) -> None:
    found = shown[form]
    assert found["encrypted"].endswith("message-encrypted-ok.svg")
    assert found["signed"].endswith("message-signed-verified.svg")
    assert "Alert:    A-" in found["body"]
    assert "Block 192.0.2.7 – now." in found["body"]


def test_what_is_needed_to_check_the_posters_own_signature_is_attached(shown: dict[str, Any]) -> None:
    assert shown["mime"]["files"] == ["original.bin", "original.sig", "poster-key.asc"]
    assert shown["inline"]["files"] == ["original.asc", "poster-key.asc"]
    assert "gpg --verify original.sig original.bin" in shown["mime"]["body"]
    assert "gpg --verify original.asc" in shown["inline"]["body"]
