"""What may be believed of an answer from whois.iana.org. All records here are made up."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.iana_record import Garbled, IanaContact, IanaRecord, NotFound
from tldops_bot.domain.tld import Tld
from tldops_bot.mail.iana_records import MAX_OCTETS, parse_answers

HEAD = """\
% IANA WHOIS server
% for more information on IANA, visit http://www.iana.org
% This query returned 1 object

"""

AA = (
    HEAD
    + """\
domain:       AA

organisation: Fictional Registry – Société
address:      1 Made-up Street
address:      Nowhere

contact:      administrative
name:         Ann Example
organisation: Fictional Registry
address:      1 Made-up Street
address:      Nowhere
phone:        (+99) 123 4567
fax-no:       +99 123 4568
e-mail:       Ann@NIC.example

contact:      technical
name:         Bo Sample
organisation: Fictional Backend
address:      2 Made-up Street
phone:        +99 765 4321
e-mail:       tech@backend.example

nserver:      A.NS.AA 192.0.2.1 2001:db8:0:0:0:0:0:1
nserver:      B.NS.AA 2001:db8:0:0:0:0:0:2 198.51.100.2
ds-rdata:     12345 8 2 00FF

whois:        whois.nic.example

status:       ACTIVE
remarks:      Registration information: https://nic.example

created:      1990-02-03
changed:      2020-04-28
source:       IANA
"""
)

FOREIGN = """\

# whois.nic.example

domain:       aa
contact:      administrative
name:         Eve Foreign
e-mail:       eve@evil.example
status:       ACTIVE
source:       REGISTRY
"""

NOT_FOUND = """\
% IANA WHOIS server
% for more information on IANA, visit http://www.iana.org
% This query returned 0 objects.
%
% You queried for zz but this server does not have
% any data for zz.
%
% If you need further information please check the web site
% or use -h for help

"""

NOT_ASSIGNED = (
    HEAD
    + """\
domain:       EH

organisation: Not assigned

contact:      administrative
organisation: Not assigned

contact:      technical
organisation: Not assigned

changed:      1999-09-27
source:       IANA

