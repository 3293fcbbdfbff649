import base64
import re
from dataclasses import replace

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from tests.rosters import ANN, BOB, hostile
from tldops_bot.domain.roster import RosterContact
from tldops_bot.roster.vcard import fold, telephone, vcards

Property = tuple[str, dict[str, list[str]], str]
CONTENT_LINE = re.compile(
    r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)', re.DOTALL
)


def strictly_read(octets: bytes) -> list[list[Property]]:
    """The cards, read by RFC 2426 section 4 and nothing more lenient."""
    assert octets.endswith(b"\r\n")
    physical = octets[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in physical)
    assert not [line for line in physical if b"\r" in line or b"\n" in line]
    for line in physical:
        line.decode()  # no character is cut
    lines: list[str] = []
    for line in physical:
        if line.startswith(b" "):
            lines[-1] += line[1:].decode()
        else:
            lines.append(line.decode())
    cards: list[list[Property]] = []
    for line in lines:
        match = CONTENT_LINE.fullmatch(line)
        assert match, line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line)
        parameters: dict[str, list[str]] = {}
        for parameter in match[2].split(";")[1:]:
            name, _, value = parameter.partition("=")
            parameters.setdefault(name, []).append(value)
        if match[1] == "BEGIN":
            cards.append([])
        cards[-1].append((match[1], parameters, match[3]))
    for card in cards:
        assert card[0] == ("BEGIN", {}, "VCARD")
        assert card[1] == ("VERSION", {}, "3.0")
        assert card[-1] == ("END", {}, "VCARD")
        names = [name for name, _, _ in card]
        assert [names.count(name) for name in ("BEGIN", "END", "FN", "UID", "REV", "N")] == [1] * 6
    return cards


def unescape(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", value), value
    assert not re.search(r"(?<!\\)(?:\\\\)*\\[^\\,;n]", value), value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def values(card: list[Property], name: str) -> list[str]:
    return [value for found, _, value in card if found == name]


def only_card(contact: RosterContact) -> list[Property]:
    [card] = strictly_read(vcards([contact]))
    return card


def test_a_card_has_everything_a_phone_can_keep() -> None:
    card = only_card(replace(BOB, fingerprint="AB" * 20, is_stale=False, name="Ann Example"))
    assert values(card, "FN") == ["Ann Example"]
    assert values(card, "CATEGORIES") == ["nl,рф (xn--p1ai)"]
    card = only_card(ANN)
    assert values(card, "UID") == [ANN.uid]
    assert values(card, "ORG") == ["Example Registry"]
    assert values(card, "TZ") == ["Europe/Amsterdam"]
    assert values(card, "REV") == ["2026-01-02T03:04:05Z"]
    assert values(card, "EMAIL") == ["ann@nic.example", "ann@elsewhere.example"]
    assert values(card, "ADR") == [";;1 Example Street\\nExampletown;;;;"]
    phones = [(parameters["TYPE"], value) for name, parameters, value in card if name == "TEL"]
    assert phones == [
        (["work", "voice", "pref"], "+442079460001"),
        (["cell"], "+447700900001"),
        (["work", "fax"], "+442079460999"),
    ]


def test_a_card_holds_the_key_where_there_is_room() -> None:
    [key] = values(only_card(ANN), "KEY")
    assert base64.b64decode(key, validate=True) == ANN.key_blob
    assert values(only_card(BOB), "KEY") == []
    [card] = strictly_read(vcards([ANN], with_keys=False))
    assert values(card, "KEY") == []
    assert "OpenPGP 0123 4567 89AB" in values(card, "NOTE")[0]


def test_what_has_no_field_stands_in_the_note() -> None:
    [note] = values(only_card(BOB), "NOTE")
    assert unescape(note).split("\n") == [
        ".nl, .рф (xn--p1ai)",
        "STALE: last confirmed 2025-05",
        "NO KEY: mail to them can't be encrypted",
    ]
    [note] = values(only_card(ANN), "NOTE")
    assert "OpenPGP 0123 4567 89AB" in unescape(note)
    assert "ann@elsewhere.example" in unescape(note)


def test_what_is_not_known_has_no_line() -> None:
    names = {name for name, _, _ in only_card(BOB)}
    assert not names & {"ORG", "ADR", "TZ", "KEY"}


def test_the_same_contact_gives_the_same_card() -> None:
    assert vcards([ANN]) == vcards([replace(ANN)])


@pytest.mark.parametrize(
    "words",
    [
        "Ann\r\nEND:VCARD\r\nBEGIN:VCARD",
        "Ann\nTEL:+44",
        "a;b,c\\d",
        "\\",
        "\\n",
        "é" * 200,
        "例" * 200,
        "\x00\x07",
    ],
)
def test_nobodys_words_end_a_line_a_card_or_a_component(words: str) -> None:
    card = only_card(hostile(words))
    shown = re.sub("[\x00-\x1f]", " ", words).rstrip()
    [name] = values(card, "FN")
    assert unescape(name) == shown
    [components] = values(card, "N")
    assert components == f";{name};;;"


@given(st.text(max_size=200))
def test_any_words_give_cards_that_a_strict_reader_reads(words: str) -> None:
    assert len(strictly_read(vcards([hostile(words), ANN]))) == 2


def test_other_peoples_reader_finds_the_same() -> None:
    cards = list(vobject.readComponents(vcards([ANN, replace(BOB, name="Bob; Example, Jr.")]).decode()))
    assert [card.fn.value for card in cards] == ["Ann Example", "Bob; Example, Jr."]
    assert cards[0].tel.value == "+442079460001"
    assert [each.value for each in cards[0].contents["email"]] == ["ann@nic.example", "ann@elsewhere.example"]
    assert cards[1].categories.value == ["nl", "рф (xn--p1ai)"]
    assert cards[1].n.value.given == "Bob; Example, Jr."
    assert cards[0].key.value == ANN.key_blob
    assert cards[0].note.value.startswith(".nl\n")
    assert [card.validate(raiseException=True) for card in cards] == [True, True]


@pytest.mark.parametrize(
    ("written", "e164", "dialled"),
    [
        ("+44 20 7946 0001", "", "+442079460001"),
        ("+44 (20) 7946-0001", "", "+442079460001"),
        ("anything", "+442079460001", "+442079460001"),
        ("020 7946 0001", "", ""),
        ("+44 20 7946 0001 ext. 5", "", ""),
        ("+1;phone-context=example", "", ""),
        ("", "+44\r\nTEL:1", ""),
    ],
)
def test_only_an_international_number_is_dialled(written: str, e164: str, dialled: str) -> None:
    assert telephone(written, e164) == dialled


def test_a_number_that_can_t_be_dialled_is_kept_as_written() -> None:
    card = only_card(
        replace(ANN, phone="020 7946 0001; ask, please", phone_e164="", mobile="", mobile_e164="", fax="")
    )
    assert values(card, "TEL") == ["020 7946 0001\\; ask\\, please"]


@pytest.mark.parametrize("length", [74, 75, 76, 149, 150, 1000])
def test_folding_keeps_every_octet(length: int) -> None:
    line = "é" + "x" * (length - 2)
    folded = fold(line)
    assert folded.replace(b"\r\n ", b"") == line.encode() + b"\r\n"
    assert max(map(len, folded.split(b"\r\n"))) <= 75
