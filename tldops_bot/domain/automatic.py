"""Was this mail sent by a machine? If so it is never answered, and answers nothing (RFC 3834)."""

from dataclasses import dataclass

MAX_RECEIVED = 50
MAILER_NAMES = frozenset(
    {"mailer-daemon", "postmaster", "mail-daemon", "noreply", "no-reply", "do-not-reply", "donotreply"}
)
LIST_ENDINGS = ("-owner", "-bounces", "-request")
BULK_PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
# A mail that is nothing but one of these was made by a program: a report, a calendar answer.
MACHINE_TYPES = frozenset(
    {
        "multipart/report",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "text/calendar",
    }
)
REPORT_TYPES = frozenset({"delivery-status", "disposition-notification", "feedback-report"})


@dataclass(frozen=True, slots=True)
class Marks:
    """The header values that tell a machine from a person; strings as in the mail, "" when absent."""

    auto_submitted: str = ""
    precedence: str = ""
    list_id: str = ""
    x_autoreply: str = ""
    x_loop: str = ""
    content_type: str = ""
    report_type: str = ""
    author: str = ""
    received_count: int = 0


def is_automatic(marks: Marks, mail_from: str) -> str:
    """Why no person is behind this mail, as a snake_case word, or "".

    X-Auto-Response-Suppress is only a hint: Outlook puts it into people's mails, too.
    """
    if bounce := is_bounce(marks, mail_from):
        return bounce
    tests = {
        "auto_submitted": _first_word(marks.auto_submitted) not in {"", "no"},
        "report": marks.content_type in MACHINE_TYPES,
        "own_loop": bool(marks.x_loop),
        "mailing_list": bool(marks.list_id),
        "precedence": _first_word(marks.precedence) in BULK_PRECEDENCES,
        "autoreply": _first_word(marks.x_autoreply) not in {"", "no"},
        "machine_sender": _is_mailer(marks.author) or _is_mailer(mail_from),
        "too_many_hops": marks.received_count > MAX_RECEIVED,
    }
    return next((reason for reason, holds in tests.items() if holds), "")


def is_bounce(marks: Marks, mail_from: str) -> str:
    """Why this is a report about a delivery, or "": the null sender, or a delivery status report."""
    if mail_from in {"", "<>"}:
        return "null_sender"
    if marks.content_type == "multipart/report" and marks.report_type in REPORT_TYPES:
        return "delivery_report"
    return "mailer_daemon" if _local_part(marks.author) == "mailer-daemon" else ""


def _is_mailer(address: str) -> bool:
    """Whether this is an address of mail software: MAILER-DAEMON, postmaster, owner-list, list-bounces."""
    local = _local_part(address)
    return local in MAILER_NAMES or local.startswith("owner-") or local.endswith(LIST_ENDINGS)


def _local_part(address: str) -> str:
    return address.rpartition("@")[0].lower()


def _first_word(value: str) -> str:
    """`auto-replied; owner-email="ann@nic.example"` is `auto-replied`."""
    words = value.replace(";", " ").replace("(", " ").split()
    return words[0].lower() if words else ""
