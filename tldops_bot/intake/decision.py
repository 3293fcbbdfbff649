"""What was decided about one mail: the kind of answer, the outcome of each command, a line to record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tldops_bot.commands._all import VOCABULARY
from tldops_bot.commands._command import Actor, Refused, Reply, Status
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.request import Commands, Request
from tldops_bot.domain.standing import NOBODY

NO_ACTOR = Actor(NOBODY)
_MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One command of a mail, and what came of it."""

    request: Request
    outcome: Reply | Refused

    @property
    def failed(self) -> bool:
        return isinstance(self.outcome, Refused)

    @property
    def status(self) -> Status:
        return Status.FAILED if isinstance(self.outcome, Refused) else self.outcome.status

    @property
    def word(self) -> str:
        """The outcome, or the reason for the refusal."""
        return self.outcome.reason if isinstance(self.outcome, Refused) else self.outcome.outcome

    @property
    def verb(self) -> str:
        """The verb, if it is one of ours: anything else must not reach a log."""
        return self.request.verb if self.request.verb in VOCABULARY else "?"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one mail. `kind` says in one word what happened to it as a whole.

    silent     nothing is said (automatic mail, a bounce, too many mistakes)
    refused    one refusal for the whole mail, `reason` and its values
    repeated   the same signed mail again
    held       it waits for a token to act on it
    answered   commands were carried out, or all of them refused
    """

    kind: Literal["silent", "refused", "repeated", "held", "answered"]
    reason: str = ""
    values: dict[str, object] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    letters: tuple[Letter, ...] = ()
    actor: Actor = NO_ACTOR
    commands: Commands | None = None
    is_last_answer: bool = False

    @property
    def status(self) -> Status:
        """The worst of all parts."""
        found = [part.status for part in self.parts]
        if self.kind == "refused" or Status.FAILED in found:
            return Status.FAILED
        return Status.WAITING if self.kind == "held" or Status.WAITING in found else Status.SUCCESS

    @property
    def summary(self) -> str:
        """One line for the record: no details."""
        if self.parts:
            words = [f"{one.verb} {one.word}" for one in self.parts[:8]]
            return f"{self.status.value}: {', '.join(words)}"
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


def problem_parts(commands: Commands) -> list[Part]:
    """The lines that could not be read, each with its refusal."""
    parts = [
        Part(
            Request(one.line.split()[0][:30] if one.line.split() else "?", (), one.line, one.line_number),
            Refused(one.reason, {"line": one.line[:80], "nearest": one.nearest}),
        )
        for one in commands.problems
    ]
    return parts[:_MOST_PROBLEMS]


def first_reason(parts: Sequence[Part]) -> str:
    """The kind of mistake a stranger's mail counts as: the first refusal, else the first outcome."""
    return next((part.word for part in parts if part.failed), parts[0].word if parts else "none")
