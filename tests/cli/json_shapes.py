"""The names and types that every verb with --json prints: what programs may rely on. New names may come, none goes."""

from typing import Any, Final

Shape = Any
TIME, TEXT, NUMBER, YES_NO = "time", "text", "number", "yes/no"
MAYBE_TIME, MAYBE_TEXT, MAYBE_NUMBER = "time or null", "text or null", "number or null"
ANY: Final = "anything"
TEXTS: Final = [TEXT]
COUNTS: Final = {"*": NUMBER}  # names that depend on what there is
SHARE: Final = {"covered": NUMBER, "total": NUMBER, "percent": NUMBER}
