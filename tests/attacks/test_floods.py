"""Floods: much mail, mail made to cost much, and mail that makes us mail others."""

import json
import signal
import smtplib
import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.attacks.hostile import MAILS, SIGNED
from tests.desk import LIST_LINE, Desk
from tests.keys import LIST_ADDRESS, KeyPair, key_entity
from tests.outcomes import outcome
from tests.service import PATIENCE_SECONDS, town
from tests.test_serve import serving
from tldops_bot.adapters.gnupg_runner import Finished, GpgRunner, GpgUnavailable
from tldops_bot.adapters.gnupg_status import parse_listing
from tldops_bot.domain.envelope import Envelope
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store import inbox, people
from tldops_bot.store.tables import InboxRow

MOST_SECONDS, MOST_MEGABYTES = 5.0, 200.0
MOST_KEPT_KILOBYTES = (
    25_000  # of a mail that is refused for its size: twice what a mail may have, and some room
)
ROOT = Path(__file__).resolve().parents[2]


@cache
def costs() -> dict[str, dict[str, float]]:
    """What all hostile mails cost, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.attacks.hostile"], cwd=ROOT, capture_output=True, check=True
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


@pytest.mark.xdist_group("hostile")
def test_no_mail_takes_more_than_five_seconds_or_200_mb_or_stays_in_hand() -> None:
    found = costs()
    assert set(found) == {*MAILS, *SIGNED, "left"}
    assert found["left"]["stuck"] == 0
    slow = {name: one["seconds"] for name, one in found.items() if one.get("seconds", 0) > MOST_SECONDS}
    assert slow == {}
    large = {
        name: one["megabytes"] for name, one in found.items() if one.get("megabytes", 0) > MOST_MEGABYTES
    }
    assert large == {}


# --- an alert comes through


def put(desk: Desk, raw: bytes, mail_from: str) -> None:
    envelope = Envelope(mail_from, (LIST_ADDRESS,), "192.0.2.1", "client.example", False, "ESMTP")
    with desk.app.database.write() as session:
        inbox.accept(session, [(raw, envelope, desk.now)])


@pytest.mark.parametrize("sender", ["ann@nic.example", "ANN@NIC.example", "ann@home.example"])
def test_a_flood_of_strangers_does_not_stand_before_an_alert(desk: Desk, ann: KeyPair, sender: str) -> None:
    desk.member(ann, "nl")
    with desk.app.database.write() as session:
        found = people.by_address(session, ann.address)
        assert found is not None
        found.emergency_email, found.emergency_proven_at = "ann@home.example", desk.now
    for number in range(300):
        put(desk, f"From: {number}@elsewhere.example\r\n\r\nHELP\r\n".encode(), f"{number}@elsewhere.example")
    put(desk, ann.pgp_mime_signed(f"{LIST_LINE}\nALERT\n\nFire", at=desk.now), sender)
    with desk.app.database.write() as session:
        (first,) = inbox.claim(session, "now", desk.now)
    assert first.envelope.mail_from == sender
    handled = desk.app.intake.handle(first, desk.now)
    assert outcome(handled) == "posted"


def test_an_urgent_sender_is_urgent_and_nothing_more(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    raw = bob.pgp_mime_signed("QUERY nl", {"From": f"<{ann.address}>"}, at=desk.now)
    assert outcome(desk.receive(raw, ann.address)) != "contacts"


@pytest.mark.parametrize("is_signed", [False, True])
def test_who_borrows_a_name_waits_as_long_as_who_invents_one(
    desk: Desk, ann: KeyPair, bob: KeyPair, is_signed: bool
) -> None:
    """Else a stranger with a queue before them, and their own address in From, sees by the order who is a member."""
    desk.member(ann, "nl")
    names = [ann.address, "nobody@nic.example"]
    for number, name in enumerate(names * 2):
        headers = {"From": f"eve{number}@elsewhere.example", "Subject": name}
        mail = bob.pgp_mime_signed("HELP", headers, at=desk.now) if is_signed else bob.plain("HELP", headers)
        put(desk, mail, name)
    handled = desk.work()
    assert [one.judged.mail.subject for one in handled] == names * 2
    assert [one.to[0].address for one in desk.letters] == [f"eve{n}@elsewhere.example" for n in range(4)]


def test_urgent_mails_keep_their_order_and_others_are_not_forgotten(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed("QUERY nl", at=desk.now)
    for sender in ("1@elsewhere.example", ann.address, "2@elsewhere.example", ann.address):
        put(desk, raw, sender)
    with desk.app.database.write() as session:
        taken = [one.id for one in inbox.claim(session, "now", desk.now, limit=10)]
    assert taken == [2, 4, 1, 3]


# --- answers


def answers(desk: Desk) -> int:
    return sum(one.template == "reply" for one in desk.letters)


def test_one_forged_sender_gets_six_answers_a_day_at_most(desk: Desk) -> None:
    texts = [
        "HELP",
        "QUERY nl",
        "",
        "SUBSCRIBE",
        "SUBSCRIBE zz",
        "CONFIRM 7F3K-9QWX-2M4T-B8RD",
        "FNORD",
        "SUBSRCIBE nl",
    ]
    for number in range(96):
        desk.write(
            "victim@nic.example", texts[number % len(texts)], **{"Message-ID": f"<{number}@client.example>"}
        )
        desk.later(minutes=10)
    assert 1 <= answers(desk) <= 6


def test_strangers_together_get_120_answers_an_hour_and_members_theirs(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(140):
        desk.write(f"{number}@elsewhere.example", "HELP")
    assert answers(desk) == 120
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"
    assert answers(desk) == 121


def test_a_strangers_key_for_anothers_address_makes_us_answer_no_more_than_a_plain_mail(desk: Desk) -> None:
    thief = KeyPair.make("Mallory Example", "mallory@elsewhere.example")
    for number in range(8):
        raw = thief.pgp_mime_signed(
            f"QUERY nl\n# {number}",
            {"From": "<victim@nic.example>"},
            at=desk.now,
            attachments=[thief.key_attachment()],
        )
        desk.receive(raw, "victim@nic.example")
    assert len(desk.to("victim@nic.example")) <= 1


def test_a_replayed_mail_is_answered_once_an_hour(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for text in ("QUERY nl", "QUERY zz"):
        raw = ann.pgp_mime_signed(text, at=desk.now)
        before = answers(desk) + sum(one.template == "repeated" for one in desk.letters)
        for _ in range(12):
            desk.receive(raw, "mallory@elsewhere.example")
            desk.now += timedelta(minutes=9)
        after = answers(desk) + sum(one.template == "repeated" for one in desk.letters)
        assert after - before <= 3, text


# --- keys and gpg


def test_a_heap_of_keys_costs_few_runs_of_gpg(
    desk: Desk, ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    run = GpgRunner.run
    monkeypatch.setattr(GpgRunner, "run", lambda *args, **more: runs.append(1) or run(*args, **more))
    desk.member(ann, "nl")
    heap = [key_entity(ann.armored, f"{number}.asc") for number in range(15)]
    others = [KeyPair.make(f"Mallory {n}", f"m{n}@elsewhere.example").key_attachment() for n in range(3)]
    handled = desk.say(ann, "SHOW", attachments=[*heap, *others])
    assert len(handled.judged.certificates) <= 5
    assert len(runs) <= 30


def test_of_a_file_full_of_keys_five_are_looked_at(desk: Desk) -> None:
    crowd = [KeyPair.make(f"Mallory {n}", f"m{n}@elsewhere.example") for n in range(7)]
    file = key_entity(encode(b"".join(one.certificate for one in crowd), PUBLIC_KEY), "crowd.asc")
    handled = desk.say(crowd[0], "HELP", attachments=[file])
    assert len(handled.judged.certificates) == 5


def test_a_gpg_that_was_killed_says_nothing_of_a_key(
    desk: Desk, ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For want of memory, say: the mail waits for another try, and is not told that its key is none."""
    killed = Finished(-9, (), b"")
    monkeypatch.setattr(GpgRunner, "run", lambda *_args, **_more: killed)
    with pytest.raises(GpgUnavailable):
        desk.app.gnupg.inspect(ann.armored, desk.now)


