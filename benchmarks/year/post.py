"""The post between the program and its people: everything is as with `serve`, but nothing is sealed and no socket opened.

Who may have a copy is asked as always; a copy that would have been encrypted says to which key, and is read in clear.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from sqlalchemy import func, select

from tests.keys import LIST_ADDRESS, mail, next_number, text_entity
from tldops_bot.app import App
from tldops_bot.domain.address import address_key
from tldops_bot.domain.entitlement import Treatment
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.intake import Intake
from tldops_bot.jobs._keyless import Keyless
from tldops_bot.mail import bounce_address
from tldops_bot.store import facts, inbox, outbox, outbox_copies, recipients
from tldops_bot.store.database import Session
from tldops_bot.store.outbox import DROPPED, HELD, NO_KEY, TAKEN, Claimed, Mark, OutboxMessage
from tldops_bot.store.recipients import Addressee
from tldops_bot.store.tables import Message

AT_ONCE = 500
LEASE = timedelta(minutes=15)
_ANSWER = re.compile(r"^(CONFIRM|DECLINE|OBJECT) ([A-Z0-9-]{19})$", re.MULTILINE)
_REPORT = (
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n'
    "Content-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n--b\r\n"
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.client.example\r\n\r\n"
    "Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b--\r\n"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One copy, as its reader has it before them; `fingerprint` is the key it would have been encrypted to."""

    at: datetime
    delivery: int
    person: int | None
    to: str
    template: str
    subject: str
    text: str
    reply_to: str
    fingerprint: str = ""

    def token(self, verb: str) -> str:
        """What to send back, as it stands in the text alone on a line: the first one, for all there is; or ""."""
        return next((found[2] for found in _ANSWER.finditer(self.text) if found[1] == verb), "")


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter as it was put into the outbox."""

    at: datetime
    template: str
    to: tuple[str, ...]
    values: Mapping[str, Any]


class Watched(Intake):
    """The intake, looked at while it posts: which template became which message."""

    templates: dict[int, str]
    posted: list[Posted]

    def post(self, session: Session, letters: Sequence[Letter], now: datetime) -> None:
        for letter in letters:
            super().post(session, [letter], now)
            if letter.to:
                to = tuple(address_key(one.address) for one in letter.to)
                self.posted.append(Posted(now, letter.template, to, letter.values))
                self.templates[cast(int, session.scalar(select(func.max(Message.id))))] = letter.template


class PostOffice:
    """Brings mail in and hands mail out, at the time the clock of the program shows."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.intake = Watched(app.database, app.gnupg, app.renderer, app.surroundings)
        self.intake.templates, self.intake.posted = {}, []
        app.intake = self.intake
        self.home = ListAddress.parse(app.config.list.address, app.config.list.delimiter)
        self.keyless = Keyless(self.intake.post, app.now)
        self._texts: dict[int, str] = {}
        with app.database.write() as session:
            facts.new_mac_key(session, app.random_octets)

    # --- in

    def bring(self, raw: bytes, mail_from: str, rcpt_to: str = "") -> None:
        """One mail: accepted, claimed, carried out; and one from before, if that is what this one asks for."""
        now = self.app.now()
        envelope = Envelope(
            mail_from, (rcpt_to or LIST_ADDRESS,), "192.0.2.1", "client.example", False, "ESMTP"
        )
        with self.app.database.write() as session:
            inbox.accept(session, [(raw, envelope, now)])
        while claimed := self._claim():
            self.intake.handle(claimed, now)

    def _claim(self) -> inbox.Claimed | None:
        with self.app.database.write() as session:
            return next(iter(inbox.claim(session, f"mail {next_number()}", self.app.now())), None)

    def write(self, address: str, text: str, subject: str, rcpt_to: str = "") -> None:
        """A plain mail."""
        top = {"From": address, "To": rcpt_to or LIST_ADDRESS, "Subject": subject}
        top |= {"Message-ID": f"<{next_number()}@client.example>", "MIME-Version": "1.0"}
        self.bring(mail(top, text_entity(text)), address, rcpt_to)

    def come_back(self, copy: Mail, status: str) -> None:
        """What a mail server says of a copy that it can't deliver: to the address made for that copy."""
        with self.app.database.read() as session:
            keys = facts.mac_keys(session)
        to = bounce_address.make(self.home, copy.delivery, keys)
        top = (
            f"From: MAILER-DAEMON@client.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        )
        self.bring((top + _REPORT.format(address=copy.to, status=status)).encode(), "", to)

    # --- out

    def fetch(self) -> list[Mail]:
        """Everything that is due to go, delivered."""
        found: list[Mail] = []
        while some := self._fetch_some():
            found += some
        return [one for one in found if one.delivery]

    def _fetch_some(self) -> list[Mail]:
        now = self.app.now()
        with self.app.database.write() as session:
            outbox_copies.write_all(session, now)
            claimed = outbox.claim(session, now, AT_ONCE, now + LEASE, f"turn {next_number()}")
            messages = outbox.load(session, {one.message_id for one in claimed})
            addressees = recipients.look_up(session, claimed, messages, now)
            return [
                self._hand_out(session, one, messages[one.message_id], addressees[one.id]) for one in claimed
            ]

    def _hand_out(self, session: Session, one: Claimed, message: OutboxMessage, to: Addressee) -> Mail:
        """A copy that may go; one with the number 0 where it may not."""
        now, right = self.app.now(), to.right
        goes = right.treatment in (Treatment.ENCRYPT, Treatment.SIGN_ONLY)
        text = self._text(message) if goes else ""
        state = TAKEN if goes else HELD if right.treatment is Treatment.HOLD else DROPPED
        outbox.mark(session, [Mark(one, state, one.attempts + goes, status=right.reason)], now)
        if state == HELD or (not goes and message.kind is Kind.ROSTER and right.reason == NO_KEY):
            self.keyless(session, one)
        key = to.fingerprint if right.treatment is Treatment.ENCRYPT else ""
        template = self.intake.templates[one.message_id]
        number = one.id if goes else 0
        return Mail(
            now, number, one.person_id, one.rcpt_to, template, message.subject, text, one.reply_to, key
        )

    def _text(self, message: OutboxMessage) -> str:
        if message.kind is Kind.ROSTER:
            return ""
        if message.id not in self._texts:
            parsed = cast(EmailMessage, message_from_bytes(message.entity or b"", policy=policy.default))
            body = parsed.get_body(("plain",))
            self._texts[message.id] = body.get_content().replace("\r\n", "\n") if body is not None else ""
        return self._texts[message.id]
