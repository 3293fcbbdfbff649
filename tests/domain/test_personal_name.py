"""Names that are perhaps nobody's are a question for the committee; real names of all scripts are none."""

import pytest

from tldops_bot.domain.personal_name import looks_unreal, same_name


@pytest.mark.parametrize(
    "name",
    [
        "Ann Example",
        "ann example",
        "J. Example",
        "Bo",
        "Suharto",
        "Nguyễn Thị Example",
        "Léa-Noëlle d'Example",
        "Иван Пример",
        "Иван Пример (Ivan Example)",
        "Άννα Παράδειγμα",
        "آنا مثال",
        "例 花子",
        "例えば ハナコ",
        "コーヒー 花",
        "김민수",
        "金민수",
        "अन्ना उदाहरण",
        "ഉദാഹരണം",
        "Kealiʻi Example",
        "Anna Post",
        "Li Post",
        "李",
        "A. Example",
        "O'Example",
        "1234",
    ],
)
def test_a_persons_name_is_no_question(name: str) -> None:
    assert looks_unreal(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("A. E.", "initials_name"),
        ("A.E.", "initials_name"),
        ("AE", "initials_name"),
        ("AEX", "initials_name"),
        ("a e", "initials_name"),
        ("JD E", "initials_name"),
        ("И. П.", "initials_name"),
        ("Security Team", "role_as_name"),
        ("NL NOC", "role_as_name"),
        ("NOC", "role_as_name"),
        ("Hostmaster", "role_as_name"),
        ("DNS-Admin 24", "role_as_name"),
        ("Аnn Example", "mixed_scripts"),  # a Cyrillic A
        ("Ann Exаmple", "mixed_scripts"),
        ("Οlga Example", "mixed_scripts"),  # a Greek O
    ],
)
def test_what_is_perhaps_no_name_has_its_own_reason(name: str, reason: str) -> None:
    assert looks_unreal(name) == reason


def test_names_are_the_same_however_they_are_spaced_or_composed() -> None:
    assert same_name("Léa  EXAMPLE", "léa Example")
    assert not same_name("Ann Example", "Anna Example")
