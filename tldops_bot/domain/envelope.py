"""What the SMTP dialogue said about one mail (RFC 5321 section 2.3.1); none of it proves anything."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Envelope:
    """The SMTP side of one mail. `mail_from` is "" for the null sender; `rcpt_tos` as written, in order.

    `peer` is an IP address, or "" over a Unix socket. `protocol` is the word for a Received line
    (RFC 3848, RFC 6531): SMTP, ESMTP, ESMTPS, LMTP, LMTPS, UTF8SMTP, UTF8SMTPS, UTF8LMTP, UTF8LMTPS.
    """

    mail_from: str
    rcpt_tos: tuple[str, ...]
    peer: str
    helo: str
    smtputf8: bool
    protocol: str
