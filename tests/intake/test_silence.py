"""Machines, bounces and our own mail are never answered and answer nothing; strangers get few answers (RFC 3834)."""

import pytest

from tests.clockwork import tick
from tests.desk import LIST_LINE, Desk
from tests.keys import LIST_ADDRESS, KeyPair, mail, text_entity
from tests.outcomes import FIELDS, all_of, outcome, prove, rows, states, subscribe, templates
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.domain.outgoing import Kind
from tldops_bot.mail import bounce_address
from tldops_bot.store import facts
from tldops_bot.store.tables import Alert, Delivery, Person

ADMIN = "admin@registry.example"
MACHINES = [
    {"Auto-Submitted": "auto-replied"},
    {"Auto-Submitted": "auto-generated (rejected)"},
    {"Precedence": "bulk"},
    {"Precedence": "list"},
    {"List-Id": "<some.list.example>"},
    {"X-Autoreply": "yes"},
    {"X-Loop": LIST_ADDRESS},
    {"From": "MAILER-DAEMON@registry.example"},
    {"From": "noreply@registry.example"},
    {"From": "postmaster@registry.example"},
    {"From": "some-list-bounces@registry.example"},
    {"From": LIST_ADDRESS},
    {"From": LIST_ADDRESS.upper()},
    {"Content-Type": 'multipart/report; report-type="delivery-status"; boundary=x'},
]


@pytest.mark.parametrize("headers", MACHINES, ids=str)
@pytest.mark.parametrize("kind", ["help", "token", "signed"])
def test_machine_is_not_answered_and_answers_no_token(
    desk: Desk, ann: KeyPair, headers: dict, kind: str
) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    before, told = rows(desk), len(desk.letters)
    top = {"From": ADMIN, "To": LIST_ADDRESS, "Subject": "Re: question"} | headers
    if kind == "signed" and "Content-Type" not in headers:
        desk.receive(ann.pgp_mime_signed("HELP", headers, at=desk.now), ADMIN)
    else:
        text = "HELP" if kind == "help" else f"CONFIRM {desk.token_for(ADMIN)}"
        content = top.pop("Content-Type", "")
        entity = text_entity(text, {"Content-Type": content} if content else None)
        desk.receive(mail(top, entity), ADMIN)
    assert desk.letters[told:] == []
    assert rows(desk) == before


@pytest.mark.parametrize("mail_from", ["", "<>"])
def test_null_sender_is_never_answered(desk: Desk, ann: KeyPair, mail_from: str) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    told = len(desk.letters)
    text = f"CONFIRM {desk.token_for(ADMIN)}"
    desk.receive(mail({"From": ADMIN, "To": LIST_ADDRESS, "Subject": "x"}, text_entity(text)), mail_from)
    assert desk.letters[told:] == []
    assert states(desk, "nl") == {}


@pytest.mark.parametrize(
    "address", ["dörte@nic.example", '"ann b"@nic.example', "ann@[192.0.2.7]", "ann@localhost", "ann"]
)
def test_what_we_cannot_mail_to_is_not_answered_and_breaks_nothing(desk: Desk, address: str) -> None:
    raw = mail({"To": LIST_ADDRESS, "Subject": "x"}, text_entity("HELP"))
    assert desk.receive(f"From: {address}\r\n".encode() + raw, address).letters == ()
    assert desk.letters == []


def test_outlooks_hint_is_no_mark_of_a_machine(desk: Desk) -> None:
    assert outcome(desk.write("x@nic.example", "HELP", **{"X-Auto-Response-Suppress": "All"})) == "commands"


# --- a monitoring system's alert


