"""The jobs at a desk: one tick of some of them, their letters in the outbox and on the desk; and what comes back.

tick(desk, "ask_still_right")
come_back(desk, "ann@nic.example")        # everything on its way there comes back
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.desk import Desk
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext, Unfinished
from tldops_bot.store import bounces
from tldops_bot.store.tables import Delivery

DAY = timedelta(days=1)


def context(desk: Desk, session: Session) -> JobContext:
    """What a job is given."""
    return JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)


def tick(desk: Desk, *names: str) -> list[Letter]:
    """One run of each of these jobs, batch by batch, as the clock starts them."""
    made: list[Letter] = []
    for name in names:
        is_done = False
        while not is_done:
            with desk.app.database.write() as session:
                found = JOBS[name].run(context(desk, session))
                is_done = not isinstance(found, Unfinished)
                letters = found.letters if isinstance(found, Unfinished) else found
                desk.app.intake.post(session, letters, desk.now)
            made += letters
    desk.letters += made
    return made


def days(desk: Desk, number: int, *names: str) -> list[Letter]:
    """A tick on each of so many days, the first one a day from now."""
    made: list[Letter] = []
    for _ in range(number):
        desk.later(days=1)
        made += tick(desk, *names)
    return made


def come_back(desk: Desk, *addresses: str, status: str = "5.1.1") -> int:
    """Everything that is on its way to these addresses comes back; how many mails that were."""
    with desk.app.database.write() as session:
        found = session.scalars(
            select(Delivery).where(Delivery.rcpt_to.in_(addresses), Delivery.bounced_at.is_(None))
        )
        numbers = [one.id for one in found]
        for number in numbers:
            bounces.note(session, number, status, desk.now)
    return len(numbers)


def token_of(desk: Desk, address: str, template: str) -> str:
    """The token in the newest letter of a kind to an address."""
    return str([one for one in desk.to(address) if one.template == template][-1].values["token"])
