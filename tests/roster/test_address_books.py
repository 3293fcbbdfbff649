"""roster.vcf in other people's address books: Radicale (a CardDAV server, as Nextcloud is one) and vobject."""

import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import radicale
import radicale.config
import vobject

from tests.rosters import ANN, BE, BOB, NL, hostile
from tldops_bot.domain.roster import RosterContact
from tldops_bot.roster.vcard import vcards

EVA = replace(ANN, uid="urn:uuid:00000000-0000-4000-8000-000000000003", name="Eva Example", tlds=(BE,))


class Radicale:
    """A server with one user and no network."""

    def __init__(self, folder: Path) -> None:
        settings = radicale.config.load()
        settings.update(
            {
                "storage": {"filesystem_folder": str(folder)},
                "auth": {"type": "none"},
                "rights": {"type": "owner_only"},
            },
            "test",
            privileged=True,
        )
        self.application = radicale.Application(settings)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str]:
        found: list[str] = []
        environment: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": "Basic YW5uOg==",  # the user ann, no password
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        setup_testing_defaults(environment)
        answer = self.application(environment, lambda status, _headers: found.append(status))
        return int(found[0].split()[0]), b"".join(answer).decode()

    def take(self, contacts: list[RosterContact]) -> int:
        return self.ask("PUT", "/ann/roster/", vcards(contacts), "text/vcard; charset=utf-8")[0]

    def cards(self) -> list[vobject.base.Component]:
        status, text = self.ask("GET", "/ann/roster/")
        assert status == 200
        return list(vobject.readComponents(text))


@pytest.fixture
def book(tmp_path: Path) -> Radicale:
    logging.getLogger("radicale").setLevel(logging.ERROR)
    return Radicale(tmp_path)


def test_an_address_book_takes_all_cards_with_what_they_say(book: Radicale) -> None:
    assert book.take([ANN, BOB, EVA]) == 201
    cards = {card.uid.value: card for card in book.cards()}
    assert set(cards) == {ANN.uid, BOB.uid, EVA.uid}
    ann = cards[ANN.uid]
    assert (ann.fn.value, ann.n.value.given, ann.org.value) == (
        "Ann Example",
        "Ann Example",
        ["Example Registry"],
    )
    assert [one.value for one in ann.contents["tel"]] == ["+442079460001", "+447700900001", "+442079460999"]
    assert [one.params["TYPE"] for one in ann.contents["tel"]] == [
        ["work", "voice", "pref"],
        ["cell"],
        ["work", "fax"],
    ]
    assert ann.key.value == ANN.key_blob
    assert ann.categories.value == ["nl"]
    assert ann.adr.value.street == "1 Example Street\nExampletown"
    assert cards[BOB.uid].fn.value == "Боб Пример"


def test_a_later_roster_brings_cards_up_to_date_and_doubles_none(book: Radicale) -> None:
    book.take([ANN, BOB])
    book.take([replace(ANN, mobile_e164="+447700900777", tlds=(NL, BE)), BOB])
    cards = [card for card in book.cards() if card.uid.value == ANN.uid]
    assert len(book.cards()) == 2
    assert [one.value for one in cards[0].contents["tel"]][1] == "+447700900777"
    assert cards[0].categories.value == ["nl", "be"]


def test_whoever_left_is_no_more_in_it(book: Radicale) -> None:
    book.take([ANN, BOB])
    book.take([ANN])
    assert [card.uid.value for card in book.cards()] == [ANN.uid]


@pytest.mark.parametrize(
    "words", ["Ann\r\nEND:VCARD\r\nBEGIN:VCARD", "a;b,c\\d", "\\n", "例" * 100, 'x:y;z="q"']
)
def test_what_somebody_typed_stays_in_its_field(book: Radicale, words: str) -> None:
    assert book.take([hostile(words), BOB]) == 201
    cards = {card.uid.value: card for card in book.cards()}
    assert set(cards) == {ANN.uid, BOB.uid}
    assert cards[ANN.uid].fn.value.split() == words.split()
    assert len(cards[ANN.uid].contents["email"]) == 2
