"""Reads bounces (RFC 3464, QSBMF, Exim): did it fail for good, and with which status (RFC 3463)?"""

import re
from dataclasses import dataclass

from tldops_bot.mail.mime_slices import Part, Unsliceable, slice_entity

REPORT_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
NO_STATUS = "5.0.0"
_MOST_OCTETS = 20_000  # of a report in prose
_FIELD = re.compile(rb"^(Action|Status)[ \t]*:[ \t]*([^\r\n]{1,80})", re.MULTILINE | re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_QMAIL = re.compile(rb"\s*Hi\. This is the ")  # QSBMF; other programs say so too
_QMAIL_FINAL = re.compile(rb"permanent error|I've given up|couldn't be delivered|Sorry")
_EXIM = re.compile(rb"\s*This message was created automatically by mail delivery software")
_EXIM_FINAL = re.compile(rb"permanent\s+error")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says about the one recipient its bounce address stands for."""

    action: str
    status: str

    @property
    def is_permanent(self) -> bool:
        """It failed, and will not be tried again."""
        return self.action == "failed" and self.status.startswith("5")


def read_report(raw: bytes) -> Report | None:
    """The report in a mail, or None if it has none that can be read. Never raises."""
    try:
        root = slice_entity(raw)
    except Unsliceable:
        return None
    part = next((one for one in root.walk() if one.media_type in REPORT_TYPES), None)
    return _in_words(root) if part is None else _in_fields(part)


def _in_fields(part: Part) -> Report:
    fields = {
        name.lower(): value.decode("ascii", "replace").strip() for name, value in _FIELD.findall(part.body)
    }
    status = _STATUS.search(fields.get(b"status", ""))
    return Report(fields.get(b"action", "").lower().split(";")[0].strip(), status[0] if status else "")


def _in_words(root: Part) -> Report | None:
    """qmail and old Exim write prose; above the returned mail, it quotes what the other side said."""
    text = root.body[:_MOST_OCTETS]
    if _QMAIL.match(text):
        said, is_final = text.partition(b"--- Below this line")[0], _QMAIL_FINAL
    elif _EXIM.match(text):
        said, is_final = text.partition(b"------ This is a copy of")[0], _EXIM_FINAL
    else:
        return None
    if not is_final.search(said):
        return Report("delayed", "")
    words = said.decode("ascii", "replace")
    status = _STATUS.search(words)
    return Report("failed", status[0] if status else NO_STATUS)
