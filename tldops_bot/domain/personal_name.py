"""Which names may not be anybody's full name: initials, a role, letters of several scripts in one word."""

import re
import unicodedata

from tldops_bot.domain.personal_address import is_role_word

# Scripts that are written together in one word, as in Japanese and Korean.
_TOGETHER = frozenset(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"))
_MARKS = "MODIFIER"  # the ʻokina and the like belong to the letters beside them


def looks_unreal(name: str) -> str:
    """Why this may not be a person's full name: `initials_name`, `role_as_name`, `mixed_scripts`, or ""."""
    words = [word for word in re.split(r"[\W\d_]+", name) if word]
    if words and _is_role(words):
        return "role_as_name"
    if words and all(_is_initial(word, alone=len(words) == 1) for word in words):
        return "initials_name"
    return "mixed_scripts" if any(len(_scripts(word)) > 1 for word in words) else ""


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for case, composition of accents and spacing."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_initial(word: str, alone: bool) -> bool:
    """`A`, `J.D.`, `AE`: only in scripts that have capitals, since elsewhere a letter may be a whole name."""
    if word.lower() == word.upper():
        return False
    return len(word) == 1 or (word.isupper() and len(word) <= (3 if alone else 2))


def _is_role(words: list[str]) -> bool:
    """All words are roles, but for the capitals of a country (`NL NOC`)."""
    roles = [is_role_word(word.lower()) for word in words]
    return any(roles) and all(
        role or (len(word) == 2 and word.isupper()) for role, word in zip(roles, words, strict=True)
    )


def _scripts(word: str) -> set[str]:
    """The scripts of a word's letters; what is written together counts as one."""
    named = {unicodedata.name(char, "?").split()[0] for char in word if char.isalpha()} - {_MARKS}
    return {"together" if script in _TOGETHER else script for script in named}
