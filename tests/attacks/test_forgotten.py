"""FORGET: no octet of the database names the person any more, and the audit still verifies."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, outcome, states
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import audit, forgetting, outbox
from tldops_bot.store.tables import (
    AlertRecipient,
    CertificateRow,
    Delivery,
    Entry,
    InboxRow,
    Invitation,
    Lookup,
    Message,
    Note,
    Request,
    Vote,
)

ADMIN = "admin@registry.example"
NAME = "Wilhelmina Examplewood"
ADDRESS = "wilhelmina@examplewood-nic.example"
SPARE = "w.spare@elsewhere.example"
PHONE = "7946 0777"
POSTAL = "7 Sample Street"
TRACES = (NAME, "wilhelmina", "examplewood", "w.spare", PHONE, "79460777", POSTAL, "bakery of hers")


@pytest.fixture(scope="module")
def her() -> KeyPair:
    return KeyPair.make(NAME, ADDRESS)


def octets(desk: Desk) -> bytes:
    """The database as it lies on the disk, the log written back."""
    with desk.app.database.writing.connect() as connection:
        connection.commit()
    with desk.app.database.writing.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("SELECT 1"))
    desk.app.database.close()
    file = desk.app.database.file
    if file is None:
        pytest.skip("it reads SQLite's file, to the last octet")
    assert not Path(f"{file}-wal").exists() or Path(f"{file}-wal").stat().st_size == 0
    return file.read_bytes().lower()


def traces(desk: Desk) -> list[str]:
    found = octets(desk)
    return [word for word in TRACES if word.lower().encode() in found]


def deliver_all(desk: Desk) -> None:
    """Everything that waits is taken by the smarthost."""
    with desk.app.database.write() as session:
        taken = outbox.claim(session, desk.now, 500, desk.now + timedelta(minutes=5), "t")
        outbox.mark(session, [outbox.Mark(one, outbox.TAKEN, 1, code=250) for one in taken], desk.now)


def live(desk: Desk, her: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    """She has joined, changed her record, was looked up, spoken of, replaced somebody, and speaks for two TLDs."""
    desk.iana("nl", ADMIN)
    desk.member(carol, office="committee")
    desk.member(bob, "nl")
    fields = f"Name: {NAME}\nPhone: +44 20 {PHONE}\nPostal: {POSTAL}\nOrganisation: bakery of hers\n"
    handled = desk.say(
        her,
        f"SUBSCRIBE nl\n{fields}Replaces: {bob.address}",
        attachments=[her.key_attachment()],
        headers={"Subject": f"from {NAME}"},
    )
    assert outcome(handled) == "waiting"
    assert outcome(desk.say(her, f"CONFIRM {desk.token_for(ADDRESS)}")) == "proven"
    assert outcome(answer(desk, ADMIN)) == "vouched"
    desk.later(days=3)
    desk.say_bound(carol, f"RESTORE {bob.address}")
    desk.say_bound(her, f"UPDATE\nEmergency-Email: {SPARE}")
    answer(desk, SPARE)
    answer(desk, ADDRESS)
    desk.say(bob, f"QUERY PERSON {NAME}")
    desk.say(her, f"QUERY {bob.address}", headers={"Subject": f"{NAME} asks"})
    with desk.app.database.write() as session:
        session.add(Note(about="nl", text=f"{NAME} called on Monday", at=desk.now))
        session.add(Lookup(asked_id=2, by_id=1, command=f"QUERY PERSON {NAME}", at=desk.now))
        session.add(
            Invitation(
                address=ADDRESS,
                address_key=ADDRESS,
                tlds=["nl"],
                state="sent",
                because="spoke",
                is_found=True,
                asked_at=desk.now,
            )
        )


def gone(desk: Desk, her: KeyPair) -> None:
    assert outcome(desk.say_bound(her, "FORGET")) == "asked"
    token = [one for one in desk.to(ADDRESS) if one.template == "letters/leave"][-1].values["token"]
    assert outcome(desk.write(ADDRESS, f"CONFIRM {token}")) == "left"


@pytest.fixture
def forgotten(desk: Desk, her: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    live(desk, her, bob, carol)
    deliver_all(desk)
    gone(desk, her)
    return desk


def test_she_is_in_it_before(desk: Desk, her: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    """Else the next test proves nothing."""
    live(desk, her, bob, carol)
    assert set(traces(desk)) >= {NAME, "wilhelmina", "w.spare", POSTAL}


def test_no_octet_of_the_database_names_her_once_the_last_mails_are_out(forgotten: Desk) -> None:
    deliver_all(forgotten)
    others_mails_go(forgotten)
    forgotten.app.job_runner().run(JOBS["forget_old"])
    assert traces(forgotten) == []


def others_mails_go(desk: Desk) -> None:
    """What others wrote about her goes by [retention] raw_mail; what is shown here is not that."""
    with desk.app.database.write() as session:
        for row in session.scalars(select(InboxRow)):
            if row.raw is not None and NAME.encode() in row.raw and row.peer != forgetting.IN_HAND:
                row.raw = None


def test_the_last_mail_to_her_still_reaches_her(forgotten: Desk) -> None:
    waiting = [one.rcpt_to for one in all_of(forgotten, Delivery) if one.state == "waiting"]
    assert ADDRESS in waiting
    forgotten.app.job_runner().run(JOBS["forget_old"])
    assert ADDRESS in [one.rcpt_to for one in all_of(forgotten, Delivery) if one.state == "waiting"]


def test_her_mails_are_gone_and_those_of_others_are_not(forgotten: Desk, bob: KeyPair) -> None:
    forgotten.app.job_runner().run(JOBS["forget_old"])
    rows = all_of(forgotten, InboxRow)
    assert [one.raw for one in rows if one.mail_from == ""] == [None] * sum(
        one.mail_from == "" for one in rows
    )
    assert [one.mail_from for one in rows if one.mail_from == ADDRESS] == []
    assert any(one.raw for one in rows if one.mail_from == bob.address)


def test_the_audit_holds_and_says_that_somebody_was_there(forgotten: Desk) -> None:
    with forgotten.look() as session:
        count, tampered = audit.verify(session)
        actions = {one.action for one in audit.history(session)}
    assert tampered is None
    assert count > 0
    assert {"listed", "left", "forgotten"} <= actions
    assert states(forgotten, "nl")[""] == "left"


def test_what_belongs_to_others_stays(forgotten: Desk, bob: KeyPair) -> None:
    assert states(forgotten, "nl")[bob.address] == "listed"
    (note,) = all_of(forgotten, Note)
    assert note.text == forgetting.GONE
    assert [one.command for one in all_of(forgotten, Lookup)] != []


def test_somebody_of_the_same_name_and_office_number_loses_nothing(
    desk: Desk, her: KeyPair, bob: KeyPair
) -> None:
    desk.member(her, "nl")
    desk.iana("be", ADMIN)
    fields = f"SUBSCRIBE be\nName: {NAME}\nMobile: +44 20 7946 0123\nEmail: {bob.address}\n"
    assert outcome(desk.say(bob, fields, attachments=[bob.key_attachment()])) == "waiting"
    gone(desk, her)
    (request,) = all_of(desk, Request)
    assert request.details["name"] == NAME
    assert outcome(desk.say(bob, f"CONFIRM {desk.token_for(bob.address)}")) == "proven"


# --- what was written before is emptied too, part by part


def test_what_a_suspension_said_of_her_in_another_s_entry_goes(
    desk: Desk, her: KeyPair, bob: KeyPair
) -> None:
    desk.member(her, "nl")
    desk.member(bob, "nl")
    with desk.app.database.write() as session:
        entry = session.scalars(select(Entry).where(Entry.person_id == 2)).one()
        entry.suspended_because = f"replaced by {NAME}"
        own = session.scalars(select(Entry).where(Entry.person_id == 1)).one()
        own.suspended_because, own.voucher_key = "gone fishing", ADDRESS
    gone(desk, her)
    found = {one.person_id: (one.suspended_because, one.voucher_key) for one in all_of(desk, Entry)}
    assert found == {1: ("", ""), 2: (forgetting.GONE, "")}


def test_what_a_committee_said_of_her_goes_and_the_vote_stays(
    desk: Desk, her: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.iana("nl", ADMIN)
    desk.member(carol, office="committee")
    desk.member(her, "be")
    handled = desk.say(her, f"SUBSCRIBE nl\nName: {NAME}\nMobile: +44 20 {PHONE}\n")
    assert outcome(handled) == "waiting"
    desk.say(her, f"CONFIRM {desk.token_for(ADDRESS)}")
    answer(desk, ADMIN, "DECLINE", "never heard of her")
    desk.say_bound(carol, "REJECT R-1 bakery of hers")
    gone(desk, her)
    (request,) = all_of(desk, Request)
    assert (request.details, request.decided_because, request.asked_by) == ({}, "", "")
    assert [(one.approves, one.because) for one in all_of(desk, Vote)] == [(False, "")]


def test_her_words_at_an_alert_go(desk: Desk, her: KeyPair, bob: KeyPair) -> None:
    desk.member(her, "nl")
    desk.member(bob, "be")
    desk.say_bound(bob, "ALERT\nTitle: Zone transfers\n\nBlock 192.0.2.7 now.")
    (alert,) = {one.alert_id for one in all_of(desk, AlertRecipient)}
    desk.say(her, f"ACK {alert} {NAME} is on it")
    assert any(NAME in one.words for one in all_of(desk, AlertRecipient))
    gone(desk, her)
    assert [one.words for one in all_of(desk, AlertRecipient) if one.words] == []


# --- retention


def test_closed_requests_and_strangers_keys_go_with_the_raw_mails(desk: Desk, her: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    fields = f"SUBSCRIBE nl\nName: {NAME}\nMobile: +44 20 {PHONE}\n"
    desk.say(her, fields, attachments=[her.key_attachment()])
    desk.later(days=15)
    desk.app.job_runner().run(JOBS["advance_requests"])
    desk.later(days=89)
    desk.app.job_runner().run(JOBS["forget_old"])
    assert [one.details.get("name") for one in all_of(desk, Request)] == [NAME]
    assert all_of(desk, CertificateRow) == [], "the key came 104 days ago and nobody waits for it"
    desk.later(days=2)
    desk.app.job_runner().run(JOBS["forget_old"])
    (request,) = all_of(desk, Request)
    assert (request.state, request.details, request.email_key) == ("expired", {}, "")
    deliver_all(desk)
    assert [one.raw for one in all_of(desk, InboxRow)] == [None]


def test_a_key_that_somebody_waits_with_stays(desk: Desk, her: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    fields = f"SUBSCRIBE nl\nName: {NAME}\nMobile: +44 20 {PHONE}\n"
    desk.say(her, fields, attachments=[her.key_attachment()])
    desk.later(days=200)
    desk.app.job_runner().run(JOBS["forget_old"])
    assert len(all_of(desk, CertificateRow)) == 1


def test_who_asked_for_whom_is_kept_a_year(desk: Desk, her: KeyPair, bob: KeyPair) -> None:
    desk.member(her, "nl")
    desk.member(bob, "be")
    desk.say(bob, f"QUERY {ADDRESS}")
    desk.later(days=364)
    desk.app.job_runner().run(JOBS["forget_old"])
    assert len(all_of(desk, Lookup)) == 1
    desk.later(days=2)
    desk.app.job_runner().run(JOBS["forget_old"])
    assert all_of(desk, Lookup) == []


def test_dropped_octets_are_overwritten_not_only_unlinked(desk: Desk) -> None:
    secret = b"a secret nobody keeps " * 2000
    with desk.app.database.write() as session:
        session.add(
            Message(
                kind="reply",
                priority=2,
                subject="",
                headers={},
                entity=secret,
                made_at=desk.now,
                done_at=None,
            )
        )
    assert b"a secret nobody keeps" in octets(desk)
    with desk.app.database.write() as session:
        for message in session.scalars(select(Message)):
            message.entity = None
    assert b"a secret nobody keeps" not in octets(desk)
