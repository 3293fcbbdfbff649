"""A letter to many is made once for each of their languages, and no more often."""

from datetime import datetime

from sqlalchemy.orm import Session

from tests.rows import a_person
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.store import languages
from tldops_bot.store.database import Database


def letter(*to: Recipient, language: str | None = None) -> Letter:
    return Letter(Kind.NOTICE, "letters/left", {}, to, language=language)


def to_box(address: str, language: str = "") -> Recipient:
    return Recipient(address, Entitled.ADDRESS, language=language)


def french(session: Session, address: str) -> int:
    one = a_person(session, address)
    one.language = "fr"
    session.flush()
    return one.id


def split(session: Session, one: Letter) -> list[tuple[str, list[str]]]:
    return [
        (part.language or "", [to.address for to in part.to]) for part in languages.by_language(session, one)
    ]


def test_one_language_makes_one_letter(database: Database) -> None:
    with database.write() as session:
        assert split(session, letter(to_box("a@x.example"), to_box("b@x.example"))) == [
            ("", ["a@x.example", "b@x.example"])
        ]


def test_each_gets_the_language_they_chose(database: Database, now: datetime) -> None:
    with database.write() as session:
        number = french(session, "ann@nic.example")
        other = a_person(session, "bob@nic.example")
        found = split(
            session,
            letter(
                Recipient("bob@nic.example", Entitled.PERSON, other.id),
                Recipient("ann@nic.example", Entitled.PERSON, number),
                Recipient("ann@elsewhere.example", Entitled.PERSON, number),
                to_box("admin@nic.example"),
            ),
        )
        assert found == [
            ("", ["bob@nic.example", "admin@nic.example"]),
            ("fr", ["ann@nic.example", "ann@elsewhere.example"]),
        ]


def test_a_mailbox_is_known_by_its_address_and_a_second_one_once_it_is_proven(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        french(session, "ann@nic.example")
        assert languages.of_address(session, "ANN@nic.example") == "fr"
        one = a_person(session, "bob@nic.example")
        one.language, one.emergency_email = "fr", "bob@home.example"
        session.flush()
        assert languages.of_address(session, "bob@home.example") == ""
        one.emergency_proven_at = now
        session.flush()
        assert languages.of_address(session, "bob@home.example") == "fr"
        assert languages.of_address(session, "") == ""


def test_who_is_not_stored_yet_or_no_more_brings_the_language_along(database: Database) -> None:
    with database.write() as session:
        stored = a_person(session, "bob@nic.example")
        found = split(
            session,
            letter(
                to_box("new@nic.example", "fr"),
                Recipient("bob@nic.example", Entitled.ADDRESS, stored.id, language="fr"),
            ),
        )
        assert found == [("fr", ["new@nic.example", "bob@nic.example"])]


def test_what_is_in_words_already_is_not_split(database: Database) -> None:
    with database.write() as session:
        french(session, "ann@nic.example")
        for known in ("en", ""):  # "": the list's own
            assert split(session, letter(to_box("ann@nic.example"), language=known)) == [
                (known, ["ann@nic.example"])
            ]


def test_many_recipients_are_looked_up_at_once(database: Database) -> None:
    with database.write() as session:
        french(session, "ann@nic.example")
        many = [to_box(f"n{number}@x.example") for number in range(languages.FEW + 1)]
        found = split(session, letter(*many, to_box("ann@nic.example")))
        assert [(language, len(to)) for language, to in found] == [("", len(many)), ("fr", 1)]
