"""What somebody wrote, as our answer repeats it: under the list's signature, and to whom the mail says it is from.

Anybody writes mails in anybody's name, and no signature covers a Subject or a file that was put beside what is signed.
So nobody is brought a link by us but in words that a key we know has signed.
"""

from collections.abc import Mapping
from typing import Any

from tldops_bot.commands._command import Actor, Status
from tldops_bot.domain.links import without_links

SUBJECT_CHARACTERS = 80
LINE_CHARACTERS = 500  # of a stranger's, who may have written a line of two million


def told(actor: Actor, line: str) -> str:
    """A line of the mail."""
    return line if _is_known(actor) else without_links(line[:LINE_CHARACTERS])


def values_told(actor: Actor, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values of a refusal, which may hold words of the mail."""
    return {name: told(actor, one) if isinstance(one, str) else one for name, one in values.items()}


def names_told(names: tuple[str, ...]) -> list[str]:
    """Of parts that the signature does not cover, whosever it is; "roster.pdf" is a host to some."""
    return [without_links(name, also_hosts=False) for name in names]


def subject_told(status: Status, subject: str, actor: Actor) -> str:
    """`FAILED: ` and the sender's own outer subject, at most 80 characters."""
    words = without_links(subject, also_hosts=not _is_known(actor))
    return f"{status.value}: {words}"[:SUBJECT_CHARACTERS].rstrip()


def _is_known(actor: Actor) -> bool:
    return actor.is_signed and actor.person is not None
