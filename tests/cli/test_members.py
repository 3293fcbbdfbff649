import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair, person
from tldops_bot.store import people
from tldops_bot.store.tables import Entry, Person

PHONE = "+44 7700 900123"


@pytest.fixture
def nl(cli: Cli, ann: KeyPair, bob: KeyPair) -> dict[str, int]:
    """Ann and Bob, contacts of nl, whom IANA's administrative contact watches over."""
    cli.desk.iana("nl", "hostmaster@registry.example")
    return {"ann": cli.desk.member(ann, "nl"), "bob": cli.desk.member(bob, "nl", "xn--p1ai", keyless=True)}


def states(cli: Cli, person: int) -> dict[str, str]:
    with cli.desk.look() as session:
        return {one.tld: one.state for one in session.query(Entry).filter_by(person_id=person)}


def test_a_list_masks_phones_and_addresses(cli: Cli, nl: dict[str, int], ann: KeyPair) -> None:
    rows = cli.json("members", "list")
    assert [(one["id"], one["name"], one["email"], one["phone"], one["tlds"]) for one in rows] == [
        (nl["ann"], "Ann Example", "a…@nic.example", "+44…23", ["nl"]),
        (nl["bob"], "Bob Example", "b…@registry.example", "+44…23", ["nl", "xn--p1ai"]),
    ]
    assert [one["fingerprint"] for one in rows] == [ann.fingerprint, None]
    assert cli.actions() == []


def test_one_tld_in_any_spelling(cli: Cli, nl: dict[str, int]) -> None:
    for word in ("рф", ".РФ", "xn--p1ai"):
        assert [one["id"] for one in cli.json("members", "list", "--tld", word)] == [nl["bob"]]
    assert cli.json("members", "list", "--tld", "be") == []
    assert "not the name of a TLD" in cli.refused("members", "list", "--tld", "n l")


def test_a_table_fits_in_80_columns_and_shows_both_labels(cli: Cli, nl: dict[str, int]) -> None:
    text = cli("members", "list").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "xn--p1ai" in text
    assert "no-key" in text


def test_a_name_is_no_markup_and_gives_the_terminal_no_orders(cli: Cli, nl: dict[str, int]) -> None:
    with cli.desk.app.database.write() as session:
        session.get_one(Person, nl["ann"]).name = "[red]Ann[/red]\x1b]0;x\x07\x9b31m\u202eelpmaxE"
    for verb in (("list",), ("show", str(nl["ann"]))):
        text = cli("members", *verb).stdout
        assert "[red]Ann" in text.replace("\n", "")
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.mark.parametrize("verb", [("list",), ("show", "1")])
def test_confidential_shows_all_is_audited_and_told_to_the_committee(
    cli: Cli, nl: dict[str, int], committee: KeyPair, ann: KeyPair, verb: tuple[str, ...]
) -> None:
    assert nl["ann"] == 1
    text = str(cli.json("members", *verb, "--confidential"))
    assert ann.address in text
    assert PHONE in text
    assert cli.actions()[-1] == "looked"
    subject, to, words = cli.mails()[-1]
    assert (subject, to) == ("The operator looked at phones and addresses", {committee.address})
    assert f"members {' '.join(verb)}" in words


def test_a_failed_look_is_neither_audited_nor_told(cli: Cli, nl: dict[str, int], committee: KeyPair) -> None:
    before = cli.actions()
    cli.refused("members", "show", "999", "--confidential")
    assert cli.actions() == before


def test_one_person_by_number_address_or_fingerprint(cli: Cli, nl: dict[str, int], ann: KeyPair) -> None:
    for who in (str(nl["ann"]), ann.address, ann.address.upper(), ann.fingerprint, ann.fingerprint.lower()):
        found = cli.json("members", "show", who)
        assert found["id"] == nl["ann"]
        assert PHONE not in str(found)
        assert ann.address not in str(found)
    assert found["entries"][0]["tld"] == "nl"


@pytest.mark.parametrize("who", ["999", "nobody@nic.example", "F" * 40, "", "²", "9" * 30, "nl"])
def test_nobody_is_refused(cli: Cli, nl: dict[str, int], who: str) -> None:
    assert "there is nobody" in cli.refused("members", "show", who)


