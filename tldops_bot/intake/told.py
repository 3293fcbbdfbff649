"""What somebody wrote, as our answer repeats it: under the list's signature, and to whom the mail says it is from.

Anybody writes mails in anybody's name, and no signature covers a Subject or a file that was put beside what is signed.
So nobody is brought a link by us but in words that a key we know has signed.
"""

from collections.abc import Mapping
from typing import Any

from tldops_bot.commands._command import Actor, Status
from tldops_bot.domain.links import without_links
from tldops_bot.domain.request import Request

SUBJECT_CHARACTERS = 80
UNSIGNED_WORDS = 4  # "CONFIRM 7F3K-…", "SUBSCRIBE nl be", "HELP QUERY"
LINE_CHARACTERS = 500  # of a stranger's, who may have written a line of two million


def told(actor: Actor, line: str) -> str:
    """A line of the mail."""
    return line if _is_known(actor) else without_links(line[:LINE_CHARACTERS])


def quoted(request: Request, actor: Actor) -> list[str]:
    """The command as it was sent; its fields (phone numbers!) only if the reply will be encrypted.

    Of an unsigned one only the first words: they go to whomever the mail says that it is from.
    """
    if not actor.is_signed:
        words = request.line[:200].split()
        return [told(actor, " ".join(words[:UNSIGNED_WORDS]) + (" …" if words[UNSIGNED_WORDS:] else ""))]
    if not actor.standing.has_key:
        return [told(actor, request.line[:200])]
    lines = (request.line, *(f"{field.name}: {field.value}" for field in request.fields[:30]))
    return [told(actor, line[:200]) for line in lines]


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
