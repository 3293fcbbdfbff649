"""From rendered words to a draft, and from a sealed part to a whole mail: RFC 5322, 2369, 2919, 3834, 9788.

Outer headers are the same for everybody, save To, Message-ID and Reply-To: the rest is built once.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Entitled, Letter
from tldops_bot.domain.plain_text import one_line
from tldops_bot.mail.mime_entities import attachment_entity, multipart, text_entity
from tldops_bot.mail.render import Rendered

MAX_SUBJECT = 120
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_FIELD_START = re.compile(rb"^(?=[A-Z])", re.MULTILINE)
_MOST_REFERENCES = 20
# Identifiers must never be cut or encoded; the default policy does that to words over 78 characters.
_UNFOLDED = SMTP.clone(max_line_length=998)
# Shorter inside, so that `HP-Outer: ` fits in front of a line.
_INSIDE = SMTP.clone(max_line_length=66)
# What the library would not change: ASCII words with single blanks, none of which looks encoded.
_AS_IT_STANDS = re.compile(r"(?!.*=\?)[!-~]+( [!-~]+)*")
_ALWAYS_ENCRYPTED = (Entitled.MEMBER, Entitled.KEY)


class BadAddress(Exception):
    """Not an address, so nothing is sent to it. The message doesn't repeat it."""


@dataclass(frozen=True, slots=True)
class OuterHeaders:
    """The header lines of one message, without those that differ between copies."""

    common: bytes
    subject: str = ""  # only if each recipient's has a token of their own

    def for_recipient(self, to: str, message_id: str, reply_to: str = "", seen_token: str = "") -> bytes:
        """All header lines of one copy, up to the Content headers; raises BadAddress.

        With a `seen_token` the Subject ends with what a phone without OpenPGP can send back.
        """
        if not _MESSAGE_ID.fullmatch(message_id):
            raise BadAddress("not a message id")
        own = f"To: <{_checked(to)}>\r\nMessage-ID: {message_id}\r\n"
        if reply_to:
            own += f"Reply-To: <{_checked(reply_to)}>\r\n"
        if self.subject:
            own += f"Subject: {self.subject}{f' (ACK {seen_token})' if seen_token else ''}\r\n"
        return own.encode("ascii") + self.common


def draft(letter: Letter, rendered: Rendered, settings: ListSettings, now: datetime) -> Draft:
    """Everything about a letter that is decided when it is written; sealing and addressing come later."""
    subject = " ".join(one_line(letter.subject or rendered.subject).split())[:MAX_SUBJECT]
    headers = {"Date": format_datetime(now), "Auto-Submitted": letter.kind.auto_submitted}
    references = [known for text in letter.references if (known := _known_id(text))]
    if in_reply_to := _known_id(letter.in_reply_to):
        headers["In-Reply-To"] = in_reply_to
        references = [*(known for known in references if known != in_reply_to), in_reply_to]
    if references:
        headers["References"] = " ".join(references[-_MOST_REFERENCES:])
    reply_to = letter.reply_to
    if letter.route:
        reply_to = settings.home.with_tag(f"t.{letter.route}")
    return Draft(
        subject,
        _entity(letter, rendered.body, subject, headers["Date"], settings),
        headers,
        _checked(reply_to) if reply_to else "",
    )


def outer_headers(
    headers: Mapping[str, str], subject: str, settings: ListSettings, is_apart: bool = False
) -> OuterHeaders:
    """The headers around the sealed part, in every copy; with `is_apart` each copy has its own Subject."""
    is_apart = is_apart and subject.isascii()
    shared = {} if is_apart else {"Subject": subject}
    words = _header_lines(shared | {"Date": headers["Date"]})
    marks = {name: text for name, text in headers.items() if name != "Date"}
    common = words + _header_lines(marks, _UNFOLDED) + _list_lines(settings.address, settings.owner)
    return OuterHeaders(
        _from_line(settings.name, settings.address, SMTP) + common, subject if is_apart else ""
    )


