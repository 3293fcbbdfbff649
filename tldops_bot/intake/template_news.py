"""Tells the operator which of their templates are broken, each once, while ours stand in for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.store import facts
from tldops_bot.store.database import Database, Session

TOLD = "broken_templates_told"  # their names, one a line


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """`broken` says what is wrong with which template just now."""

    database: Database
    broken: Mapping[str, str]
    operator: str
    post: Callable[[Session, Sequence[Letter], datetime], None]
    now: Callable[[], datetime]
    after: Callable[[], None]

    def run(self) -> None:
        """Say what is new. Running it again does no harm."""
        broken = dict(self.broken)
        with self.database.read() as session:
            told = set(facts.get(session, TOLD).split())
        if told == set(broken):
            return
        with self.database.write() as session:
            new = sorted(set(broken) - set(facts.get(session, TOLD).split()))
            facts.put(session, TOLD, "\n".join(sorted(broken)))
            if new:
                self.post(session, [self._letter([(name, broken[name]) for name in new])], self.now())
        self.after()

    def _letter(self, broken: list[tuple[str, str]]) -> Letter:
        to = (Recipient(self.operator, Entitled.ADDRESS),)
        return Letter(Kind.NOTICE, "letters/templates_broken", {"broken": broken}, to)
