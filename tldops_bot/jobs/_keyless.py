"""Tells a recipient that a mail can't reach them for want of a key, without what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.jobs.send_roster import waiting
from tldops_bot.store import people, roster_sends
from tldops_bot.store.database import Session
from tldops_bot.store.outbox import Claimed
from tldops_bot.store.tables import Message, Person


@dataclass(frozen=True, slots=True)
class Keyless:
    """Called by delivery, in the transaction that marks the copy."""

    post: Callable[[Session, Sequence[Letter], datetime], None]
    now: Callable[[], datetime]

    def __call__(self, session: Session, claimed: Claimed) -> None:
        message = session.get_one(Message, claimed.message_id)
        if message.kind == Kind.ROSTER:
            self._roster(session, session.get_one(Person, claimed.person_id))
        else:
            self._alert(session, claimed, message.alert_id or "")

    def _alert(self, session: Session, claimed: Claimed, alert_id: str) -> None:
        to = (Recipient(claimed.rcpt_to, Entitled.ADDRESS, claimed.person_id),)
        letter = Letter(Kind.ALERT, "jobs/alert_waiting", {"alert_id": alert_id}, to)
        self.post(session, [letter], self.now())

    def _roster(self, session: Session, person: Person) -> None:
        """The key ended on the way. (Unusable for another reason, it would fail again at once.)"""
        is_mendable = people.usable_key(session, person, self.now()) is None
        if is_mendable and roster_sends.take_back(session, person.id):
            self.post(session, [waiting([person])], self.now())