def message_id(delivery_id: int, made_at: datetime, key: bytes, settings: ListSettings) -> str:
    """The same for every attempt at a delivery, so that a receiver can drop a copy it has.

    `made_at` is the message's: after a restore, numbers are given again.
    """
    proof = hmac.new(key, f"message-id {delivery_id} {made_at.isoformat()}".encode(), hashlib.sha256)
    return f"<d.{delivery_id}.{proof.hexdigest()[:20]}@{settings.address.rpartition('@')[2]}>"


def _entity(letter: Letter, body: str, subject: str, date: str, settings: ListSettings) -> bytes:
    """The text and its attachments, with protected headers in the root (RFC 9788 section 2)."""
    lines = _from_line(settings.name, settings.address, _INSIDE)
    lines += _header_lines({"Subject": subject, "Date": date}, _INSIDE)
    if len(letter.to) == 1:
        lines += f"To: <{_checked(letter.to[0].address)}>\r\n".encode()
    is_cipher = letter.is_confidential or all(to.entitled in _ALWAYS_ENCRYPTED for to in letter.to)
    if is_cipher:  # RFC 9788 section 2.2 has encrypted mail say what could be read outside, too
        lines += _FIELD_START.sub(b"HP-Outer: ", lines)
    parameter = f'; hp="{"cipher" if is_cipher else "clear"}"'
    if not letter.attachments:
        return text_entity(body, parameter, lines)
    parts = (text_entity(body), *(attachment_entity(attachment) for attachment in letter.attachments))
    return multipart("mixed", parameter, parts, lines)


@lru_cache(maxsize=8)
def _list_lines(address: str, owner: str) -> bytes:
    """RFC 2369 and RFC 2919, the same in all mails. Every command is a mail, so each of these writes one."""
    local, _, domain = address.rpartition("@")
    headers = {
        "List-Id": f"<{local}.{domain}>",
        "List-Help": _mailto(address, "HELP"),
        "List-Subscribe": _mailto(address, "HELP SUBSCRIBE"),
        "List-Unsubscribe": _mailto(address, "UNSUBSCRIBE ALL"),
        "List-Post": _mailto(address),
        "List-Owner": _mailto(owner),
        "X-Loop": address,
        "MIME-Version": "1.0",
    }
    return _header_lines(headers, _UNFOLDED)


def _mailto(address: str, command: str = "") -> str:
    """RFC 6068; everything that could end the URI or the field is percent-encoded."""
    return f"<mailto:{quote(address, safe='@+')}{f'?body={quote(command)}' if command else ''}>"


@lru_cache(maxsize=8)
def _from_line(name: str, address: str, policy: "EmailPolicy[EmailMessage]") -> bytes:
    return _by_the_library("From", Address(name, addr_spec=address), policy)


def _checked(address: str) -> str:
    """An address that can't be anything but one address in a header."""
    parsed = parse_address(address)
    if parsed is None:
        raise BadAddress("not an address")
    return parsed


def _known_id(text: str) -> str:
    """A Message-ID that may be repeated (RFC 5322 section 3.6.4), or ""."""
    return text.strip() if _MESSAGE_ID.fullmatch(text.strip()) else ""


def _header_lines(headers: Mapping[str, str], policy: "EmailPolicy[EmailMessage]" = SMTP) -> bytes:
    return b"".join(_header_line(name, text, policy) for name, text in headers.items())


def _header_line(name: str, text: str, policy: "EmailPolicy[EmailMessage]") -> bytes:
    line = f"{name}: {text}"
    if len(line) <= (policy.max_line_length or 0) and _AS_IT_STANDS.fullmatch(text):
        return line.encode() + b"\r\n"
    return _by_the_library(name, one_line(text), policy)


def _by_the_library(name: str, value: str | Address, policy: "EmailPolicy[EmailMessage]") -> bytes:
    """Folded and encoded by the library."""
    message = EmailMessage(policy)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")
