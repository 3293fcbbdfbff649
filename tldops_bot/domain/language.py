"""The languages mails are written in: what people call them, and which one a mail is in."""

import re
import unicodedata
from collections.abc import Collection

ENGLISH = "en"
_CODE = re.compile(r"[a-z]{2}")
_NAMES = {"english": "en", "anglais": "en", "french": "fr", "francais": "fr"}


def is_language_code(word: str) -> bool:
    """Whether this can be the name of a language's template folder, such as "fr"."""
    return bool(_CODE.fullmatch(word))


def read_language(text: str, offered: Collection[str]) -> str:
    """The language that is meant by "fr", "FR", "fr-CA", "French" or "français"; "" where it is none of those offered."""
    spread = unicodedata.normalize("NFD", text.strip().casefold())
    plain = "".join(char for char in spread if not unicodedata.combining(char))
    code = _NAMES.get(plain) or re.split("[-_]", plain, maxsplit=1)[0]
    return code if code in offered else ""
