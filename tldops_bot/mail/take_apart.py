"""A raw mail, whatever its octets, as one value: who says so, about what, and where its message is."""

from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.automatic import Marks
from tldops_bot.mail.autocrypt import hint
from tldops_bot.mail.bodies import Body
from tldops_bot.mail.find_body import find_body
from tldops_bot.mail.headers import (
    Headers,
    addresses_of,
    author_of,
    decode_words,
    message_ids,
    parse_content_type,
    parse_date,
    split_entity,
)


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail taken apart. All but the body is unsigned and only for addressing and quoting replies.

    `author` is the one valid From address or None; then `author_problem` says absent, several or
    malformed. `ignored` names what the message does not cover; `hinted_key` is what an Autocrypt header offers.
    """

    message_id: str
    subject: str
    author: str | None
    author_problem: str
    date: datetime | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    marks: Marks
    body: Body
    keys: tuple[bytes, ...]
    ignored: tuple[str, ...]
    hinted_key: bytes = b""


def take_apart(raw: bytes, own_loop: str = "") -> IncomingMail:
    """Never raises; `own_loop` is the X-Loop value that our own mails carry, matched without case."""
    headers, _ = split_entity(raw)
    author, author_problem = author_of(headers)
    found = find_body(raw)
    return IncomingMail(
        message_id=next(iter(message_ids(headers.first("message-id"))), ""),
        subject=decode_words(headers.first("subject")),
        author=author,
        author_problem=author_problem,
        date=parse_date(headers),
        to=addresses_of(headers.all("to")),
        cc=addresses_of(headers.all("cc")),
        in_reply_to=message_ids(headers.first("in-reply-to")),
        references=message_ids(headers.first("references")),
        marks=_marks(headers, author or "", own_loop),
        body=found.body,
        keys=found.keys,
        ignored=found.ignored,
        hinted_key=hint(headers, author),
    )


def _marks(headers: Headers, author: str, own_loop: str) -> Marks:
    content_type = parse_content_type(headers)
    loops = [value for value in headers.all("x-loop") if own_loop and value.lower() == own_loop.lower()]
    return Marks(
        auto_submitted=headers.first("auto-submitted"),
        precedence=headers.first("precedence"),
        list_id=headers.first("list-id"),
        x_autoreply=headers.first("x-autoreply") or headers.first("x-autorespond"),
        x_loop=next(iter(loops), ""),
        content_type=content_type.media_type,
        report_type=content_type.parameter("report-type").lower(),
        author=author,
        received_count=len(headers.all("received")),
    )
