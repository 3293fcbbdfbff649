"""For which mails it matters who mailed them; never for a member's, so that no DNS delays an alert."""

from collections.abc import Callable

from tldops_bot.commands._all import VOCABULARY
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.grammar import read_commands
from tldops_bot.domain.mail_authentication import NOT_LOOKED_AT, Authentication
from tldops_bot.domain.verdict import SignatureStanding
from tldops_bot.intake.judged import Judged, Read
from tldops_bot.store import iana

# Somebody will have to decide about these, and will want to know who asked.
OPENS_A_REQUEST = frozenset({"SUBSCRIBE", "KEY"})

WhoMailed = Callable[[bytes, Envelope], Authentication]


def not_looked_at(_raw: bytes, _envelope: Envelope) -> Authentication:
    """For when nobody checks."""
    return NOT_LOOKED_AT


def matters(judged: Judged, read: Read) -> bool:
    """Without a registered key: does the mail open a request, or claim the address of an IANA contact?"""
    author = judged.mail.author
    if judged.is_registered or judged.verdict.standing is SignatureStanding.BAD or not author:
        return False
    commands = read_commands(judged.text, VOCABULARY)
    if any(one.verb in OPENS_A_REQUEST for one in commands.requests):
        return True
    with read() as session:
        return bool(iana.tlds_of_address(session, author))
