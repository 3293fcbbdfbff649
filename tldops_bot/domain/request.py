"""What a mail asks for: requests, the answer to a token, and what could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One `Name: value` line, continuation lines joined."""

    name: str
    value: str
    line_number: int


@dataclass(frozen=True, slots=True)
class Request:
    """One command as written, with the fields below it; `text` is the free text of an ALERT."""

    verb: str
    arguments: tuple[str, ...]
    line: str
    line_number: int
    fields: tuple[Field, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """Everything after the verb, as written."""
        return " ".join(self.arguments)

    @property
    def rest(self) -> str:
        """What follows the verb and its first argument, as written; at most 500 characters."""
        return (self.line.split(maxsplit=2)[2:] or [""])[0].strip()[:500]

    def get(self, name: str) -> str | None:
        """The value of the first field of that name, or None."""
        return next((field.value for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that could not be read: `reason` names a refusal, `nearest` is what may have been meant."""

    reason: str
    line: str
    line_number: int
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Commands:
    """Everything read from one text. If there is any problem, none of it is carried out."""

    requests: tuple[Request, ...]
    problems: tuple[Problem, ...]
    lists_named: tuple[str, ...]
    is_test: bool
    not_read: tuple[str, ...]
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The one line that answers a token."""

    verb: str
    token: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """What the grammar must know about a command: its fields, and whether free text follows them."""

    verb: str
    fields: tuple[str, ...] = ()
    has_text: bool = False
    strict_fields: tuple[str, ...] = ()  # in a command with free text: a near miss of these is an error


Vocabulary = Mapping[str, VerbSpec]
