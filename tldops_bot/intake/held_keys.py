"""The certificates of ours that a signature points to, and whether the mail's author is whom one belongs to.

A refusal goes to the author. What it says of a key that is held here, it would tell anybody who sends a spoiled
signature, or an old one, that names the key: so where the author is somebody else, the mail is judged as if nobody
were registered, down to the same questions to the DNS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.address import same_address
from tldops_bot.domain.verdict import Verdict
from tldops_bot.intake.judged import Read
from tldops_bot.store import people_keys

MOST_TRIED = 5  # certificates for one signature: each takes a run of gpg
IsTimely = Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate, to verify with, by its primary fingerprint; `is_registered` if a person's, not a candidate's."""

    fingerprint: str
    keyring: bytes
    is_registered: bool
    is_authors: bool

    def is_told_by(self, verdict: Verdict, is_timely: IsTimely) -> bool:
        """Whether the author, who is somebody else, would learn from the verdict that we know this key."""
        speaks = verdict.is_good and verdict.signed_at is not None and is_timely(verdict.signed_at)
        return not self.is_authors and not speaks


def held_for(read: Read, key: str, author: str | None) -> list[Held]:
    """The certificates with this full fingerprint or (16 digits) key ID, for judging a mail by that author.

    Mostly one. Several can have the same subkey; the author's is tried first, and gpg says which of them has signed.
    """
    with read() as session:
        found = people_keys.speaking_with(session, key) if key else []
    held = [Held(one.fingerprint, one.keyring, one.is_registered, _is_of(author, one)) for one in found]
    return sorted(held, key=lambda one: (not one.is_registered, not one.is_authors))[:MOST_TRIED]


def _is_of(author: str | None, one: people_keys.Speaking) -> bool:
    return any(same_address(address, author or "") for address in one.addresses)
