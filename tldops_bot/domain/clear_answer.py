"""Whether the answer to a token stands alone at the top: people write "No!" above a quoted CONFIRM."""

import re

from tldops_bot.domain.grammar import ANSWER_VERBS
from tldops_bot.domain.request import Commands, Request
from tldops_bot.domain.token import read_token

_WHOM = "all|team|everybody|everyone|there|colleagues|sir|madam|morning|afternoon|evening|tag|morgen|abend"
_GREETING = re.compile(
    rf"(?i:hi|hello|hey|hallo|hej|hola|bonjour|salut|ciao|dear|good|guten)( (?!No)[A-Z][\w.-]+| ({_WHOM})){{0,2}}[,!.]?"
)
_LIST = re.compile(r"list[ \t]*:.*", re.IGNORECASE)


def answers_token(request: Request) -> bool:
    """Whether this command hands a token back, correctly written or not."""
    return request.verb in ANSWER_VERBS and any(
        read_token(word) is not None for word in request.arguments[:1]
    )


def is_clear(text: str, commands: Commands) -> bool:
    """False if anything but a greeting, `List:` and quoted lines stands above the first answer to a token.

    This is for signed text; of an unsigned one only the first line is read anyway.
    """
    answering = [one for one in commands.requests if answers_token(one)]
    if not answering:
        return True
    first = min(one.line_number for one in commands.requests)
    above = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")[: first - 1]
    return all(_says_nothing(line.strip().lstrip("\ufeff")) for line in above)


def _says_nothing(line: str) -> bool:
    return not line or line[0] in ">#" or bool(_LIST.fullmatch(line)) or bool(_GREETING.fullmatch(line))
