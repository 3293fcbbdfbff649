"""What is known about who mailed a mail, in RFC 8601's words; it never proves a person, only a domain."""

from dataclasses import dataclass
from typing import Final, Literal

RESULTS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"})
ENFORCED: Final = frozenset({"quarantine", "reject"})

Source = Literal["checked", "trusted header", "none"]


@dataclass(frozen=True, slots=True)
class Authentication:
    """The results for one mail, and whose they are.

    `policy` is what the author's domain asks for when DMARC fails (none, quarantine, reject, or "" if it asks
    for nothing); `aligned_domain` is the domain that passed and stands for the author's, or "".
    """

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    source: Source = "none"
    policy: str = ""
    aligned_domain: str = ""

    @property
    def is_spoof(self) -> bool:
        """Whether the author's own domain asks to treat this mail as a forgery (RFC 9989)."""
        return self.dmarc == "fail" and self.policy in ENFORCED

    @property
    def words(self) -> str:
        """One line for whoever decides, without any address; "" if nothing was checked."""
        if self.source == "none":
            return ""
        policy = f" (policy {self.policy})" if self.policy else ""
        whose = "checked here" if self.source == "checked" else "as our mail server says"
        return f"DMARC {self.dmarc}{policy}, DKIM {self.dkim}, SPF {self.spf}; {whose}"


NOT_LOOKED_AT: Final = Authentication()


def result_word(written: str) -> str:
    """A result as RFC 8601 spells it; other methods' rarer words are mapped to one of the seven."""
    word = written.lower()
    rare = {"hardfail": "fail", "error": "temperror", "unknown": "permerror", "policy": "neutral"}
    word = rare.get(word, word)
    return word if word in RESULTS else "none"
