"""A backup taken while mail comes in, the server lost, and the service set up again elsewhere: every mail accounted for.

Town A serves, is backed up in the middle, goes on, and is gone. Town B is what was restored, behind the same smarthost.
"""

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from tests.desk import Desk, kill_agent
from tests.keys import LIST_ADDRESS, KeyPair
from tests.service import Town, town, wait_until
from tldops_bot.app import App
from tldops_bot.cli.commands import app
from tldops_bot.config import load_config
from tldops_bot.intake.answer import HELD_AN_HOUR
from tldops_bot.store.tables import Alert, AuditEntry, Person

ORDERS = range(6)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="e", dir="/tmp"))
    yield folder
    kill_agent(folder / "var/gnupg")
    shutil.rmtree(folder, ignore_errors=True)


def run(config: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["--config", str(config), *words])
    assert result.exit_code == 0, result.output
    return str(result.output)


def order(who: KeyPair, number: int) -> bytes:
    text = f"List: {LIST_ADDRESS}\n# {number}\nUPDATE\nPostal: House {number}"
    return who.pgp_mime_signed(text, {"Subject": f"no. {number}."})


def done_by(place: Town, who: KeyPair) -> int:
    """How many of the orders of somebody were carried out, by the audit."""
    with place.desk.look() as session:
        person = session.scalars(select(Person).where(Person.email == who.address)).one()
        updates = select(AuditEntry).where(AuditEntry.person_id == person.id, AuditEntry.action == "updated")
        return len(list(session.scalars(updates)))


def test_no_mail_is_carried_out_twice_and_none_is_lost_without_a_word(
    ann: KeyPair, bob: KeyPair, carol: KeyPair, elsewhere: Path
) -> None:
    mails = {number: order(ann, number) for number in ORDERS}
    alert = bob.pgp_mime_signed(f"List: {LIST_ADDRESS}\nALERT\nTLP: GREEN\n\nIt comes.")
    file = elsewhere / "tldops.backup"
    with town() as lost:
        lost.desk.member(ann, "nl")
        lost.desk.member(bob, "be")
        lost.desk.member(carol, office="committee")
        lost.roster_is_sent()
        with lost.serving():
            sending = threading.Thread(target=lambda: [lost.send(raw, ann.address) for raw in mails.values()])
            sending.start()
            wait_until(lambda: done_by(lost, ann) > 0)
            run(lost.config.file, "backup", str(file))  # in the midst of it
            sending.join()
            lost.send(alert, bob.address)
            lost.quiet(0.3)
        assert done_by(lost, ann) == len(ORDERS)

        run(elsewhere / "config.toml", "restore", str(file))
        config = load_config(elsewhere / "config.toml")
        place = Town(config, lost.sink, Desk(App(config), datetime.now(UTC)))
        place.read = set(range(len(lost.sink.mails)))
        try:
            known = done_by(place, ann)
            assert known
            with place.serving():
                told = place.next_to(carol, "restored from a backup")
                assert "keys that were blocked as lost or stolen" in told.text
                for raw in (*mails.values(), alert):  # whoever has not heard sends again, or wishes us ill
                    place.send(raw, ann.address)
                place.quiet(0.3)
                assert done_by(place, ann) == known, "what the backup does not know waits for a yes"
                with place.desk.look() as session:
                    assert not session.scalars(select(Alert)).all()
                asked = Counter(one.subject for one in place.all_to(ann) if one.subject.startswith("WAITING"))
                assert set(asked.values()) <= {1}
                assert len(asked) == min(len(ORDERS) - known, HELD_AN_HOUR)
                for yes in place.unread(ann, "WAITING: no. ")[:1]:
                    place.answer(yes, ann)
                    wait_until(lambda: done_by(place, ann) == known + 1)
                place.answer(place.next_to(bob, "WAITING: "), bob)
                assert "A-" in place.next_to(ann, "A-").subject
                before = done_by(place, ann)
                place.say_bound(ann, "UPDATE\nPostal: House 99")  # signed after it: as usual
                wait_until(lambda: done_by(place, ann) == before + 1)
                place.quiet(0.3)
            run(config.file, "audit", "verify")
        finally:
            place.desk.app.close()
