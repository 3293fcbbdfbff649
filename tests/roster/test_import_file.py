"""Rosters of others, in every form they come in; what cannot be read is named by its line."""

import json

import pytest

from tldops_bot.roster.import_file import EXPORT, Line, NotARoster, read_import

ANN = {"Name": "Ann Example", "Email": "ann@nic.example"}


def read(text: str) -> list[tuple[int, dict[str, str], list[str]]]:
    return [(one.number, dict(one.fields), list(one.tlds)) for one in read_import(text.encode())]


def test_a_table_is_read_by_its_headings_however_they_are_written() -> None:
    text = (
        'Full name;E-Mail;TLDs;Phone Number;"Emergency e-mail";Shoe size\n'
        '"Example; Ann";ann@nic.example;nl, .be;+44 20 7946 0123;;7\n'
        "\n;;;;;\n"
        "Bob Example;bob@nic.example;;;bob@other.example;\n"
    )
    assert read(text) == [
        (
            2,
            {"Name": "Example; Ann", "Email": "ann@nic.example", "Phone": "+44 20 7946 0123"},
            ["nl", ".be"],
        ),
        (5, {"Name": "Bob Example", "Email": "bob@nic.example", "Emergency-Email": "bob@other.example"}, []),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_found(separator: str) -> None:
    assert read(f"name{separator}email\r\nAnn Example{separator}ann@nic.example\r\n") == [(2, ANN, [])]


def test_excels_mark_at_the_start_is_no_part_of_the_first_heading() -> None:
    assert [dict(one.fields) for one in read_import("\ufeffemail\nann@nic.example".encode())] == [
        {"Email": "ann@nic.example"}
    ]


def test_what_mailman_prints_is_read() -> None:
    text = '# ours\nAnn Example <ann@nic.example>\n\nbob@nic.example\n"Example, Carol" <carol@nic.example>\nnobody\n'
    assert read(text)[:3] == [
        (2, ANN, []),
        (4, {"Email": "bob@nic.example"}, []),
        (5, {"Name": "Example, Carol", "Email": "carol@nic.example"}, []),
    ]
    assert read_import(text.encode())[3].wrong.startswith("is not an address, such as Ann Example")


def test_what_mailman_answers_is_read() -> None:
    entry = {
        "address": "http://localhost:8001/3.1/addresses/ann@nic.example",
        "display_name": "Ann Example",
        "email": "ann@nic.example",
        "role": "member",
        "moderation_action": None,
    }
    answer = {"entries": [entry, "Bob Example <bob@nic.example>", 5, "", {"email": "x"}], "total_size": 5}
    found = read_import(json.dumps(answer).encode())
    assert found[0] == Line(1, ANN)
    assert found[1].fields == {"Name": "Bob Example", "Email": "bob@nic.example"}
    assert [one.wrong for one in found[2:]] == ["is not a person", "is empty", ""]
    assert found[4].fields == {}


def test_a_list_of_objects_is_read_with_its_tlds() -> None:
    text = json.dumps([ANN | {"tlds": ["nl", "be"]}, ANN | {"tld": "lu mc"}])
    assert read(text) == [(1, ANN, ["nl", "be"]), (2, ANN, ["lu", "mc"])]


def test_of_an_export_of_ours_those_listed_come_with_their_keys() -> None:
    listed = {
        "id": 1,
        "name": "Ann Example",
        "email": "ann@nic.example",
        "phone": "+44 20 7946 0123",
        "key": "K",
    }
    listed |= {"entries": [{"tld": "nl", "state": "listed"}, {"tld": "be", "state": "left"}, 5]}
    gone = {"name": "", "email": "", "entries": [{"tld": "nl", "state": "left"}]}
    export = {"format": EXPORT, "persons": [listed, gone, 5, {"entries": 5}]}
    found = read_import(json.dumps(export).encode())
    assert found[0] == Line(1, ANN | {"Phone": "+44 20 7946 0123"}, ("nl",), "K")
    assert [(one.number, one.wrong) for one in found[1:]] == [(3, "is not a person"), (4, "is not a person")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("# nobody\n", "nobody is in it"),
        ("name,email\n", "nobody is in it"),
        ("{", "like JSON, but is not valid"),
        ("[" * 100_000, "like JSON, but is not valid"),
        ("[]", "nobody is in it"),
        ("{}", "nobody is in it"),
        ('{"entries": 5}', "nobody is in it"),
        ('{"format": "tldops-bot export 2"}', "newer version"),
        (json.dumps({"format": EXPORT}), "persons is missing"),
        ('name,email\n"Ann', "line 2 is not CSV"),
        (f"name,email\n{'x' * 20_000},a@b.example", "line 2 is not CSV"),
    ],
)
def test_what_is_no_roster_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(NotARoster, match=why):
        read_import(text.encode())


def test_other_encodings_are_refused_by_name() -> None:
    with pytest.raises(NotARoster, match="save it as UTF-8"):
        read_import("Ren\xe9 <rene@nic.example>".encode("latin-1"))


def test_a_line_with_too_many_fields_is_wrong_and_blank_ones_do_not_count() -> None:
    found = read_import(b"name,email\nAnn Example,ann@nic.example,,\nExample, Ann,ann@nic.example\n")
    assert [one.wrong for one in found] == ["", "has more fields than the first line has headings"]
