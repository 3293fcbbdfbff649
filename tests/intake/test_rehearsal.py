"""The rehearsal before the first mail leaves nothing behind."""

from sqlalchemy import func, select

from tests.desk import Desk
from tldops_bot.store.tables import Delivery, Message


def test_a_rehearsal_puts_nothing_into_the_outbox(desk: Desk) -> None:
    desk.app.intake.rehearse(desk.now)
    with desk.look() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_a_rehearsal_goes_through_with_every_template_read_before(desk: Desk) -> None:
    desk.app.renderer.load_all()
    desk.app.intake.rehearse(desk.now)
    assert desk.write("ann@nic.example", "HELP").letters
