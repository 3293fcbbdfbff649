"""`python -m tests.migrations.save`: keep the data of the newest schema, before another one comes after it.

Each file holds the rows of a small service of that day. Once written it is not changed: a database that is out there
does not change either.
"""

import io
from pathlib import Path

from sqlalchemy import select

from tests.desk import open_desk
from tests.keys import person
from tldops_bot.store import dump
from tldops_bot.store.tables import Alert

FOLDER = Path(__file__).parent
FIELDS = "Phone: +44 20 7946 0123\nPostal: House 1"


def file_of(revision: str) -> Path:
    """Where the rows of a schema are kept."""
    return FOLDER / f"{revision}.jsonl"


def made_up() -> tuple[str, bytes]:
    """A service with a bit of everything: the revision of its schema, and its rows."""
    ann, bob = (person(f"{one} Example", f"{one.lower()}.example@nic.example") for one in ("Ann", "Bob"))
    with open_desk() as desk:
        desk.member(ann, "nl", office="committee")
        desk.member(bob, "be", office="secretariat")
        desk.iana("lu", "dora@registry.example", "tech@registry.example")
        desk.say_bound(ann, "ALERT\nTitle: Wave\nTLP: GREEN\n\nIt comes.")
        for _ in range(4):
            desk.say_bound(bob, f"ALERT\nTitle: Wave {desk.now}\n\nAnother.")
            desk.later(seconds=1)
        with desk.look() as session:
            number = session.scalar(select(Alert.id).order_by(Alert.id).limit(1))
        desk.say_bound(bob, f"ACK {number} seen")
        desk.say_bound(ann, f"CLOSE {number}")
        who = "erin.example@registry.example"
        desk.write(who, f"SUBSCRIBE lu\nName: Erin Example\nEmail: {who}\n{FIELDS}")
        desk.write(who, f"CONFIRM {desk.token_for(who)}")
        desk.write("dora@registry.example", f"CONFIRM {desk.token_for('dora@registry.example')}")
        desk.say_bound(bob, "INVITE lu fay@registry.example")
        desk.say_bound(bob, "NOTE nl a quiet week")
        desk.say_bound(bob, f"SUSPEND {who} lu gone away")
        desk.say(bob, "QUERY nl")
        desk.write("gina@elsewhere.example", "What is this?")
        out = io.BytesIO()
        with desk.app.database.snapshot() as connection:
            dump.write(connection, out)
            return desk.app.schema.current_on(connection), out.getvalue()


if __name__ == "__main__":
    revision, rows = made_up()
    file_of(revision).write_bytes(rows)
    print(f"written: {file_of(revision)}")