@pytest.mark.parametrize("headers", [{"Auto-Submitted": "auto-generated"}, {"Precedence": "bulk"}])
def test_good_bound_alert_of_a_machine_goes_and_its_outcome_is_a_notice(
    desk: Desk, ann: KeyPair, headers: dict
) -> None:
    desk.member(ann, "nl")
    handled = desk.receive(ann.pgp_mime_signed(f"{LIST_LINE}\nALERT\n\nLook out", headers, at=desk.now))
    assert outcome(handled) == "posted"
    assert Kind.REPLY not in {one.kind for one in desk.letters}
    (report,) = [one for one in desk.letters if one.template == "reply"]
    assert report.kind is Kind.NOTICE
    assert report.is_confidential
    assert [to.address for to in report.to] == [ann.address]


@pytest.mark.parametrize(
    "text",
    [
        "ALERT\n\nLook out",
        f"{LIST_LINE}\nTEST\nALERT\n\nLook out",
        f"{LIST_LINE}\nUNSUBSCRIBE nl",
        "List: other@lists.example\nALERT\n\nLook out",
    ],
)
def test_anything_else_of_a_machine_is_nothing(desk: Desk, ann: KeyPair, text: str) -> None:
    desk.member(ann, "nl")
    desk.receive(ann.pgp_mime_signed(text, {"Auto-Submitted": "auto-generated"}, at=desk.now))
    assert desk.letters == []
    assert all_of(desk, Alert) == []
    assert states(desk, "nl") == {ann.address: "listed"}


