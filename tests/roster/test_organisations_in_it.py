"""Organisations without a TLD in the roster: after all TLDs, under their own heading, by name and label."""

import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader

from tests.rosters import ANN, AUDIT_HEAD, BOB, NL, NOW, RF, roster
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.call_sheet import SheetLine
from tldops_bot.domain.organisation import organisation
from tldops_bot.domain.roster import Share, build_roster
from tldops_bot.domain.roster_changes import changes, snapshot
from tldops_bot.domain.tld import Tld
from tldops_bot.roster import call_sheet, csv_file, jscontact, text, vcard
from tldops_bot.roster.columns import WIDTH, columns
from tldops_bot.roster.pdf_file import pdf_file
from tldops_bot.roster.typefaces import Typefaces

CERT = Tld("cert:example-cert", "Example CERT")
HEADING = "-- Organisations without a TLD: CERTs and regional organisations --"
OF_CERT = replace(ANN, uid="urn:uuid:00000000-0000-4000-8000-000000000003", name="Cem Example", tlds=(CERT,))
OF_BOTH = replace(ANN, tlds=(NL, CERT))


def test_they_stand_after_all_tlds_under_their_own_heading() -> None:
    lines = text.contact_lines(roster(OF_BOTH, BOB, OF_CERT))
    at = lines.index(HEADING)
    assert [line.split()[0] for line in lines[:at] if line.startswith(".")] == [".nl", ".рф"]
    assert [line for line in lines[at + 1 :] if line.startswith((".", "--"))] == [
        "-- Example CERT (cert:example-cert) " + "-" * (WIDTH - 36)
    ]
    assert [line for line in lines[at:] if line.endswith("Example")] == ["Ann Example", "Cem Example"]


def test_without_any_there_is_no_heading() -> None:
    assert HEADING not in text.contact_lines(roster(ANN))


def test_a_long_name_is_folded() -> None:
    long = organisation("cert", "An organisation whose name " + "goes on and on " * 12)
    assert long is not None
    lines = text.contact_lines(roster(replace(OF_CERT, tlds=(long,))))
    assert all(columns(line) <= WIDTH for line in lines)
    assert " ".join(lines).count(" goes") == 12


@pytest.mark.parametrize("dash", ["--", "––", "— ", "‐‐", "−−"])
def test_a_name_cannot_pass_for_the_heading_of_one(dash: str) -> None:
    forged = replace(BOB, name=f"{dash} Example CERT (cert:example-cert) ----")
    assert next(text.person_lines(forged)) == "Example CERT (cert:example-cert) ----"


def test_they_are_counted_apart() -> None:
    gtld = replace(ANN, uid="urn:uuid:4", tlds=(Tld("example", "example"),))
    coverage = roster(OF_CERT, gtld).coverage
    assert (coverage.cctlds, coverage.gtlds) == (Share(0, 4), Share(1, 1))
    assert coverage.organisations == {"cert": 1, "regional": 0}


def test_coming_and_leaving_are_told_by_name_and_by_label() -> None:
    joined = text.change_lines(changes(snapshot(roster(BOB)), roster(BOB, OF_CERT)) or pytest.fail("none"))
    assert joined.joined == ("  Example CERT (cert:example-cert): Cem Example",)
    left = text.change_lines(changes(snapshot(roster(OF_CERT)), roster()) or pytest.fail("none"))
    assert left.left == ("  cert:example-cert: has no contact now",)


def test_each_file_has_them() -> None:
    made = roster(OF_BOTH)
    rows = csv_file.csv_file(made).decode("utf-8-sig").splitlines()
    assert rows[2].startswith('"Example CERT","cert:example-cert","","","Ann Example"')
    card = vcard.vcards(made.contacts).decode().replace("\r\n ", "")
    assert "CATEGORIES:nl,Example CERT (cert:example-cert)" in card
    assert "NOTE:.nl\\, Example CERT (cert:example-cert)" in card
    [contact] = json.loads(jscontact.jscontact(made.contacts))
    assert contact["keywords"] == {"nl": True, "cert:example-cert": True}


def test_on_paper_they_come_last_and_stand_in_the_index() -> None:
    tlds = load_tld_table()

    def pages(*contacts: object) -> list[str]:
        made = build_roster(NOW, contacts, tlds, AUDIT_HEAD)  # type: ignore[arg-type]
        octets = pdf_file(made, "TLD-OPS", tlds, Typefaces([]))
        return [page.extract_text() for page in PdfReader(io.BytesIO(octets), strict=True).pages]

    both = pages(OF_BOTH, BOB, OF_CERT)
    assert "Example CERT" in both[0]
    assert ".nl – organisations" in both[3]
    assert both[3].index(".nl") < both[3].index("cert:example-cert")
    alone = pages(replace(OF_CERT, tlds=(Tld("cert:" + "a" * 40, "A very long name " * 9),)))
    assert text.ORGANISATIONS in alone[3]
    gtlds = [facts.tld for facts in tlds.of_kind("gtld")][:60]
    crowd = [replace(ANN, uid=f"urn:uuid:{number}", tlds=(tld,)) for number, tld in enumerate(gtlds)]
    assert "Example CERT" in pages(*crowd, OF_CERT)[0]


def test_a_call_sheet_names_it_without_a_dot() -> None:
    line = SheetLine("cert:example-cert", "", "", "reached", "", ())
    assert call_sheet.text_lines([line], NOW)[0].startswith("cert:example-cert ---")


def test_an_idn_is_still_an_idn() -> None:
    assert roster(OF_CERT, BOB).tlds[-2].tld == RF
