"""Names that would be a link in somebody's mail program, and names that only look odd."""

import pytest

from tldops_bot.domain.links import holds_host, is_link


@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example/",
        "HTTP://EVIL.example",
        "evil.example/login",
        "login.evil.example:8443",
        "evil.example?token=1",
        "evil.example#x",
        "www.evil.example",
        "(WWW.evil.example)",
        "ann@evil.example",
        "Ann \uff20 evil.example",
        "mailto:ann",
        "evil\uff0eexample\uff0flogin",
        "evil\u3002example/login",
        "ftp\uff1a\uff0f\uff0fevil",
    ],
)
def test_what_programs_make_a_link_of_is_one(value: str) -> None:
    assert is_link(value)


@pytest.mark.parametrize(
    "value",
    ["Nic.example", "Registro.example S.A.", "Example & Co. Ltd.", "Example/Registry", "A/S Example: TLDs"],
)
def test_an_organisation_may_be_called_after_its_domain(value: str) -> None:
    assert not is_link(value)


@pytest.mark.parametrize("value", ["evil.example", "Ann Login.Example", "evil\uff0eexample"])
def test_no_person_is_called_like_a_host(value: str) -> None:
    assert holds_host(value)


@pytest.mark.parametrize(
    "value", ["J.R.R. Example", "St. John Example", "Ann Example, Jr.", "Ö. Ölmez", "Dr. A. B. Example"]
)
def test_initials_and_titles_are_no_host(value: str) -> None:
    assert not holds_host(value)
    assert not is_link(value)