def test_suspend_and_restore_tell_everybody_concerned(
    cli: Cli, nl: dict[str, int], committee: KeyPair, ann: KeyPair, bob: KeyPair
) -> None:
    for verb in ("suspend", "remove"):
        assert "--because" in cli.refused("members", verb, bob.address)
    cli("members", "suspend", bob.address, "--tld", "рф", "--because", "calls were not answered")
    assert states(cli, nl["bob"]) == {"nl": "listed", "xn--p1ai": "suspended"}
    told = cli.mails()[1:]
    assert sorted(next(iter(to)) for _, to, _ in told) == [bob.address, *[committee.address] * 3]
    # The third to the committee: that nobody is left at the TLD.
    assert sum("> calls were not answered" in text for _, _, text in told) == 3
    assert "--because" in cli.refused("members", "restore", bob.address)
    cli("members", "restore", bob.address, "--because", "a new number")
    assert states(cli, nl["bob"]) == {"nl": "listed", "xn--p1ai": "listed"}
    assert cli.mails()[-1][0] == "The operator restored a contact"
    assert cli.json("requests", "list") == []
    assert "not suspended" in cli.refused("members", "restore", bob.address, "--because", "again")


def test_remove_ends_all_entries_and_the_open_questions_about_them(
    cli: Cli, nl: dict[str, int], ann: KeyPair, bob: KeyPair
) -> None:
    cli("members", "suspend", bob.address, "--tld", "nl")
    assert not any("reason given" in text for _, _, text in cli.mails())
    assert len(cli.json("requests", "list")) == 1
    cli("members", "remove", str(nl["bob"]), "--because", "has left")
    assert states(cli, nl["bob"]) == {"nl": "left", "xn--p1ai": "left"}
    assert cli.json("requests", "list") == []
    ended = [(to, text) for subject, to, text in cli.mails() if "no longer a contact" in subject]
    assert [to for to, _ in ended] == [{bob.address}]
    assert "> has left" in ended[0][1]
    assert any(ann.address in to for subject, to, _ in cli.mails() if "has left" in subject)
    assert cli.refused("members", "remove", str(nl["bob"]), "--because", "again")


def test_the_committee_is_told_once_of_what_was_one_act(
    cli: Cli, nl: dict[str, int], committee: KeyPair, bob: KeyPair
) -> None:
    cli("members", "remove", bob.address, "--because", "has left")
    told = [text for subject, _, text in cli.mails() if subject == "The operator removed a contact"]
    assert len(told) == 1
    assert "Bob Example, .nl, .=D1=80=D1=84 (xn--p1ai)" in told[0]
    assert "history as the operator's" in told[0]


def test_nothing_is_done_when_one_word_is_wrong(cli: Cli, nl: dict[str, int]) -> None:
    assert "not listed or suspended for .be" in cli.refused(
        "members", "remove", str(nl["bob"]), "--tld", "be", "--because", "has left"
    )
    assert set(states(cli, nl["bob"]).values()) == {people.LISTED}
    assert cli.actions() == []


def test_the_audit_names_nobody(cli: Cli, nl: dict[str, int], committee: KeyPair, bob: KeyPair) -> None:
    cli("members", "suspend", bob.address, "--because", "phone +44 7700 900123")
    cli("members", "show", bob.address, "--confidential")
    assert "members show" in cli.audit_text()
    for word in (bob.address, bob.name, "7700"):
        assert word not in cli.audit_text()


def test_who_lost_the_seat_meanwhile_is_not_put_back(cli: Cli, nl: dict[str, int], bob: KeyPair) -> None:
    cli("members", "suspend", bob.address, "--tld", "nl", "--because", "calls were not answered")
    for letter in "de":
        cli.desk.member(person("Newly Example", f"{letter}.newly@nic.example"), "nl")
    assert "suspend another one first" in cli.refused("members", "restore", bob.address, "--tld", "nl")
    assert states(cli, nl["bob"])["nl"] == "suspended"
