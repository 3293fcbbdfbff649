"""What must never be read elsewhere: canaries in every field, then a look at logs, letters, arguments and rows."""

import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import KeyPair, mail, text_entity
from tests.outcomes import all_of, outcome
from tests.service import town as whole_town
from tests.test_serve import serving
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.store.columns import Base
from tldops_bot.store.tables import AuditEntry, InboxRow, Message, Person

PHONE, MOBILE, FAX = "+442079460111", "+442079460222", "+44 20 7946 0333"
POSTAL, SPARE = "Canary Wharf 7", "canary.home@elsewhere.example"
DETAILS = (PHONE, MOBILE, FAX, POSTAL, SPARE)
PERSONAL = (*DETAILS, "ann@nic.example", "Ann Example", "Alarming words of an alert")


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    """Ann with a canary in every field, Bob who asks for her, a committee, an IANA contact."""
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    changed = {
        "phone": PHONE,
        "phone_e164": PHONE,
        "mobile": MOBILE,
        "mobile_e164": MOBILE,
        "fax": FAX,
        "postal": POSTAL,
        "emergency_email": SPARE,
        "emergency_proven_at": desk.now,
    }
    with desk.app.database.write() as session:
        session.execute(update(Person).where(Person.email == ann.address).values(changed))
    return desk