def test_a_listing_without_keys_has_none() -> None:
    assert parse_listing(b"", {}) == ()
    assert parse_listing(b"tru::1:1:0:3:1:5\n", {}) == ()


# --- a mail of thirty megabytes

CHUNK = b"x" * 998 + b"\r\n"


def peak_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def data(client: smtplib.SMTP, octets: int) -> tuple[int, bytes]:
    """A mail from Mallory, sent in pieces without saying its size before; what is answered at its end."""
    client.mail("mallory@elsewhere.example")
    assert client.rcpt(LIST_ADDRESS)[0] == 250
    assert client.docmd("DATA")[0] == 354
    client.send(b"From: mallory@elsewhere.example\r\nSubject: hello\r\n\r\nHELP\r\n")
    for _ in range(octets // (64 * len(CHUNK))):
        client.send(CHUNK * 64)
    client.send(b".\r\n")
    return client.getreply()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_thirty_megabytes_are_refused_and_the_next_mail_is_taken() -> None:
    with town() as place, serving(place.config.file) as running:
        client = smtplib.SMTP("127.0.0.1", running.port, timeout=PATIENCE_SECONDS)
        try:
            client.ehlo()
            assert data(client, 100_000)[0] == 250
            before = peak_kilobytes(running._process.pid)
            code, words = data(client, 30_000_000)
            assert code == 552, words
            assert peak_kilobytes(running._process.pid) - before < MOST_KEPT_KILOBYTES
            assert client.docmd("MAIL", f"FROM:<m@elsewhere.example> SIZE={30_000_000}")[0] == 552
            client.rset()
            assert data(client, 100_000)[0] == 250, "on the same connection"
        finally:
            client.close()
        running.end(signal.SIGTERM)
        with place.desk.look() as session:
            sizes = [len(one.raw or b"") for one in session.scalars(select(InboxRow))]
    assert len(sizes) == 2
    assert max(sizes) < 200_000
