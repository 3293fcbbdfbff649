"""`Roster:` in UPDATE: which files come with a member's roster."""

from collections.abc import Sequence

from tldops_bot.commands._command import Refused
from tldops_bot.domain.request import Field
from tldops_bot.domain.roster_edition import read_choice

FIELD = "Roster"


def read(fields: Sequence[Field]) -> str | Refused | None:
    """The choice in a mail; None if there is none."""
    if len(fields) > 1:
        return Refused("field_twice", {"field": FIELD})
    if not fields:
        return None
    choice = read_choice(fields[0].value)
    wrong = {"field": FIELD, "value": fields[0].value[:80], "limit": 0}
    return Refused("bad_field", wrong) if choice is None else choice
