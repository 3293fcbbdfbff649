"""One attempt to hand over one mail, and what the server's answer means (RFC 5321 section 4.2, RFC 3463)."""

import re
from dataclasses import dataclass
from typing import Literal

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?!\S)")
_ADDRESS = re.compile(r"\S*@\S*")
_MAX_TEXT = 200
_TOO_LARGE = frozenset(("5.3.4", "5.2.3"))  # for the system, for the mailbox
# About the dialogue or our rights, not this recipient: commands, TLS, authentication.
_ABOUT_US = frozenset((500, 502, 503, 504, 530, 534, 535, 538))

Stage = Literal["MAIL", "RCPT", "DATA", "."]
Result = Literal["taken", "refused", "later"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A finished mail. `key` is the caller's name for it; `octets` have CRLF line ends and undoubled dots."""

    key: int
    mail_from: str
    rcpt_to: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended. `code` is 0 if there was no answer, `enhanced` may be "".

    `text` is the server's, on one line, addresses masked. `ours`: the fault is with the smarthost or with how
    we use it, and says nothing about this recipient. `too_large`: without attachments the same mail may pass.
    """

    key: int
    result: Result
    code: int
    enhanced: str
    text: str
    too_large: bool = False
    ours: bool = False


def judge(key: int, stage: Stage, reply: Reply) -> Attempt:
    """What an attempt came to, given this `reply` to this command; "." is the end of the content."""
    match = _ENHANCED.match(reply.text)
    enhanced = match[1] if match else ""
    kind = reply.code // 100
    too_large = kind == 5 and (
        enhanced in _TOO_LARGE or (reply.code == 552 and not enhanced and stage != "RCPT")
    )
    is_taken = kind == 2 and stage == "."
    is_confused = kind not in (4, 5) and not is_taken
    ours = not too_large and (stage == "MAIL" or is_confused or reply.code == 421 or reply.code in _ABOUT_US)
    if is_taken:
        result: Result = "taken"
    # 552 at RCPT once meant too many recipients and is to be read as 452 (RFC 5321 section 4.5.3.1.10).
    elif kind == 5 and not ours and (too_large or not (stage == "RCPT" and reply.code == 552)):
        result = "refused"
    else:
        result = "later"
    return Attempt(
        key, result, reply.code, enhanced, masked(reply.text), too_large, ours and result == "later"
    )


def no_answer(key: int, text: str, code: int = 0) -> Attempt:
    """The connection failed before the server could say anything about this mail."""
    return Attempt(key, "later", code, "", masked(text), ours=True)


def masked(text: str) -> str:
    """One printable line without addresses, 200 characters at most."""
    plain = "".join(char if char.isprintable() else " " for char in text[: 4 * _MAX_TEXT])
    return " ".join(_ADDRESS.sub("<address>", plain).split())[:_MAX_TEXT]
