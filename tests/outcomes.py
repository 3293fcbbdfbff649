"""What became of a mail, in few words; and every row there is, to see that nothing changed.

outcomes(desk.say(ann, "QUERY nl"))       # ["contacts"], or the reason of a refusal
before = rows(desk); …; assert rows(desk) == before
"""

from typing import Any

from sqlalchemy import inspect, select

from tests.desk import Desk
from tests.keys import KeyPair
from tldops_bot.intake import Handled
from tldops_bot.store.columns import Base
from tldops_bot.store.tables import Alert, Entry, Person

# What every mail leaves behind, carried out or not.
TRACES = frozenset(
    ("inbox", "messages", "deliveries", "used_signatures", "stranger_answers", "audit", "alembic_version")
)
SIGNS_OF_LIFE = frozenset(("seen_at",))


def outcomes(handled: Handled) -> list[str]:
    """One word for each command: its outcome, or the reason it was refused; else what happened to the mail."""
    found = []
    for part in handled.decision.parts:
        outcome = part.outcome
        found.append(str(getattr(outcome, "reason", "") or getattr(outcome, "outcome", "")))
    return found or [handled.decision.reason or handled.decision.kind]


def outcome(handled: Handled) -> str:
    """The one word for a mail of one command."""
    found = outcomes(handled)
    assert len(found) == 1, found
    return found[0]


def templates(desk: Desk, address: str) -> list[str]:
    """What an address was told, oldest first."""
    return [one.template for one in desk.to(address)]


def rows(desk: Desk, without: frozenset[str] = TRACES) -> dict[str, list[Any]]:
    """Every row of every table but those `without`."""
    found = {}
    with desk.look() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in without:
                columns = [column for column in table.columns if column.name not in SIGNS_OF_LIFE]
                found[table.name] = sorted(
                    (tuple(row) for row in session.execute(select(*columns))), key=repr
                )
    return found


def states(desk: Desk, tld: str) -> dict[str, str]:
    """The entries of a TLD: address and state."""
    with desk.look() as session:
        found = session.scalars(select(Entry).where(Entry.tld == tld).order_by(Entry.id))
        return {one.person.email: one.state for one in found}


def stored(desk: Desk, address: str) -> Person:
    """A stored person, to read only."""
    with desk.look() as session:
        person = session.scalars(select(Person).where(Person.email == address)).one()
        session.expunge(person)
        return person


def all_of(desk: Desk, table: type) -> list[Any]:
    """All rows of a table, in the order of their keys, detached."""
    with desk.look() as session:
        found = list(session.scalars(select(table).order_by(*inspect(table).primary_key)))
        session.expunge_all()
        return found


def number(desk: Desk) -> str:
    """The number of the first alert; not every year is the one it was posted in."""
    return str(all_of(desk, Alert)[0].id)


FIELDS = "Name: Ann Example\nMobile: +44 20 7946 0123\n"


def subscribe(desk: Desk, who: KeyPair, tlds: str = "nl", fields: str = FIELDS) -> Handled:
    """SUBSCRIBE with the key attached."""
    return desk.say(who, f"SUBSCRIBE {tlds}\n{fields}", attachments=[who.key_attachment()])


def prove(desk: Desk, who: KeyPair) -> Handled:
    """The newest token to somebody's address, returned signed."""
    return desk.say(who, f"CONFIRM {desk.token_for(who.address)}")


def answer(desk: Desk, address: str, verb: str = "CONFIRM", more: str = "") -> Handled:
    """The newest token to an address, returned unsigned from it."""
    return desk.write(address, f"{verb} {desk.token_for(address)} {more}".strip())


def join(desk: Desk, who: KeyPair, tld: str = "nl", voucher: str = "admin@registry.example") -> None:
    """The whole way, from SUBSCRIBE to a listed contact on probation."""
    assert outcome(subscribe(desk, who, tld)) == "waiting"
    assert outcome(prove(desk, who)) == "proven"
    assert outcome(answer(desk, voucher)) == "vouched"