def test_alert_of_a_machine_with_a_bad_signature_is_nothing(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    raw = bob.pgp_mime_signed(
        f"{LIST_LINE}\nALERT\n\nLook out", {"Auto-Submitted": "auto-generated"}, at=desk.now
    )
    desk.receive(raw)
    assert desk.letters == []


# --- strangers


def test_stranger_gets_one_answer_a_day_for_each_kind_of_mistake(desk: Desk) -> None:
    for _ in range(5):
        desk.write("x@nic.example", "QUERY nl")
    assert len(desk.letters) == 1
    desk.write("x@nic.example", "HELP")
    assert len(desk.letters) == 2
    desk.write("y@nic.example", "QUERY nl")
    assert len(desk.letters) == 3
    desk.later(days=1, seconds=1)
    desk.write("x@nic.example", "QUERY nl")
    assert len(desk.letters) == 4


def test_help_is_no_mistake_and_a_contact_who_tries_again_hears_why_again(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for text, sender, limit in (("HELP", "x@nic.example", 6), ("QUERY nl", ann.address, 20)):
        desk.letters.clear()
        for _ in range(limit + 1):
            desk.write(sender, text)
        assert [one.values["last_answer"] for one in desk.letters] == [False] * (limit - 1) + [True]


def test_sixth_answer_of_a_day_says_that_it_is_the_last(desk: Desk) -> None:
    texts = [
        "QUERY nl",
        "HELP",
        "",
        "Hello there",
        "QUREY nl",
        "CONFIRM nl",
        "SUBSCRIBE zz",
        "SUBSCRIBE nl",
        "HELP QUREY",
    ]
    for text in texts:
        desk.write("X@nic.example" if len(text) % 2 else "x@nic.example", text)
    assert len(desk.letters) == 6
    assert [one.values["last_answer"] for one in desk.letters] == [False] * 5 + [True]
    assert "last" in desk.text(desk.letters[-1])


def test_live_token_is_not_counted(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    for text in ("QUERY nl", "HELP", "", "Hello", "QUREY nl", "CONFIRM nl", "SUBSCRIBE zz"):
        desk.write(ADMIN, text)
    subscribe(desk, ann)
    prove(desk, ann)
    told = len(templates(desk, ADMIN))
    desk.write(ADMIN, f"CONFIRM {desk.token_for(ADMIN)}")
    assert states(desk, "nl") == {ann.address: "listed"}
    assert templates(desk, ADMIN)[told:].count("reply") == 1


def test_members_are_not_counted(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(9):
        desk.say(ann, f"QUERY zz{number}")
    assert len(desk.letters) == 9


def test_key_made_for_anothers_address_does_not_lift_the_limit(desk: Desk) -> None:
    mallory = KeyPair.make("Mallory Example", "mallory@other.example")
    for number in range(9):
        raw = mallory.pgp_mime_signed(
            f"HELP\n# {number}",
            {"From": "victim@nic.example"},
            at=desk.now,
            attachments=[mallory.key_attachment()],
        )
        desk.receive(raw, mallory.address)
    assert len(templates(desk, "victim@nic.example")) == 6


def test_silenced_stranger_may_still_subscribe(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    desk.iana("be", ADMIN)
    desk.write("carl@nic.example", f"SUBSCRIBE nl\n{FIELDS}")
    desk.write("carl@nic.example", f"SUBSCRIBE be\n{FIELDS}")
    assert templates(desk, "carl@nic.example").count("letters/prove") == 2
    assert templates(desk, "carl@nic.example").count("reply") == 1


def test_no_author_no_answer_but_to_the_envelope(desk: Desk) -> None:
    entity = text_entity("QUERY nl")
    desk.receive(mail({"To": LIST_ADDRESS, "Subject": "x"}, entity), "x@nic.example")
    assert templates(desk, "x@nic.example") == ["reply"]
    told = len(desk.letters)
    desk.receive(mail({"To": LIST_ADDRESS, "From": "a@nic.example, b@nic.example"}, entity), LIST_ADDRESS)
    assert len(desk.letters) == told


# --- bounces

REPORT = (
    b"From: Mail Delivery <postmaster@mx.example>\r\nTo: <x@lists.example>\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type="delivery-status"; boundary="edge"\r\n\r\n'
    b"--edge\r\nContent-Type: text/plain\r\n\r\nNo such mailbox.\r\n"
    b"--edge\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; ann@nic.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--edge--\r\n"
)


def bounced(desk: Desk, forged: bool = False, raw: bytes = REPORT) -> None:
    """The newest delivery comes back to its bounce address."""
    with desk.app.database.write() as session:
        if not facts.mac_keys(session):
            facts.new_mac_key(session, bytes)
        keys = facts.mac_keys(session)
        delivery = session.query(Delivery).order_by(Delivery.id.desc()).first()
        assert delivery is not None
        address = bounce_address.make(ListAddress.parse(LIST_ADDRESS, "+"), delivery.id, keys)
    if forged:
        head, _, tail = address.partition("@")
        address = f"{head[:-1]}{'a' if head[-1] != 'a' else 'b'}@{tail}"
    told = len(desk.letters)
    desk.receive(raw, "", rcpt_tos=[address])
    assert desk.letters[told:] == []


def failed_at(desk: Desk):
    return all_of(desk, Person)[0].mailbox_failed_at


def test_two_bounces_three_days_apart_and_a_probe_in_vain_mark_the_mailbox(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for _ in range(2):
        desk.later(days=3)
        desk.say(ann, "SHOW")
        bounced(desk)
    assert [one.template for one in tick(desk, "probe_mailboxes")] == ["letters/probe"]
    assert failed_at(desk) is None
    desk.later(days=5)
    tick(desk, "probe_mailboxes")
    assert failed_at(desk) == desk.now


def test_forged_bounce_counts_nothing(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for _ in range(3):
        desk.later(days=3)
        desk.say(ann, "SHOW")
        bounced(desk, forged=True)
    assert tick(desk, "probe_mailboxes") == []
    assert all(one.bounced_at is None for one in all_of(desk, Delivery))


def test_mail_to_a_bounce_address_is_no_command(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "SHOW")
    bounced(desk, raw=ann.pgp_mime_signed(f"{LIST_LINE}\nUNSUBSCRIBE nl", at=desk.now))
    assert states(desk, "nl") == {ann.address: "listed"}


def test_temporary_report_counts_nothing(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "SHOW")
    bounced(desk, raw=REPORT.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.2.2"))
    assert all(one.bounced_at is None for one in all_of(desk, Delivery))
