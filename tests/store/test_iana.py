"""What IANA lists is kept with its history; a change of address is fresh for 14 days, the first import is none."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tldops_bot.domain.iana_record import IanaContact, IanaRecord
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import iana
from tldops_bot.store.database import Database

DAY = timedelta(days=1)


def keep(
    session: Session, now: datetime, tld: str = "nl", assigned: bool = True, phone: str = "", **emails: str
):
    contacts = tuple(
        IanaContact(kind, "Role", "Registry", phone, "", email) for kind, email in emails.items()
    )
    found = parse_tld(tld)
    record = IanaRecord(found, assigned, ("Registry", "Department"), "ACTIVE", None, None, contacts, "")
    return iana.keep_record(session, record, now)


def test_first_import_is_no_change(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert keep(session, now, administrative="admin@registry.example") == []
        assert not iana.is_freshly_changed(session, "nl", "admin@registry.example", now)
        assert iana.tld_row(session, "nl").organisation == "Registry, Department"
        assert iana.tld_row(session, "be") is None


def test_changed_address_is_fresh_for_fourteen_days_and_the_old_one_is_history(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        keep(session, now, administrative="old@registry.example")
        (change,) = keep(session, now + DAY, administrative="new@registry.example")
        assert (change.before.email, change.after.email) == ("old@registry.example", "new@registry.example")
        assert iana.kinds_of_address(session, "nl", "old@registry.example") == ()
        assert iana.kinds_of_address(session, "nl", "NEW@registry.example") == ("administrative",)
        assert iana.is_freshly_changed(session, "nl", "new@registry.example", now + 15 * DAY - DAY / 24)
        assert not iana.is_freshly_changed(session, "nl", "new@registry.example", now + 15 * DAY)
        assert [one.email for one in iana.contact_history(session, "nl")] == [
            "old@registry.example",
            "new@registry.example",
        ]


def test_going_back_to_an_old_address_is_a_change_again(database: Database, now: datetime) -> None:
    with database.write() as session:
        keep(session, now, administrative="old@registry.example")
        keep(session, now + DAY, administrative="new@registry.example")
        keep(session, now + 2 * DAY, administrative="old@registry.example")
        assert iana.is_freshly_changed(session, "nl", "old@registry.example", now + 2 * DAY)


def test_changed_phone_is_told_but_the_address_stays_as_old_as_it_was(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        keep(session, now, administrative="admin@registry.example")
        assert (
            len(keep(session, now + DAY, phone="+44 20 7946 0123", administrative="admin@registry.example"))
            == 1
        )
        assert not iana.is_freshly_changed(session, "nl", "admin@registry.example", now + DAY)
        assert iana.current_contacts(session, "nl")[0].since_at == now


def test_same_answer_changes_nothing_and_a_contact_may_come_and_go(database: Database, now: datetime) -> None:
    with database.write() as session:
        keep(session, now, administrative="admin@registry.example")
        assert keep(session, now, administrative="ADMIN@registry.example") == []
        (come,) = keep(
            session, now, administrative="admin@registry.example", technical="tech@registry.example"
        )
        assert (come.kind, come.before) == ("technical", None)
        (gone,) = keep(session, now, administrative="admin@registry.example")
        assert (gone.kind, gone.after) == ("technical", None)


def test_contact_without_an_address_vouches_for_nothing(database: Database, now: datetime) -> None:
    with database.write() as session:
        keep(session, now, administrative="")
        assert iana.kinds_of_address(session, "nl", "") == ()
        assert iana.tlds_of_address(session, "") == ()


def test_one_address_may_serve_several_tlds_in_several_roles(database: Database, now: datetime) -> None:
    with database.write() as session:
        keep(session, now, "nl", administrative="a@registry.example", technical="a@registry.example")
        keep(session, now, "be", technical="A@registry.example")
        assert iana.kinds_of_address(session, "nl", "a@registry.example") == ("administrative", "technical")
        assert iana.tlds_of_address(session, "a@registry.example") == ("be", "nl")
        assert iana.held_tlds(session) == ["be", "nl"]


def test_longest_unfetched_is_refreshed_first(database: Database, now: datetime) -> None:
    with database.write() as session:
        keep(session, now - 2 * DAY, "nl")
        keep(session, now - 3 * DAY, "be")
        keep(session, now - DAY / 2, "lu")
        assert iana.tlds_to_refresh(session, ["nl", "be", "lu", "fr"], now, DAY) == ["fr", "be", "nl"]
