"""What must never be read elsewhere: canaries in every field, then a look at logs, letters, arguments and rows."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair, mail, text_entity
from tests.outcomes import all_of, outcome
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
    # An emergency address gets mail: it stands in the envelope of its deliveries.
    found -= {"deliveries.rcpt_to"}
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
    workers = Workers(
        app.database, app.intake, "root@lists.example", app.now, app.random_octets, lambda: None
    )
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
    watch.stop.set()
    gpg = [one for one in watch.seen if one.startswith("gpg ")]
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
