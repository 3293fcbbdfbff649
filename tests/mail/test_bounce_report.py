"""What comes back, in the shapes that mail servers give it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.mailbox import speaks_of_mailbox
from tldops_bot.mail.bounce_report import read_report

OURS = "Content-Type: message/rfc822\n\nSubject: TLD-OPS roster\n\nStatus: 5.9.9\nAction: failed\n"


def report(words: str, fields: str, kind: str = "message/delivery-status", returned: str = OURS) -> bytes:
    text = (
        "From: MAILER-DAEMON@registry.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=b"\n\n'
        f"--=b\nContent-Type: text/plain\n\n{words}\n--=b\nContent-Type: {kind}\n\n{fields}\n--=b\n{returned}--=b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def words(text: str, more: str = "") -> bytes:
    return f"From: MAILER-DAEMON@registry.example\nSubject: failure notice\n{more}\n{text}".encode()


POSTFIX = report(
    "This is the mail system at host mx.registry.example.\n<ann@nic.example>: host mx said: 550 5.1.1 No such user",
    "Reporting-MTA: dns; mx.registry.example\nX-Postfix-Queue-ID: 4D2\n\nFinal-Recipient: rfc822; ann@nic.example\n"
    "Original-Recipient: rfc822;ann@nic.example\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <ann@nic.example>: Recipient address rejected\n",
)
POSTFIX_DELAYED = report(
    "THIS IS A WARNING ONLY.",
    "Final-Recipient: rfc822; ann@nic.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Wed, 25 Nov 2026\n",
)
POSTFIX_EXPIRED = report(
    "delivery temporarily suspended", "Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 4.4.7\n"
)
POSTFIX_FULL = report("over quota", "Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.2.2\n")
EXIM = report(
    "This message was created automatically by mail delivery software.",
    "Reporting-MTA: dns; mx.registry.example\n\nAction: failed\nFinal-Recipient: rfc822;ann@nic.example\n"
    "Status: 5.0.0\nRemote-MTA: dns; mx.nic.example\nDiagnostic-Code: smtp; 550 Unknown user\n",
)
EXCHANGE = report(
    "Your message to ann@nic.example couldn't be delivered.",
    "Reporting-MTA: dns;AM0PR01.prod.registry.example\nReceived-From-MTA: dns;mx.lists.example\n"
    "Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0000\n\nFinal-Recipient: rfc822;ann@nic.example\nAction: failed\n"
    "Status: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\n",
)
EXCHANGE_POLICY = report(
    "Your message wasn't delivered because of a rule.",
    "Final-Recipient: rfc822;ann@nic.example\nAction: failed\nStatus: 5.7.1\n"
    "Diagnostic-Code: smtp;550 5.7.1 TRANSPORT.RULES.RejectMessage\n",
)
GMAIL = report(
    "** Address not found **\n\nYour message wasn't delivered to ann@nic.example",
    "Reporting-MTA: dns; googlemail.example\nArrival-Date: Fri, 20 Nov 2026 02:00:00 -0800 (PST)\n"
    "X-Original-Message-ID: <1@lists.example>\n\nFinal-Recipient: rfc822; ann@nic.example\nAction: failed\n"
    "Status: 5.1.1\nRemote-MTA: dns; mx.nic.example.\nDiagnostic-Code: smtp; 550-5.1.1 No such account\n",
)
GMAIL_AUTHENTICATION = report(
    "Message blocked", "Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.7.26\n"
)
SENDMAIL = report(
    "   ----- The following addresses had permanent fatal errors -----\n<ann@nic.example>",
    "Reporting-MTA: dns; mx\nArrival-Date: Fri\n\nFinal-Recipient: RFC822; ann@nic.example\nAction: failed\n"
    "Status: 5.1.1\nDiagnostic-Code: SMTP; 550 5.1.1 <ann@nic.example>... User unknown\nLast-Attempt-Date: Fri\n",
)
SENDMAIL_RELAYED = report(
    "relayed", "Final-Recipient: RFC822; a@b\nAction: relayed (to non-DSN-aware mailer)\nStatus: 2.1.5\n"
)
INTERNATIONAL = report(
    "unbekannt",
    "Final-Recipient: utf-8; j\u00f6rg@nic.example\nAction: failed\nStatus: 5.1.1\n",
    "message/global-delivery-status",
)
FOLDED = report(
    "odd", "final-recipient: rfc822; a@b\nACTION :  Failed ; by us\nstatus:\t5.1.2 (bad destination)\n"
)
CUT = report("cut off", "Final-Recipient: rfc822; a@b\n")
QMAIL = words(
    "Hi. This is the qmail-send program at mx.registry.example.\nI'm afraid I wasn't able to deliver to the\n"
    "following addresses. This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<ann@nic.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy.\n\n"
    "Return-Path: <x>\n\n(#5.7.1)\n"
)
QMAIL_NO_CODE = words(
    "Hi. This is the deliver program at mx.registry.example.\nThis is a permanent error; I've given up.\n\n<a@b>:\nno\n"
)
QMAIL_DELAYED = words("Hi. This is the qmail-send program.\nI will keep trying for five days.\n\n<a@b>:\n")
EXIM_OLD = words(
    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be\n"
    "delivered to one or more of its\nrecipients. This is a permanent\nerror. The following address(es) failed:\n\n"
    "  ann@nic.example\n    host mx.nic.example [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:\n"
    "    550 5.1.1 Unknown user\n\n------ This is a copy of the message, including all the headers. ------\n\n5.7.1\n",
    "X-Failed-Recipients: ann@nic.example\n",
)
EXIM_NO_CODE = words(
    "This message was created automatically by mail delivery software.\n\nThis is a permanent error.\n\n  a@b\n"
    "    550 [192.0.2.7] Unknown user\n"
)
EXIM_WARNING = words(
    "This message was created automatically by mail delivery software.\n\nThe message has not been delivered yet.\n"
    "No action is required on your part.\n"
)

# Is it for good, with which status, and does it speak of the mailbox?
SHAPES = {
    "postfix": (POSTFIX, True, "5.1.1", True),
    "postfix, delayed": (POSTFIX_DELAYED, False, "4.4.1", False),
    "postfix, expired": (POSTFIX_EXPIRED, False, "4.4.7", False),
    "postfix, full": (POSTFIX_FULL, True, "5.2.2", True),
    "exim": (EXIM, True, "5.0.0", True),
    "exchange": (EXCHANGE, True, "5.1.10", True),
    "exchange, policy": (EXCHANGE_POLICY, True, "5.7.1", False),
    "gmail": (GMAIL, True, "5.1.1", True),
    "gmail, authentication": (GMAIL_AUTHENTICATION, True, "5.7.26", False),
    "sendmail": (SENDMAIL, True, "5.1.1", True),
    "sendmail, relayed": (SENDMAIL_RELAYED, False, "2.1.5", False),
    "international": (INTERNATIONAL, True, "5.1.1", True),
    "folded": (FOLDED, True, "5.1.2", True),
    "cut": (CUT, False, "", False),
    "qmail": (QMAIL, True, "5.1.1", True),
    "qmail, no code": (QMAIL_NO_CODE, True, "5.0.0", True),
    "qmail, delayed": (QMAIL_DELAYED, False, "", False),
    "exim, old": (EXIM_OLD, True, "5.1.1", True),
    "exim, no code": (EXIM_NO_CODE, True, "5.0.0", True),
    "exim, warning": (EXIM_WARNING, False, "", False),
}


def test_of_a_report_in_words_the_beginning_is_read() -> None:
    start, code = "Hi. This is the qmail-send program.\nThis is a permanent error.\n", "(#5.1.1)\n"
    assert read_report(words(start + "x" * 19_000 + code)).status == "5.1.1"
    assert read_report(words(start + "x" * 20_000 + code)).status == "5.0.0"


@pytest.mark.parametrize("shape", SHAPES)
def test_what_servers_send_back_is_read(shape: str) -> None:
    raw, is_permanent, status, is_mailbox = SHAPES[shape]
    for octets in (raw, raw.replace(b"\r\n", b"\n")):
        found = read_report(octets)
        assert found is not None
        assert (found.is_permanent, found.status) == (is_permanent, status)
        assert speaks_of_mailbox(found.status) is is_mailbox


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: x\r\n\r\nHi.",
        words("Delivery failed: 550 5.1.1 no such user"),
        words("> Hi. This is the qmail-send program.\nThis is a permanent error. (#5.1.1)"),
        b"Content-Type: multipart/report\r\n\r\n\r\n",
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n' + b"--a\r\n\r\n" * 5000,
    ],
)
def test_what_is_no_report_says_nothing(raw: bytes) -> None:
    assert read_report(raw) is None


@given(st.binary(max_size=300), st.sampled_from([POSTFIX, QMAIL, EXIM_OLD]), st.floats(0, 1))
def test_nothing_in_it_can_break_the_reader(junk: bytes, raw: bytes, at: float) -> None:
    place = int(at * len(raw))
    report = read_report(raw[:place] + junk + raw[place:])
    assert report is None or len(report.status) <= len("5.999.999")
