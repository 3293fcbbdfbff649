"""How a log line looks: for people, for programs, or for journald; never a traceback, never foreign words.

Our own modules log fixed words with numbers and kinds of failures (a test sees to that). Libraries may quote
whatever they handled: only their fixed words are kept, and of an exception only its kind.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

Form = Literal["text", "json", "journal"]
OURS: Final = "tldops_bot"
# sd-daemon(3): journald takes "<4>" at the beginning of a line for the level, and adds the time itself.
_SYSLOG: Final = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


class Lines(logging.Formatter):
    """One line for each event, whatever it contains."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._write = _FORMS[form]

    def format(self, record: logging.LogRecord) -> str:
        is_ours = _is_ours(record) and isinstance(record.msg, str)
        event = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        # When a library logs several lines (asyncio), those after the first show what it was handling.
        event = event if is_ours else event.partition("\n")[0]
        said = record.getMessage() if is_ours else event
        if record.exc_info and record.exc_info[0] is not None:
            said = f"{said} ({record.exc_info[0].__name__})"
        return self._write(record, " ".join(event.split()), " ".join(said.split()))


def set_up(form: Form, level: str) -> None:
    """Log everything to stderr in this form; the everyday chatter of libraries only for "debug"."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(form))
    if level != "debug":
        handler.addFilter(lambda record: _is_ours(record) or record.levelno >= logging.WARNING)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether what is written there goes to journald (systemd.exec(5), $JOURNAL_STREAM)."""
    there = os.fstat(descriptor)
    return environment.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == OURS


def _moment(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _room(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{OURS}.")


def _as_text(record: logging.LogRecord, _event: str, said: str) -> str:
    return f"{_moment(record)} {record.levelname} {_room(record)}: {said}"


def _as_journal(record: logging.LogRecord, _event: str, said: str) -> str:
    return f"<{_SYSLOG.get(record.levelname, 5)}>{_room(record)}: {said}"


def _as_json(record: logging.LogRecord, event: str, said: str) -> str:
    """`event` is the same for all lines of a kind, to group by; `message` has its numbers filled in."""
    fields = {
        "at": _moment(record),
        "level": record.levelname.lower(),
        "room": _room(record),
        "event": event,
        "message": said,
    }
    return json.dumps(fields, ensure_ascii=False)


_FORMS: Final[dict[str, Callable[[logging.LogRecord, str, str], str]]] = {
    "text": _as_text,
    "json": _as_json,
    "journal": _as_journal,
}
