"""Resends, shortened, what a mailbox refused for its size: an alert without its attachments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.commands import _alerts
from tldops_bot.commands._alert_news import UPDATE
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.mail.bodies import PgpMimeSigned
from tldops_bot.mail.inline_blocks import clearsign_lines
from tldops_bot.mail.signed_text import SignedText, text_of
from tldops_bot.mail.take_apart import take_apart
from tldops_bot.store import alerts
from tldops_bot.store.database import Session
from tldops_bot.store.outbox import Claimed
from tldops_bot.store.tables import Alert, AlertNews, Message, Person

MOST_CHARACTERS = 20_000  # characters of the alert's text in a short copy


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Called by delivery, in the transaction that marks the copy as refused for good."""

    post: Callable[[Session, Sequence[Letter], datetime], None]
    now: Callable[[], datetime]
    list_address: str

    def __call__(self, session: Session, claimed: Claimed) -> None:
        message = session.get_one(Message, claimed.message_id)
        if message.kind in (Kind.ROSTER, Kind.REPLY) and claimed.person_id is not None:
            to = (Recipient(claimed.rcpt_to, Entitled.PERSON, claimed.person_id),)
            values = {"subject": message.subject, "is_roster": message.kind == Kind.ROSTER}
            self.post(session, [Letter(Kind.NOTICE, "jobs/mail_too_large", values, to)], self.now())
        elif message.alert_id and (said := _whole(session, message)) is not None:
            alert = session.get_one(Alert, message.alert_id)
            self.post(session, [self._short(session, claimed, alert, said)], self.now())

    def _short(self, session: Session, claimed: Claimed, alert: Alert, said: Alert | AlertNews) -> Letter:
        author = session.get(Person, said.person_id)
        words = _words_of(said)
        values = _alerts.notice_values(alert, author) | {
            "beside": [],
            "number": said.number if isinstance(said, AlertNews) else 0,
            "title": said.title,
            "tlp": said.tlp,
            "severity": said.severity,
            "fingerprint": said.fingerprint,
            "signed_at": said.signed_at,
            "posted_at": said.posted_at,
            "text": words[:MOST_CHARACTERS],
            "is_cut": len(words) > MOST_CHARACTERS,
        }
        return Letter(
            Kind.ALERT,
            "jobs/alert_too_large",
            values,
            (Recipient(claimed.rcpt_to, Entitled.MEMBER, claimed.person_id),),
            is_confidential=True,
            references=(_alerts.thread_id(alert, self.list_address),),
            reply_to=author.email if author else "",
            alert_id=alert.id,
        )


def _whole(session: Session, message: Message) -> Alert | AlertNews | None:
    """What a message carried: the alert, or an update of it. None if it was short already."""
    alert = session.get_one(Alert, message.alert_id)
    if alert.posted_at == message.made_at:
        return alert
    updates = (one for one in alerts.news_of(session, alert.id) if one.kind == UPDATE and one.original)
    return next((one for one in updates if one.posted_at == message.made_at), None)


def _words_of(said: Alert | AlertNews) -> str:
    """The text under the signature, which was verified on arrival; "" if none can be read."""
    original = said.original or b""
    if said.original_form == "inline":
        lines = [line.removeprefix(b"- ") for line in clearsign_lines(original)]
        return b"\n".join(lines).decode(errors="replace")
    body = take_apart(original).body
    found = text_of(body.signed_octets) if isinstance(body, PgpMimeSigned) else None
    return found.text if isinstance(found, SignedText) else ""
