"""Reads delivery status reports (RFC 3464): did it fail for good, and with which status (RFC 3463)?"""

import re
from dataclasses import dataclass

from tldops_bot.mail.mime_slices import Unsliceable, slice_entity

_FIELD = re.compile(rb"^(Action|Status)[ \t]*:[ \t]*([^\r\n]{1,80})", re.MULTILINE | re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of the one recipient its bounce address stands for."""

    action: str
    status: str

    @property
    def is_permanent(self) -> bool:
        """Failed, and not to be tried again."""
        return self.action == "failed" and self.status.startswith("5")


def read_report(raw: bytes) -> Report | None:
    """The report in a mail, or None where there is none that can be read. Never raises."""
    try:
        root = slice_entity(raw)
    except Unsliceable:
        return None
    part = next((one for one in root.walk() if one.media_type == "message/delivery-status"), None)
    if part is None:
        return None
    fields = {
        name.lower(): value.decode("ascii", "replace").strip() for name, value in _FIELD.findall(part.body)
    }
    status = _STATUS.search(fields.get(b"status", ""))
    return Report(fields.get(b"action", "").lower().split(";")[0].strip(), status[0] if status else "")