def say_everything(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    """One of each: members, strangers, errors, breakage of form."""
    desk.say(bob, f"QUERY nl\nQUERY PERSON Ann\nQUERY {PHONE}\nQUERY {ann.address}")
    desk.say(bob, "ROSTER")
    desk.say(ann, "SHOW")
    desk.say_bound(ann, f"UPDATE\nMobile: {MOBILE}\nPostal: {POSTAL}")
    desk.say_bound(ann, f"UPDATE\nPhone: {PHONE}x\nPostal: {POSTAL}")
    desk.say(
        ann, f"{LIST_LINE}\nALERT\nTitle: Alarming words of an alert\n\nAlarming words of an alert {PHONE}"
    )
    desk.say(bob, "STATUS A-2026-0001")
    desk.say(ann, f"{PHONE} {ann.address}\nQUERRY nl\nMobile: {MOBILE}")
    desk.say(ann, f"SHOW\n{PHONE}\nFnord: {POSTAL}")
    desk.write(ann.address, f"{PHONE}\nAnn Example\nUPDATE\nMobile: {MOBILE}")
    desk.write(
        "x@elsewhere.example", f"SUBSCRIBE nl\nName: Ann Example\nEmail: {ann.address}\nPhone: {PHONE}"
    )
    desk.write(
        "y@elsewhere.example",
        f"SUBSCRIBE nl\nName: Carl Example\nEmail: carl.sample@nic.example\nPhone: {PHONE}",
    )
    desk.write("admin@registry.example", f"REMOVE nl {ann.address}")
    desk.write(ann.address, "KEY LOST")
    desk.say(carol, "PENDING")
    desk.say_bound(carol, f"RESTORE {ann.address}\nREJECT R-99 {PHONE}")
    desk.receive(mail({"From": f"{ann.address}, {SPARE}"}, text_entity(PHONE)), "x@elsewhere.example")
    desk.receive(
        bob.pgp_mime_signed(f"QUERY nl\n{PHONE}", at=desk.now).replace(b"QUERY", b"QUERx"), bob.address
    )


@pytest.fixture
def said(
    town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, caplog: pytest.LogCaptureFixture
) -> tuple[Desk, str]:
    caplog.set_level(logging.DEBUG)
    say_everything(town, ann, bob, carol)
    return town, caplog.text


def test_nothing_personal_stands_in_the_log(said: tuple[Desk, str]) -> None:
    _, log = said
    assert "mail 1: good" in log, "the log says something at all"
    assert [one for one in PERSONAL if one in log] == []
    assert "\x1b" not in log


@pytest.mark.parametrize(
    "line",
    ["\x1b[2Jmail 7: good", "\u202eevil", "+442079460111\r\nmail 8: good", "A" * 500, "ann@nic.example"],
)
def test_no_mail_writes_its_own_words_into_the_log_or_the_audit(
    desk: Desk, ann: KeyPair, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    desk.member(ann, "nl")
    caplog.set_level(logging.DEBUG)
    desk.say_bound(ann, f"SHOW\n{line}")
    desk.say_bound(ann, f"SHOW\nUPDAET {line}")
    word = line if len(line.split()) == 1 else line.split()[0]
    assert word not in caplog.text
    assert [one for one in all_of(desk, AuditEntry) if word in one.details or word in one.actor] == []
    assert [one for one in all_of(desk, InboxRow) if word in one.outcome] == []


def test_details_leave_only_in_mail_that_will_be_encrypted(said: tuple[Desk, str]) -> None:
    desk, _ = said
    seen = set()
    for letter in desk.letters:
        text = desk.text(letter) + "".join(
            file.octets.decode("utf-8", "replace") for file in letter.attachments
        )
        flat = text.replace(" ", "")
        found = [one for one in DETAILS if one.replace(" ", "") in flat]
        if found:
            assert letter.is_confidential or all(to.entitled is Entitled.MEMBER for to in letter.to), (
                letter.template
            )
            seen.add(letter.template)
    assert "reply" in seen, "the canaries were asked for"


def test_no_subject_holds_anything(said: tuple[Desk, str]) -> None:
    desk, _ = said
    subjects = [desk.text(one).partition("\n")[0] for one in desk.letters]
    assert [one for one in subjects if any(canary in one for canary in DETAILS)] == []


# Where a detail may stand: the record itself, what is asked for, mail kept as it came, mail that waits to go out.
MAY_HOLD = {
    "persons",
    "requests",
    "inbox.raw",
    "messages.entity",
    "alerts.original",
    "alerts.title",
    "lookups.command",
    "printed_rosters.octets",  # a roster, made once for all
    "tokens.details",  # what an UPDATE changed, for the line that puts it back
}


def test_details_stand_in_no_other_column(said: tuple[Desk, str]) -> None:
    desk, _ = said
    found = set()
    with desk.look() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                values = [str(one) for one in session.scalars(select(column)) if one is not None]
                if any(canary in one for one in values for canary in DETAILS):
                    found.add(f"{table.name}.{column.name}")
    # An emergency address gets mail and questions: it stands in the envelope of its deliveries, and by its tokens.
    found -= {"deliveries.rcpt_to", "tokens.address"}
    assert {one for one in found if one not in MAY_HOLD and one.partition(".")[0] not in MAY_HOLD} == set()


def test_the_audit_names_people_by_key_and_number_only(said: tuple[Desk, str]) -> None:
    desk, _ = said
    entries = all_of(desk, AuditEntry)
    assert len(entries) > 10
    for entry in entries:
        assert [one for one in PERSONAL if one in entry.details or one in entry.actor] == [], entry.action
        assert isinstance(json.loads(entry.details), dict)


def test_what_is_delivered_leaves_no_text_behind(said: tuple[Desk, str]) -> None:
    desk, _ = said
    from tldops_bot.store import outbox

    with desk.app.database.write() as session:
        ids = list(session.scalars(select(Message.id)))
        session.execute(update(Base.metadata.tables["deliveries"]).values(state="taken"))
        outbox.empty_finished(session, ids, desk.now)
    with desk.look() as session:
        assert [one for one in session.scalars(select(Message.entity)) if one] == []


# --- errors


@pytest.mark.parametrize("breaks", ["verify_detached", "inspect"])
def test_what_breaks_says_its_kind_and_place_and_none_of_the_mail(
    town: Desk, ann: KeyPair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    from tldops_bot.domain.envelope import Envelope
    from tldops_bot.intake.workers import Workers
    from tldops_bot.store import inbox

    def broken(*_: object) -> None:
        raise ValueError(f"{PHONE} {ann.address}")

    monkeypatch.setattr(town.app.gnupg, breaks, broken)
    raw = ann.pgp_mime_signed(f"SHOW\n{PHONE}", at=town.now, attachments=[ann.key_attachment()])
    envelope = Envelope(
        ann.address, ("tld-ops@lists.example",), "192.0.2.1", "client.example", False, "ESMTP"
    )
    with town.app.database.write() as session:
        inbox.accept(session, [(raw, envelope, town.now)])
    app = town.app
    workers = Workers(app.database, app.intake, app.now, app.random_octets, lambda: None)
    assert workers.carry_out_one()
    assert "ValueError at" in caplog.text
    (row,) = all_of(town, InboxRow)
    assert [one for one in PERSONAL if one in caplog.text or one in row.last_problem] == []


# --- processes


@dataclass
class Watch:
    """Looks at the arguments and environment of every child while it lives, and at what lies in open view."""

    seen: set[str] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.is_set():
            for folder in Path("/proc").iterdir():
                if folder.name.isdigit():
                    self._look(folder)
            time.sleep(0.001)

    def gpg_runs(self) -> list[str]:
        return [one for one in tuple(self.seen) if one.split(" ", 1)[0].endswith("gpg")]

    def _look(self, folder: Path) -> None:
        try:
            if f"PPid:\t{os.getpid()}\n" in (folder / "status").read_text():
                self.seen.add((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                self.seen.add((folder / "environ").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except (OSError, ValueError):
            return


@pytest.fixture
def watch() -> Iterator[Watch]:
    one = Watch()
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        yield one
    finally:
        one.stop.set()
        thread.join()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_arguments_of_processes_hold_nothing_of_a_mail(
    town: Desk, ann: KeyPair, bob: KeyPair, watch: Watch
) -> None:
    mails = [bob.pgp_mime_signed(f"QUERY nl\nQUERY {PHONE}\n# {number}", at=town.now) for number in range(8)]
    watch.seen.clear()
    for raw in mails:
        assert town.receive(raw, bob.address).decision.kind == "answered"
    for raw in mails * 20:  # on a busy machine we may look away each time
        if not watch.gpg_runs():
            town.receive(raw, bob.address)
    watch.stop.set()
    gpg = watch.gpg_runs()
    assert gpg, "no gpg was seen"
    assert [one for one in watch.seen for canary in PERSONAL if canary in one] == []
    assert [
        one for one in gpg if bob.address in one or "passphrase" in one.replace("no-symkey-cache", "")
    ] == []


def test_nothing_of_a_mail_is_left_in_the_temporary_folder(town: Desk, bob: KeyPair) -> None:
    assert outcome(town.say(bob, "QUERY nl")) == "contacts"
    scratch = town.app.gnupg._runner._scratch if hasattr(town.app.gnupg, "_runner") else None
    found = [one for one in Path(scratch).rglob("*") if one.is_file()] if scratch else []
    for file in found:
        assert PHONE.encode() not in file.read_bytes(), file.name


def test_no_core_of_serve_or_its_workers_and_no_look_into_their_memory() -> None:
    """Read from outside, while it runs."""
    with whole_town() as place, serving(place.config.file) as running:
        assert running.port
        processes = {running._process.pid, *children(running._process.pid)}
        assert len(processes) >= 2, "the process that encrypts is there, too"
        for pid in processes:
            with suppress(OSError):  # a gpg that has ended meanwhile
                limits = Path(f"/proc/{pid}/limits").read_text()
                if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text():
                    assert re.search(r"Max core file size +0 +0", limits), pid
        running.end(signal.SIGTERM)


def children(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if f"PPid:\t{pid}\n" in status.read_text():
                found.add(int(status.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_process_that_keeps_secrets_can_not_be_dumped() -> None:
    says = (
        "import ctypes, resource; from tldops_bot.adapters.linux_secrets import keep_in_memory; keep_in_memory();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0", "0"]


def test_files_that_hold_keys_and_mail_are_read_by_nobody_else(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"
    scratch, home = desk.app.gnupg._runner._scratch, desk.app.config.openpgp.home
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


# --- names that lure

LURES = (
    "Ann Example https://evil.example/login",
    "https://evil.example",
    "www.evil.example",
    "login.evil.example",
    "ann@evil.example",
    "Ann Example evil.example/reset?x",
    "evil\uff0eexample",
    "Ann\u202eelpmaxE",
    "Ann\u200b Example",
    "Ann\r\nBcc: x@evil.example",
)


@pytest.mark.parametrize("name", LURES)
@pytest.mark.parametrize("field_name", ["Name", "Organisation", "Postal"])
def test_no_name_becomes_a_lure_in_a_letter_of_ours(desk: Desk, name: str, field_name: str) -> None:
    """Neither the voucher nor anybody else is mailed a link that a stranger chose."""
    if field_name != "Name" and name in ("login.evil.example", "evil\uff0eexample"):
        return  # an organisation may be called after its domain
    desk.iana("nl", "admin@registry.example")
    values = {"Name": "Carl Example", "Organisation": "Example", "Postal": "1 Example Street"} | {
        field_name: name
    }
    fields = "\n".join(f"{key}: {value}" for key, value in values.items())
    desk.write("carl.sample@nic.example", f"SUBSCRIBE nl\n{fields}\nMobile: +44 20 7946 0123")
    for letter in desk.letters:
        own = letter.template == "reply" and letter.to[0].address == "carl.sample@nic.example"
        assert own or "evil" not in desk.text(letter)
    assert desk.to("admin@registry.example") == []
    with desk.look() as session:
        assert session.scalars(select(Person)).all() == []


# --- who is a member, nobody learns by asking

ABOUT = (
    "SUBSCRIBE nl\nName: Ann Example\nEmail: {who}\nMobile: +44 20 7946 0123",
    "REMOVE nl {who}",
    "REMOVE {who}",
    "KEY STOLEN {who}",
    "KEY LOST {who}",
    "UPDATE\nEmail: {who}",
    "UPDATE {who}\nName: Ann Example",
    "RESTORE {who}",
    "QUERY {who}",
    "QUERY PERSON Ann",
    "UNSUBSCRIBE nl {who}",
    "INVITE {who}",
    "CONFIRM 7F3K-9QWX-2M4T-B8RD",
    "DECLINE 7F3K-9QWX-2M4T-B8RD {who}",
    "OBJECT 7F3K-9QWX-2M4T-B8RD",
    "SHOW",
    "ROSTER",
    "STATUS R-1",
    "FORGET",
    "HELP",
)


def read_by_stranger(desk: Desk, stranger: KeyPair, text: str, how: str) -> str:
    if how == "signed":
        handled = desk.say_bound(stranger, text, attachments=[stranger.key_attachment()])
    else:
        handled = desk.write(stranger.address, text)
    letters = [one for one in handled.letters if stranger.address in {to.address for to in one.to}]
    said = "\n".join(desk.text(one) for one in letters)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC|[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", "…", said)


@pytest.mark.parametrize("how", ["signed", "plain"])
@pytest.mark.parametrize("text", ABOUT, ids=lambda text: text.replace("\n", " ")[:24])
def test_a_stranger_reads_the_same_of_a_member_and_of_nobody(ann: KeyPair, text: str, how: str) -> None:
    mallory = KeyPair.make("Mallory Example", "mallory@elsewhere.example")
    said = []
    for is_member in (True, False):
        with open_desk() as desk:
            desk.iana("nl", "admin@registry.example")
            if is_member:
                desk.member(ann, "nl")
            said.append(read_by_stranger(desk, mallory, text.format(who=ann.address), how))
    assert said[0] == said[1]
    assert said[0], "an answer there is"


@pytest.mark.parametrize(
    "text",
    ["KEY LOST", "UPDATE\nPhone: +44 20 7946 0123", "UNSUBSCRIBE nl", "FORGET", "REMOVE nl x@nic.example"],
)
def test_an_envelope_of_ones_own_does_not_bring_the_answer_to_a_forged_author(
    town: Desk, ann: KeyPair, text: str
) -> None:
    """The author is forged; what there is to say goes to the stored mailbox alone."""
    raw = mail({"From": ann.address, "To": "tld-ops@lists.example", "Subject": "x"}, text_entity(text))
    town.receive(raw, "mallory@elsewhere.example")
    assert town.to("mallory@elsewhere.example") == []
