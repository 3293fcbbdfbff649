"""A house in which something of everything has happened, for what the verbs show of it."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.desk import Desk
from tests.keys import KeyPair, person
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import facts, inbox, people, requests
from tldops_bot.store.tables import (
    Alert,
    AlertCall,
    AlertNews,
    AlertRecipient,
    CertificateRow,
    Delivery,
    InboxRow,
    Message,
    Person,
    Request,
)

IDN = "xn--e1afmkfd"
ALERT = "ALERT\nTitle: Attack on our name servers\nSeverity: critical\n\nTheir addresses: 192.0.2.7\n"
PEOPLE = (
    ("Ann Example", "ann@nic-xa.example"),
    ("Bob Example", "bob@registry-xb.example"),
    ("Carol Example", "carol@committee.example"),
)


def fill(desk: Desk) -> None:
    """Members with marks, requests that wait and one that doesn't, mail in and out, alerts and what followed."""
    ann, bob, carol = (person(*one) for one in PEOPLE)
    desk.iana("nl", "admin@nic-xa.example", "tech@nic-xa.example")
    desk.member(ann, "nl", "xn--p1ai")
    desk.member(bob, "be", "cert:example-cert")
    desk.member(carol, office="committee")
    desk.member(person("Sam Example", "sam@secretariat.example"), office="secretariat", keyless=True)
    desk.member(person("Hanako Example", "hanako@nic-primer.example"), IDN, keyless=True, name="例 花子")
    desk.member(person("Omar Example", "omar@nic-xc.example"), "xn--kprw13d", keyless=True)
    _alerts(desk, ann, bob, carol)
    with desk.app.database.write() as session:
        _marks(desk, session)
        _requests(desk, session)
        _mails(desk, session)
        facts.rotate_list_key(session, "A" * 40, "B" * 40, desk.now + timedelta(days=100))
        facts.put(session, facts.LIST_KEY, desk.app.gnupg.keyring.fingerprints()[0])


def _alerts(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    desk.say_bound(ann, ALERT)
    desk.later(minutes=7)
    number = f"A-{desk.now.year}-0001"
    desk.say(bob, f"ACK {number} volunteer")
    desk.say_bound(ann, f"UPDATE-ALERT {number}\nTitle: It goes on\n\nMore of it\n")
    desk.say_bound(carol, "EXERCISE\nWhen: now\nScope: tld nl be\nTitle: May\n\nOnly an exercise")
    desk.say_bound(bob, f"REACHED {number} nl they knew")
    desk.say_bound(ann, f"CLOSE {number} it is over")
    with desk.app.database.write() as session:
        for one in (*session.scalars(select(Alert)), *session.scalars(select(AlertNews))):
            one.posted_at -= timedelta(hours=5)
            one.signed_at -= timedelta(hours=5)
        for alert in session.scalars(select(Alert)):
            alert.received_at -= timedelta(hours=5)
        for call in session.scalars(select(AlertCall)):
            call.at -= timedelta(hours=5)
        for recipient in session.scalars(select(AlertRecipient).where(AlertRecipient.seen_at.is_not(None))):
            recipient.seen_at = desk.now - timedelta(hours=5)


def _marks(desk: Desk, session: Session) -> None:
    by_name = {one.name: one for one in session.scalars(select(Person))}
    by_name["Omar Example"].stale_at = desk.now - timedelta(days=9)
    by_name["Omar Example"].mailbox_failed_at = desk.now - timedelta(days=12)
    by_name["Bob Example"].entries[0].state = people.SUSPENDED
    key = session.get_one(CertificateRow, by_name["Ann Example"].fingerprint)
    key.expires_at = desk.now + timedelta(days=12, hours=1)


def _requests(desk: Desk, session: Session) -> None:
    for state, tld, days in (
        (requests.COMMITTEE, "nl", 9),
        (requests.PROVING, IDN, 1),
        (requests.REJECTED, "nl", 40),
    ):
        asked_at = desk.now - timedelta(days=days)
        session.add(
            Request(
                kind="subscribe",
                state=state,
                tld=tld,
                email_key=f"dan{days}@nic-xa.example",
                details={
                    "name": "Dan Example" if days > 1 else "Дан Пример",
                    "email": f"dan{days}@nic-xa.example",
                    "phone": "+44 20 7946 0001",
                    "reasons": ["no_voucher"],
                },
                asked_by="someone@nic-xa.example",
                asked_at=asked_at,
                expires_at=asked_at + timedelta(days=14),
                proven_at=asked_at if days > 1 else None,
            )
        )


def _mails(desk: Desk, session: Session) -> None:
    envelope = Envelope("someone@client.example", ("tld-ops@lists.example",), "", "", False, "")
    inbox.accept(
        session, [(b"Subject: secret words\r\n\r\nbody\r\n", envelope, desk.now - timedelta(hours=6))]
    )
    row = session.scalars(select(InboxRow).order_by(InboxRow.id.desc()).limit(1)).one()
    row.state, row.last_problem, row.attempts = inbox.STUCK, "GpgUnavailable", 5
    for number, delivery in enumerate(session.scalars(select(Delivery).order_by(Delivery.id))):
        message = session.get_one(Message, delivery.message_id)
        message.made_at = desk.now - timedelta(hours=5)
        if number % 4 == 0 and delivery.state == "waiting":
            delivery.attempts, delivery.last_code, delivery.last_status = 3, 451, "4.7.1"
        elif number % 4 == 1:
            delivery.state, delivery.last_status = "held", "no-key"
        elif number % 4 == 2:
            delivery.state, delivery.last_status = "held", "restored"
