"""The grammar of command mails: what is read, what is passed over, and what is an error, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain import grammar
from tldops_bot.domain.grammar import MAX_COMMANDS, MAX_GUESSES, read_commands
from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.request import Commands, Request, VerbSpec
from tldops_bot.domain.token import ANSWER_LINE

VOCABULARY = {
    "QUERY": VerbSpec("QUERY"),
    "ACK": VerbSpec("ACK"),
    "SHOW": VerbSpec("SHOW"),
    "UNSUBSCRIBE": VerbSpec("UNSUBSCRIBE"),
    "SUBSCRIBE": VerbSpec("SUBSCRIBE", ("Name", "Email", "Phone", "Mobile", "Postal", "Emergency-Email")),
    "ALERT": VerbSpec("ALERT", ("Title", "TLP", "Scope", "Exercise"), True, ("Scope", "Exercise")),
}


def read(text: str) -> Commands:
    return read_commands(text, VOCABULARY)


def lines(text: str) -> list[tuple[str, tuple[str, ...]]]:
    found = read(text)
    assert not found.problems, found.problems
    return [(one.verb, one.arguments) for one in found.requests]


def problems(text: str) -> list[tuple[str, str]]:
    return [(one.reason, one.nearest) for one in read(text).problems]


def only(text: str) -> Request:
    found = read(text)
    assert (len(found.requests), found.problems) == (1, ())
    return found.requests[0]


# --- commands


def test_one_command_a_line_in_any_case() -> None:
    assert lines("query nl\nShow\nQUERY be lu\n") == [
        ("QUERY", ("nl",)),
        ("SHOW", ()),
        ("QUERY", ("be", "lu")),
    ]


@pytest.mark.parametrize(
    "text",
    ["QUERY nl,be", "QUERY nl, be", "QUERY nl;be", "QUERY: nl be", "QUERY\xa0nl\xa0be", "\ufeffQUERY nl be"],
)
def test_lists_and_blanks_are_read_as_people_and_clients_write_them(text: str) -> None:
    assert lines(text) == [("QUERY", ("nl", "be"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_one(end: str) -> None:
    assert lines(f"QUERY nl{end}QUERY be{end}") == [("QUERY", ("nl",)), ("QUERY", ("be",))]


def test_line_is_kept_as_written_with_its_number() -> None:
    request = only("\nHi,\n\nquery  .NL, be")
    assert (request.line, request.line_number) == ("query  .NL, be", 4)


@pytest.mark.parametrize(
    "greeting",
    [
        "Hi,",
        "Dear all,",
        "Hello there",
        "Jack,",
        "Bonjour à tous",
        "Every registry is hit.",
        "Alex here,",
        "Hi\n\nHope you are well.",
        "> QUERY be",
        "# QUERY be",
    ],
)
def test_what_stands_before_the_first_verb_is_passed_over(greeting: str) -> None:
    assert lines(f"{greeting}\n\nQUERY nl") == [("QUERY", ("nl",))]


def test_quotes_and_comments_are_skipped_anywhere() -> None:
    assert lines("QUERY nl\n> QUERY be\n# QUERY lu\nSHOW") == [("QUERY", ("nl",)), ("SHOW", ())]


def test_quoted_line_does_not_join_a_field() -> None:
    assert only("SUBSCRIBE nl\nName: Ann\n> Example").get("Name") == "Ann"


@pytest.mark.parametrize(
    "footer",
    [
        "Kind regards\nAnn Example",
        "Regards,",
        "Ann Example\nExample Registry",
        "+44 20 7946 0123",
        "Best",
        "Alex",
    ],
)
def test_footer_after_a_blank_line_ends_the_commands_and_is_named_as_not_read(footer: str) -> None:
    found = read(f"QUERY nl\n\n{footer}\nQUERY be")
    assert [one.arguments for one in found.requests] == [("nl",)]
    assert found.not_read == (*footer.split("\n"), "QUERY be")
    assert not found.problems


@pytest.mark.parametrize("end", ["--", "-- ", "END", "end", "End", ANSWER_LINE, f"  {ANSWER_LINE}"])
def test_marks_of_the_end_end_the_commands(end: str) -> None:
    found = read(f"QUERY nl\n{end}\nQUERY be\n\nACK A-2026-0001")
    assert [one.arguments for one in found.requests] == [("nl",)]
    assert found.not_read == ("QUERY be", "ACK A-2026-0001")


def test_end_before_any_command_leaves_nothing_to_do() -> None:
    assert read("--\nUNSUBSCRIBE ALL").requests == ()


def test_not_read_lines_are_named_up_to_twenty() -> None:
    assert len(read("SHOW\n--\n" + "x\n" * 50).not_read) == 20


def test_blank_lines_between_commands_and_fields_do_not_end_them() -> None:
    text = "SUBSCRIBE nl\n\nName: Ann Example\n\n\nPhone: 1\n\nLIST: tld-ops@lists.example\n\nQUERY nl"
    found = read(text)
    assert [one.verb for one in found.requests] == ["SUBSCRIBE", "QUERY"]
    assert [one.name for one in found.requests[0].fields] == ["Name", "Phone"]
    assert found.lists_named == ("tld-ops@lists.example",)


# --- errors


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("QUREY nl", "QUERY"),
        ("Hi,\n\nqury nl", "QUERY"),
        ("SHOW\nQUERRY nl", "QUERY"),
        ("SHOW\n\nUNSUSCRIBE nl", "UNSUBSCRIBE"),
        ("AKC A-2026-0001", "ACK"),
        ("akc A-2026-0001", "ACK"),
        ("AXX A-2026-0001", "ACK"),
        ("TETS", "TEST"),
        ("DRY-RNU", "DRY-RUN"),
    ],
)
def test_word_within_two_letters_of_a_verb_is_an_error_not_prose(text: str, near: str) -> None:
    assert problems(text) == [("unknown_verb", near)]


@pytest.mark.parametrize(
    "name", ["Jack", "Sho", "Mack", "Ack!", "Query?", "and", "are you there", "can you tell me", "soon"]
)
def test_short_words_and_names_of_people_are_no_slips(name: str) -> None:
    assert problems(f"{name}\nQUERY nl") == []


def test_plain_word_in_capitals_is_a_slip() -> None:
    assert problems("QUERY nl\nEVERY be") == [("unknown_verb", "QUERY")]


@pytest.mark.parametrize("text", ["QUERY nl\nplease be quick", "QUERY nl\nand be", "QUERY nl\n12345"])
def test_line_right_under_a_command_that_is_neither_verb_nor_field_is_an_error(text: str) -> None:
    assert problems(text) == [("unreadable_line", "")]


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("Nmae: Ann", "Name"),
        ("E-mail: a@b.example", "Email"),
        ("Telephone: 1", "Phone"),
        ("Favourite-Colour: red", ""),
    ],
)
def test_unknown_field_is_an_error_naming_the_nearest(line: str, near: str) -> None:
    assert problems(f"SUBSCRIBE nl\n{line}")[0] == ("unknown_field", near)


def test_field_of_another_command_is_unknown_here() -> None:
    assert problems("QUERY nl\nName: Ann") == [("unknown_field", "")]


def test_errors_do_not_hide_each_other() -> None:
    assert problems("QUREY nl\nSUBSCRIBE nl\nNmae: Ann\nwhat else") == [
        ("unknown_verb", "QUERY"),
        ("unknown_field", "Name"),
        ("unreadable_line", ""),
    ]


def test_too_many_commands_are_an_error() -> None:
    assert problems("SHOW\n" * MAX_COMMANDS) == []
    assert problems("SHOW\n" * (MAX_COMMANDS + 1)) == [("too_many_commands", "")]


def test_lines_beyond_the_limit_are_not_looked_at() -> None:
    assert read("\n" * 20_000 + "UNSUBSCRIBE ALL").requests == ()


# --- fields


def test_fields_belong_to_the_command_above_in_any_case() -> None:
    found = read("SUBSCRIBE nl\nNAME : Ann Example\nemergency-email:ann@other.example\nSHOW")
    assert [(one.name, one.value) for one in found.requests[0].fields] == [
        ("Name", "Ann Example"),
        ("Emergency-Email", "ann@other.example"),
    ]
    assert found.requests[1].fields == ()


def test_line_that_starts_with_a_blank_continues_the_field() -> None:
    request = only("SUBSCRIBE nl\nPostal: 1 Example Street\n  Example Town\n\tExampleland\nPhone:\n 1")
    assert request.get("Postal") == "1 Example Street Example Town Exampleland"
    assert request.get("Phone") == "1"


def test_indented_line_after_a_blank_one_continues_nothing() -> None:
    found = read("SUBSCRIBE nl\nPostal: 1 Example Street\n\n SHOW")
    assert [one.verb for one in found.requests] == ["SUBSCRIBE", "SHOW"]


def test_value_may_hold_colons() -> None:
    assert only("SUBSCRIBE nl\nPhone: tel:+44:20").get("Phone") == "tel:+44:20"


@pytest.mark.parametrize(
    "text",
    [
        "List: <TLD-OPS@lists.example>\nQUERY nl",
        "QUERY nl\nlist: tld-ops@lists.example",
        "QUERY nl\n\nList : tld-ops@lists.example\n\nQUERY be",
        "Hi,\nList: tld-ops@lists.example\n\nALERT\nsomething",
        "ALERT\nList: tld-ops@lists.example\nTitle: x\n\nsomething",
        "ALERT\nsomething\n\nList: tld-ops@lists.example",
    ],
)
def test_list_line_may_stand_anywhere_among_the_commands(text: str) -> None:
    found = read(text)
    assert found.lists_named == ("tld-ops@lists.example",)
    assert not found.problems


@pytest.mark.parametrize(
    "text",
    [
        "QUERY nl\n> List: tld-ops@lists.example",
        "QUERY nl\n--\nList: tld-ops@lists.example",
        "ALERT\nwritten to\n> List: tld-ops@lists.example\n List: tld-ops@lists.example",
    ],
)
def test_list_line_that_is_quoted_or_after_the_end_binds_nothing(text: str) -> None:
    assert read(text).lists_named == ()


# --- TEST


@pytest.mark.parametrize(
    "text",
    [
        "TEST\nUNSUBSCRIBE ALL",
        "dry-run\nUNSUBSCRIBE ALL",
        "Hi,\n\nTest:\n\nUNSUBSCRIBE ALL",
        "List: a@b\nTEST\nUNSUBSCRIBE ALL",
    ],
)
def test_test_as_first_line_makes_it_a_test(text: str) -> None:
    found = read(text)
    assert found.is_test
    assert [one.verb for one in found.requests] == ["UNSUBSCRIBE"]


@pytest.mark.parametrize(
    "text", ["TEST UNSUBSCRIBE ALL", "Dry-run please\nUNSUBSCRIBE ALL", "test mail\n\nUNSUBSCRIBE ALL"]
)
def test_words_beside_test_do_not_make_it_earnest(text: str) -> None:
    found = read(text)
    assert found.is_test
    assert [one.line for one in found.requests] == ["UNSUBSCRIBE ALL"]


def test_test_twice_or_after_a_command_is_no_command() -> None:
    assert read("TEST TEST\nSHOW").requests[0].verb == "SHOW"
    assert read("TEST\nTEST\nSHOW").is_test
    assert problems("SHOW\nTEST") == [("unreadable_line", "")]


# --- ALERT


def test_alert_has_fields_then_free_text_to_the_end() -> None:
    request = only(
        "ALERT\nTitle: Phishing\nTLP: GREEN\n\nLook out:\n\n> they wrote\n-- \nEND\nUNSUBSCRIBE ALL\n"
    )
    assert (request.get("Title"), request.get("TLP")) == ("Phishing", "GREEN")
    assert request.text == "Look out:\n\n> they wrote\n-- \nEND\nUNSUBSCRIBE ALL"


def test_first_line_that_is_no_field_begins_the_text() -> None:
    assert only("ALERT\nTLP: RED\nThey are here\nTitle: no title").text == "They are here\nTitle: no title"


def test_alert_keeps_commas_and_indentation_of_its_text() -> None:
    assert only("ALERT\n\n  a, b\n c").text == "  a, b\n c"


def test_text_like_a_field_begins_the_text_and_is_noted_when_it_is_nearly_one() -> None:
    near = read("ALERT\nTitel: Phishing\nmore")
    assert near.requests[0].text == "Titel: Phishing\nmore"
    assert [(one.reason, one.nearest) for one in near.notes] == [("unknown_field", "Title")]
    assert read("ALERT\nIndicators: 192.0.2.1\n").notes == ()


@pytest.mark.parametrize(("line", "near"), [("Scpoe: tld nl", "Scope"), ("Excercise: yes", "Exercise")])
def test_near_miss_of_a_field_that_decides_who_gets_it_stops_the_alert(line: str, near: str) -> None:
    assert problems(f"ALERT\n{line}\nWatch out") == [("unknown_field", near)]


@pytest.mark.parametrize("text", ["SHOW\nALERT\nWatch out", "QUERY nl\nALERT\nTitle: x\n\nWatch out"])
def test_alert_is_alone_in_its_mail(text: str) -> None:
    assert problems(text) == [("not_alone", "ALERT")]


def test_alert_without_text_has_none() -> None:
    assert only("ALERT\nTitle: x\n").text == ""
    assert only("ALERT\nTitle: x\n--\nAnn").text == ""


# --- anything at all

PIECES = st.one_of(
    st.sampled_from(
        [
            "QUERY nl",
            "ALERT",
            "TEST",
            "SUBSCRIBE nl",
            "Name: Ann",
            " more",
            "",
            "List: a@b",
            "--",
            "END",
            "Hi,",
            "Scpoe: x",
            "QUREY nl",
            "> q",
            "# c",
            ":",
            " ",
            "\t:",
            "Name:",
            "TEST TEST",
            "TEST QUERY nl",
        ]
    ),
    st.text(max_size=20),
)


@given(st.lists(PIECES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_text_is_read_without_raising_and_verbs_are_known(pieces: list[str], end: str) -> None:
    found = read(end.join(pieces))
    assert all(one.verb in VOCABULARY for one in found.requests)
    assert len(found.requests) <= MAX_COMMANDS


@given(st.text(max_size=200))
def test_prose_without_a_verb_asks_for_nothing(text: str) -> None:
    words = {word.strip(":").upper() for word in text.split()}
    if not words & {*VOCABULARY, "TEST", "DRY-RUN"}:
        assert read(text).requests == ()


def test_error_then_a_field_of_nothing_ends_the_commands() -> None:
    found = read("QUREY nl\n\nName: Ann")
    assert [one.reason for one in found.problems] == ["unknown_verb"]
    assert found.not_read == ("Name: Ann",)


@pytest.mark.parametrize("line", ["abcdefghi\n", "qurey nl\n", "Phoen: x\n", "Scpoe: all\n"])
@pytest.mark.parametrize("first", ["", "SUBSCRIBE nl\n", "ALERT\n"])
def test_guessing_stops_before_it_costs_anything(
    monkeypatch: pytest.MonkeyPatch, first: str, line: str
) -> None:
    guesses: list[str] = []
    monkeypatch.setattr(
        grammar, "nearest", lambda word, *known, **more: guesses.append(word) or nearest(word, *known, **more)
    )
    read(first + line * 5000)
    assert len(guesses) <= MAX_GUESSES


def test_after_a_hundred_problems_no_more_is_read() -> None:
    assert len(problems("SHOW\n" + "Phoen: x\n" * 99 + "SHOW\nPhoen: x\n")) == 100
    found = read("SHOW\n" + "Phoen: x\n" * 100 + "SHOW\nPhoen: x\n")
    assert (len(found.problems), len(found.requests)) == (100, 1)


def test_a_field_named_like_a_verb_is_a_field_of_the_command_above_it() -> None:
    words = {"UPDATE": VerbSpec("UPDATE", ("Roster",)), "ROSTER": VerbSpec("ROSTER")}
    found = read_commands("UPDATE\nRoster: pdf\nROSTER\n", words)
    assert [one.verb for one in found.requests] == ["UPDATE", "ROSTER"]
    assert [(one.name, one.value) for one in found.requests[0].fields] == [("Roster", "pdf")]
    assert [one.verb for one in read_commands("ROSTER: pdf\n", words).requests] == ["ROSTER"]