"""
)


def only(text: str | bytes) -> IanaRecord:
    octets = text.encode() if isinstance(text, str) else text
    (answer,) = parse_answers(octets)
    assert isinstance(answer, IanaRecord), answer
    return answer


def garbled(text: str | bytes) -> str:
    octets = text.encode() if isinstance(text, str) else text
    (answer,) = parse_answers(octets)
    assert isinstance(answer, Garbled), answer
    return answer.reason


def test_a_whole_record_is_read() -> None:
    assert only(AA) == IanaRecord(
        tld=Tld("aa", "aa"),
        assigned=True,
        organisation=("Fictional Registry – Société",),
        status="ACTIVE",
        created=date(1990, 2, 3),
        changed=date(2020, 4, 28),
        contacts=(
            IanaContact(
                "administrative",
                "Ann Example",
                "Fictional Registry",
                "(+99) 123 4567",
                "+99 123 4568",
                "ann@nic.example",
            ),
            IanaContact(
                "technical", "Bo Sample", "Fictional Backend", "+99 765 4321", "", "tech@backend.example"
            ),
        ),
        whois="whois.nic.example",
    )


def test_a_contact_is_found_by_its_kind() -> None:
    technical = only(AA).contact("technical")
    assert technical is not None
    assert technical.name == "Bo Sample"
    assert only(_without(AA, "contact:      technical", "tech@backend.example")).contact("technical") is None


def _without(text: str, first: str, last: str) -> str:
    start, end = text.index(first), text.index(last) + len(last) + 1
    return text[:start] + text[end:]


@pytest.mark.parametrize(
    "octets",
    [
        AA.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + AA.encode(),
        b"  " + AA.encode(),
        b"\n\n" + AA.encode() + b"\n\n",
        AA.removesuffix("\n").encode(),
        AA.replace(HEAD, "").encode(),  # comments cut off
        (AA + FOREIGN).encode(),
        (AA + FOREIGN).replace("\n", "\r\n").encode(),
    ],
    ids=[
        "crlf",
        "bom",
        "blanks",
        "blank lines",
        "no last line end",
        "no comments",
        "foreign",
        "foreign crlf",
    ],
)
def test_line_ends_marks_charsets_and_what_clients_append_change_nothing(octets: bytes) -> None:
    assert only(octets) == only(AA)


def test_a_line_in_latin_1_is_read_beside_lines_in_utf_8() -> None:
    octets = AA.encode().replace(b"Fictional Backend", "Société Exemple".encode("latin-1"))
    record = only(octets)
    assert record.contacts[1].organisation == "Société Exemple"
    assert record.organisation == ("Fictional Registry – Société",)


def test_an_idn_is_read_from_both_its_names() -> None:
    record = only(AA.replace("domain:       AA", "domain:       рф\ndomain-ace:   XN--P1AI"))
    assert record.tld == Tld("xn--p1ai", "рф")
    assert only(AA.replace("domain:       AA", "domain:       рф")).tld == Tld("xn--p1ai", "рф")


def test_an_idn_whose_two_names_disagree_is_garbled() -> None:
    assert (
        garbled(AA.replace("domain:       AA", "domain:       рф\ndomain-ace:   XN--NODE")) == "not_one_tld"
    )


def test_repeated_organisations_are_all_kept() -> None:
    text = AA.replace("address:      2 Made", "organisation: Other Backend\naddress:      2 Made").replace(
        "organisation: Fictional Registry –", "organisation: Parent\norganisation: Fictional Registry –"
    )
    record = only(text)
    assert record.organisation == ("Parent", "Fictional Registry – Société")
    assert record.contacts[1].organisation == "Fictional Backend, Other Backend"


def test_missing_and_empty_values_are_empty() -> None:
    text = (
        AA.replace("name:         Ann Example\n", "")
        .replace("whois:        whois.nic.example", "whois:")
        .replace("status:       ACTIVE", "status:       ")
        .replace("created:      1990-02-03\n", "")
        .replace("domain:", "refer:\n\ndomain:", 1)
    )
    record = only(text)
    assert (record.contacts[0].name, record.whois, record.status, record.created) == ("", "", "", None)
    assert record.contacts[0].email == "ann@nic.example"
    assert record.warnings == ()


def test_a_tld_that_nobody_manages_is_not_assigned() -> None:
    record = only(NOT_ASSIGNED)
    assert (record.tld, record.assigned, record.status) == (Tld("eh", "eh"), False, "")
    assert [contact.email for contact in record.contacts] == ["", ""]
    assert record.warnings == ()


def test_a_record_without_any_organisation_is_not_assigned() -> None:
    assert not only(_without(AA, "organisation: Fictional Registry –", "Nowhere")).assigned


def test_not_found_says_what_was_asked() -> None:
    assert parse_answers(NOT_FOUND.encode()) == (NotFound("zz"),)
    assert parse_answers(NOT_FOUND.split("%\n")[0].encode()) == (NotFound(""),)


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        ("", "administrative_email_missing"),
        ("ann", "administrative_email_invalid"),
        ("ann@nic.example, eve@evil.example", "administrative_email_invalid"),
        ("Ann <ann@nic.example>", "administrative_email_invalid"),
        ("ann@nic.example\ne-mail:       eve@evil.example", "administrative_email_ambiguous"),
        ("ann@nic.example\x00", ""),
    ],
)
def test_an_address_that_is_not_one_valid_address_is_none(value: str, warning: str) -> None:
    record = only(AA.replace("Ann@NIC.example", value))
    assert record.contacts[0].email == ("" if warning else "ann@nic.example")
    assert record.warnings == ((warning,) if warning else ())
    assert record.contacts[1].email == "tech@backend.example"


def test_a_missing_contact_is_warned_about() -> None:
    record = only(_without(AA, "contact:      administrative", "Ann@NIC.example"))
    assert [contact.kind for contact in record.contacts] == ["technical"]
    assert record.warnings == ("administrative_contact_missing",)


@pytest.mark.parametrize("value", ["2020-13-45", "28 Apr 2020", "2020-4-8", "٢٠٢٠-٠٤-٢٨", "20200428"])
def test_a_date_that_is_none_is_warned_about(value: str) -> None:
    record = only(AA.replace("2020-04-28", value))
    assert record.changed is None
    assert record.warnings == ("changed_invalid",)


@pytest.mark.parametrize("cut", range(1, 40))
def test_an_answer_cut_off_anywhere_is_garbled(cut: int) -> None:
    octets = AA.removesuffix("\n").encode()
    whole = len(octets)
    assert garbled(octets[: whole - whole * cut // 41 - 1]) in ("truncated", "no_answer")


def test_the_appended_answer_of_a_registry_does_not_complete_a_truncated_one() -> None:
    truncated = AA[: AA.index("contact:      technical")]
    foreign = FOREIGN.replace("REGISTRY", "IANA")
    assert garbled(truncated + foreign) == "foreign_text"
    assert garbled(AA[: AA.index("contact:")] + "[whois.nic.example]\n" + foreign) == "foreign_text"
    foreign = foreign.replace("# whois.nic.example\n", "")
    assert garbled(truncated + foreign) == "repeated_field"
    assert garbled(truncated + foreign.replace("domain:       aa", "domain:       bb")) == "not_one_tld"
    # The registry leaves out `domain:`, and claims to be the contact that is missing.
    assert garbled(truncated + foreign.replace("domain:       aa\n", "")) == "repeated_field"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \r\n\n", "empty"),
        ("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n", "html"),
        ("\n  <html>\n" + AA, "html"),
        ("<main>\n<h1>Delegation Record for .AA</h1>\n", "html"),
        ("Rate limit exceeded. Try again later.\n", "no_answer"),
        (HEAD, "no_answer"),
        (AA.replace("domain:       AA\n", ""), "no_domain"),
        (AA.replace("domain:       AA", "domain:       IP6.ARPA"), "not_one_tld"),
        (AA.replace("domain:       AA", "domain:       AA\ndomain:       BB"), "not_one_tld"),
        (AA.replace("domain:       AA", "domain:       AA\ndomain:       AA"), "repeated_field"),
        (AA.replace("contact:      technical", "contact:      administrative"), "repeated_field"),
        (AA.replace("status:       ACTIVE", "status:       ACTIVE\nstatus:       FORMER"), "repeated_field"),
        (AA.replace("Ann Example", "A" * 3000), "line_too_long"),
        (AA.replace("name:         Ann Example\n", "address:      x\n" * 3000), "truncated"),
        (AA.replace("source:       IANA", "source:       RIPE"), "truncated"),
        ("\x00\x01\x02\ufffe", "no_answer"),
    ],
)
def test_what_is_no_whole_answer_of_ianas_is_garbled(text: str, reason: str) -> None:
    assert garbled(text) == reason


def test_a_file_beyond_all_measure_is_not_even_looked_at() -> None:
    assert parse_answers(b"%" * (MAX_OCTETS + 1)) == (Garbled("too_large"),)


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_odd_line_end_lets_a_value_become_another_field(separator: str) -> None:
    record = only(AA.replace("Ann Example", f"Ann{separator}e-mail:       eve@evil.example"))
    assert record.contacts[0].name == "Ann e-mail:       eve@evil.example"
    assert record.contacts[0].email == "ann@nic.example"


def test_a_latin_1_next_line_octet_ends_no_line_either() -> None:
    record = only(AA.encode().replace(b"Ann Example", b"Ann\x85e-mail:       eve@evil.example"))
    assert record.contacts[0].email == "ann@nic.example"


def test_direction_marks_do_not_reach_a_reader() -> None:
    assert only(AA.replace("Ann Example", "Ann \u202eelpmaxE\u202c")).contacts[0].name == "Ann  elpmaxE"


def test_several_answers_in_one_file_are_read_in_order() -> None:
    bb = AA.replace("domain:       AA", "domain:       BB")
    answers = parse_answers((AA + NOT_FOUND + bb + NOT_ASSIGNED).encode())
    assert answers == (only(AA), NotFound("zz"), only(bb), only(NOT_ASSIGNED))


def test_a_truncated_answer_does_not_swallow_the_next() -> None:
    bb = AA.replace("domain:       AA", "domain:       BB")
    answers = parse_answers((AA[: AA.index("whois:")] + bb).encode())
    assert answers == (Garbled("truncated", Tld("aa", "aa")), only(bb))


def test_the_same_answer_twice_is_no_contradiction() -> None:
    assert parse_answers((AA + AA).encode()) == (only(AA), only(AA))


def test_two_answers_for_one_tld_that_differ_are_both_refused() -> None:
    forged = AA.replace("Ann@NIC.example", "eve@evil.example")
    refused = Garbled("contradictory", Tld("aa", "aa"))
    assert parse_answers((AA + FOREIGN + forged).encode()) == (refused, refused)


@pytest.mark.parametrize(
    "first", [AA + FOREIGN, AA.replace("domain:", "refer:        whois.nic.example\n\ndomain:", 1)]
)
def test_a_record_that_a_registry_could_have_slipped_in_is_marked(first: str) -> None:
    bb = AA.replace("domain:       AA", "domain:       BB")
    answers = parse_answers((first + bb + NOT_FOUND).encode())
    first_record, second_record, nothing = answers
    assert isinstance(first_record, IanaRecord)
    assert first_record.warnings == ()
    assert isinstance(second_record, IanaRecord)
    assert second_record.warnings == ("may_be_foreign",)
    assert nothing == NotFound("zz")


def test_the_same_answer_marked_and_not_marked_is_no_contradiction() -> None:
    assert all(isinstance(answer, IanaRecord) for answer in parse_answers((AA + FOREIGN + AA).encode()))


@given(st.binary(max_size=2000))
def test_no_octets_at_all_make_it_raise(octets: bytes) -> None:
    assert parse_answers(octets)
    assert parse_answers(HEAD.encode() + octets)


@given(
    st.lists(st.sampled_from(AA.splitlines() + FOREIGN.splitlines() + NOT_FOUND.splitlines()), max_size=80)
)
def test_no_order_of_lines_makes_it_raise_or_invents_an_address(lines: list[str]) -> None:
    for answer in parse_answers("\n".join(lines).encode()):
        if isinstance(answer, IanaRecord):
            assert {contact.email for contact in answer.contacts} <= {
                "",
                "ann@nic.example",
                "tech@backend.example",
                "eve@evil.example",
            }
            assert len({contact.kind for contact in answer.contacts}) == len(answer.contacts) <= 2


@given(st.data())
def test_no_change_of_octets_makes_it_raise(data: st.DataObject) -> None:
    octets = bytearray(AA.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert len(parse_answers(bytes(octets))) >= 1
