"""Which addresses look like nobody's own."""

import pytest

from tldops_bot.domain.personal_address import looks_freemail, looks_generic

RFC_2142 = (
    "info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp"
)


@pytest.mark.parametrize("local", RFC_2142.split(" "))
def test_every_name_of_rfc_2142_is_a_role(local: str) -> None:
    assert looks_generic(f"{local}@nic.example") == "role_name"
    assert looks_generic(f"{local.upper()}@nic.example") == "role_name"


@pytest.mark.parametrize(
    "local",
    [
        "admin",
        "noc-1",
        "noc1",
        "noc_24x7",
        "noc24-7",
        "dns.admin",
        "dnsadmin",
        "host.master",
        "tld-ops",
        "tldops",
        "tld.ops",
        "soc",
        "csirt",
        "registry",
        "team",
        "ops-team",
        "it-security",
        "no-reply",
        "nl-noc",
        "noc.nl",
        "iana-be",
        "adm-iana",
        "tech",
        "domainadmin",
        "support+ann",
        "ciso",
        "hr",
        "soporte",
        "networkoperations",
    ],
)
def test_role_names_in_all_their_forms_are_seen(local: str) -> None:
    assert looks_generic(f"{local}@nic.example") == "role_name"


@pytest.mark.parametrize(
    "local",
    [
        "ann",
        "ann.example",
        "a.example",
        "annexample",
        "ann+noc",
        "ann.noc",
        "jan.post",
        "tito",
        "nico",
        "webster",
        "opsahl",
        "masters",
        "marc-antoine",
        "li.wei",
        "ann1987",
        "o'brien",
        "bot-tan",
    ],
)
def test_a_persons_name_is_not_taken_for_a_role(local: str) -> None:
    assert looks_generic(f"{local}@nic.example") == ""


@pytest.mark.parametrize("local", ["g", "G", "jd", "j.d", "j-d", "g1", "x+news"])
def test_one_or_two_letters_are_initials(local: str) -> None:
    assert looks_generic(f"{local}@nic.example") == "initials"


@pytest.mark.parametrize("local", ["1234", "00", "1-2", "_"])
def test_a_name_without_letters_is_seen(local: str) -> None:
    assert looks_generic(f"{local}@nic.example") == "no_letters"


def test_the_name_of_the_domain_itself_is_seen() -> None:
    assert looks_generic("fictional-tld@fictional-tld.example") == "organisation_name"
    assert looks_generic("fictional@mail.fictional.example") == "organisation_name"
    assert looks_generic("fictional@other.example") == ""


def test_what_is_no_address_is_nobodys() -> None:
    assert looks_generic("ann") == "not_an_address"
    assert looks_generic("") == "not_an_address"


def test_a_long_hostile_name_costs_nothing() -> None:
    assert looks_generic("nic" * 21 + "x@nic.example") == ""


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "GMail.com",
        "yahoo.fr",
        "yahoo.co.uk",
        "hotmail.com",
        "gmx.net",
        "proton.me",
        "qq.com",
        "yandex.ru",
    ],
)
def test_freemail_is_seen(domain: str) -> None:
    assert looks_freemail(f"ann.example@{domain}") == "freemail"


@pytest.mark.parametrize(
    "domain", ["nic.example", "gmail.com.example", "live.example", "mail.nic.example", "yahoo.a.b.c"]
)
def test_other_domains_are_no_freemail(domain: str) -> None:
    assert looks_freemail(f"ann.example@{domain}") == ""


def test_freemail_needs_an_address() -> None:
    assert looks_freemail("gmail.com") == ""
