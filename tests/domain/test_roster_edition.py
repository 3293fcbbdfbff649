"""Which files of a roster go into one member's mail."""

from datetime import UTC, datetime

import pytest

from tldops_bot.domain.roster_edition import (
    ALL,
    KINDS,
    MOST_MAIL_OCTETS,
    NONE,
    Edition,
    RosterFile,
    enclose,
    kinds_of,
    only,
    read_choice,
    shown,
    text_octets,
)

MADE_AT = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def edition(**sizes: int) -> Edition:
    """`vcf=100` is a file of 100 octets, `vcf_zip=10` the same packed."""
    files = []
    for name, size in sizes.items():
        kind, _, packed = name.partition("_")
        called = f"roster.{kind}.{packed}" if packed else f"roster.{kind}"
        files.append(RosterFile(kind, called, "application/octet-stream", b"x" * size, b"signature"))
    return Edition(MADE_AT, "ab" * 32, tuple(files))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("pdf, vcf", "vcf pdf"),
        ("PDF", "pdf"),
        ("keys;json csv", "csv json keys"),
        ("none", NONE),
        ("None", NONE),
        ("all", ALL),
        ("-", ALL),
        ("", ALL),
        ("vcf, pdf, csv, json, keys", ALL),
        ("pdf, doc", None),
        ("pdf, none", None),
        ("all, pdf", None),
    ],
)
def test_a_choice_is_read_as_it_is_meant(written: str, kept: str | None) -> None:
    assert read_choice(written) == kept


def test_a_choice_is_shown_as_it_is_written() -> None:
    assert [shown(one) for one in (ALL, NONE, "vcf pdf")] == ["all", "none", "vcf, pdf"]
    assert [read_choice(shown(one)) for one in (ALL, NONE, "vcf pdf")] == [ALL, NONE, "vcf pdf"]
    assert kinds_of(ALL) == KINDS
    assert kinds_of(NONE) == ()
    assert kinds_of("vcf pdf") == ("vcf", "pdf")


def test_what_fits_goes_as_it_is_each_with_its_signature() -> None:
    found = enclose(edition(vcf=100, pdf=100, vcf_zip=10), ["vcf", "pdf"], 1_000)
    assert [one.name for one in found.files] == ["roster.vcf", "roster.pdf"]
    assert found.left_out == ()
    names = [one.name for one in found.attachments]
    assert names == ["roster.vcf", "roster.vcf.asc", "roster.pdf", "roster.pdf.asc"]
    assert found.attachments[1].octets == b"signature"


def test_a_file_without_signature_stands_alone() -> None:
    unsigned = Edition(MADE_AT, "", (RosterFile("vcf", "roster.vcf", "text/vcard", b"x"),))
    assert [one.name for one in enclose(unsigned, ["vcf"], 0).attachments] == ["roster.vcf"]


def test_where_not_all_fit_they_are_packed_and_what_is_too_large_even_so_is_left_out() -> None:
    large = edition(vcf=2_000_000, vcf_zip=400_000, pdf=1_000_000, keys=4_000_000)
    found = enclose(large, KINDS, 500_000)
    assert [one.name for one in found.files] == ["roster.vcf.zip", "roster.pdf"]
    assert found.left_out == ("keys",)
    assert 500_000 + sum(one.mail_octets for one in found.files) <= MOST_MAIL_OCTETS


def test_files_for_programs_are_packed_before_the_cards_which_a_phone_takes_as_they_are() -> None:
    large = edition(vcf=1_000_000, vcf_zip=300_000, json=2_000_000, json_zip=300_000, pdf=500_000)
    found = enclose(large, KINDS, 500_000)
    assert [one.name for one in found.files] == ["roster.vcf", "roster.json.zip", "roster.pdf"]
    assert found.left_out == ()


def test_who_chose_fewer_gets_them_unpacked_as_long_as_they_fit() -> None:
    large = edition(vcf=2_000_000, vcf_zip=400_000, pdf=1_000_000, keys=4_000_000)
    assert [one.name for one in enclose(large, ["vcf"], 500_000).files] == ["roster.vcf"]


def test_what_is_asked_for_by_name_comes_however_large_it_is() -> None:
    large = edition(vcf=2_000_000, vcf_zip=400_000, keys=4_000_000)
    assert [one.name for one in only(large, ["keys", "vcf"]).files] == ["roster.vcf", "roster.keys"]
    assert only(large, ["keys"]).left_out == ()


def test_text_in_other_scripts_takes_more_of_a_mail_but_never_more_than_base64() -> None:
    assert text_octets("a" * 100) == int(100 * 1.05 * 66 / 48)
    assert text_octets("a" * 90 + "é" * 10) > text_octets("a" * 110)
    assert text_octets("例" * 100) == int(300 * 78 / 57 * 66 / 48)


def test_a_file_is_known_by_its_digest() -> None:
    file = RosterFile("vcf", "roster.vcf", "text/vcard", b"")
    assert file.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
