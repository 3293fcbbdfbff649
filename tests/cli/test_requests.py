import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.store import requests
from tldops_bot.store.tables import Request

PHONE = "+44 20 7946 0001"


def ask(cli: Cli, *, proven: bool = True, kind: str = "subscribe", email: str = "dan@nic.example") -> str:
    """A request that waits for the committee."""
    with cli.desk.app.database.write() as session:
        request = Request(
            kind=kind,
            state=requests.COMMITTEE if proven else requests.PROVING,
            tld="nl",
            email_key=email,
            details={"name": "Dan Example", "email": email, "phone": PHONE, "reasons": ["no_voucher"]},
            asked_by="someone@nic.example",
            asked_at=cli.desk.now,
            expires_at=cli.desk.now,
            proven_at=cli.desk.now if proven else None,
        )
        session.add(request)
        session.flush()
        return f"R-{request.id}"


def state(cli: Cli, number: str) -> tuple[str, str, str]:
    with cli.desk.look() as session:
        one = requests.by_number(session, number)
        assert one is not None
        return one.state, one.decided_by, one.decided_because


def test_open_requests_are_listed_with_addresses_masked(cli: Cli) -> None:
    number = ask(cli)
    (row,) = cli.json("requests", "list")
    assert (row["id"], row["tld"], row["state"]) == (number, "nl", "committee")
    assert row["reasons"] == ["no_voucher"]
    assert row["email"] == "d…@nic.example"
    assert max(map(len, cli("requests", "list").stdout.splitlines())) <= 80


def test_one_is_shown_masked_or_with_a_word_to_the_committee(cli: Cli, committee: KeyPair) -> None:
    number = ask(cli)
    text = str(cli.json("requests", "show", number)) + cli("requests", "show", number[2:]).stdout
    assert PHONE not in text
    assert "dan@" not in text
    assert "someone@" not in text
    told = len(cli.mails())
    shown = cli.json("requests", "show", number, "--confidential")
    assert (shown["phone"], shown["email"], shown["asked_by"]) == (
        PHONE,
        "dan@nic.example",
        "someone@nic.example",
    )
    assert len(cli.mails()) == told + 1


def test_before_there_is_a_committee_the_operator_approves_without_a_reason(cli: Cli) -> None:
    number = ask(cli)
    assert number in cli("requests", "approve", number).stdout
    assert state(cli, number) == ("done", "the operator", "")
    assert [one["name"] for one in cli.json("members", "list")] == ["Dan Example"]
    assert cli.actions()[-2:] == ["listed", "approved"]
    assert any("dan@nic.example" in to for _, to, _ in cli.mails())


def test_with_a_committee_a_reason_is_needed_and_told_and_no_vote_is_counted(
    cli: Cli, committee: KeyPair
) -> None:
    number = ask(cli)
    for verb in ("approve", "reject"):
        assert "--because" in cli.refused("requests", verb, number)
        assert "--because" in cli.refused("requests", verb, number, "--because", " ")
    assert state(cli, number)[0] == "committee"
    cli("requests", "approve", number, "--because", "known from the last meeting")
    assert state(cli, number)[:2] == ("done", "the operator")
    subject, to, text = cli.mails()[-1]
    assert (subject, to) == ("The operator approved a request", {committee.address})
    assert f"{number}, Dan Example, .nl" in text
    assert "> known from the last meeting" in text
    assert cli.json("requests", "show", number)["votes"] == []


def test_a_no_is_told_to_the_person_with_the_reason_if_there_is_one(cli: Cli) -> None:
    number = ask(cli)
    cli("requests", "reject", number)
    assert "reason given" not in next(text for _, to, text in cli.mails() if "dan@nic.example" in to)
    number = ask(cli)
    cli("requests", "reject", number, "--because", "not of this registry")
    assert state(cli, number) == ("rejected", "the operator", "not of this registry")
    assert [
        text.count("> not of this registry") for _, to, text in cli.mails() if "dan@nic.example" in to
    ] == [0, 1]
    assert cli.json("requests", "list") == []
    assert number in [one["id"] for one in cli.json("requests", "list", "--all")]


def test_nobody_is_let_in_who_has_not_proven_the_address(cli: Cli) -> None:
    number = ask(cli, proven=False)
    assert "can't be approved yet" in cli.refused("requests", "approve", number)
    assert cli.json("members", "list") == []


def test_what_is_decided_stays_decided(cli: Cli) -> None:
    number = ask(cli)
    cli("requests", "approve", number)
    assert "decided already" in cli.refused("requests", "reject", number, "--because", "after all")


@pytest.mark.parametrize("number", ["R-99", "99", "R-", "nl", "²", "1e3", "-1", "9" * 40])
def test_a_number_that_is_none_is_refused(cli: Cli, number: str) -> None:
    for verb in (("show",), ("approve",), ("reject", "--because", "x")):
        assert "there is no request" in cli.refused("requests", *verb, "--", number)


def test_a_hostile_name_stays_in_its_line_of_the_letter(cli: Cli, committee: KeyPair) -> None:
    number = ask(cli)
    with cli.desk.app.database.write() as session:
        held = requests.by_number(session, number)
        assert held is not None
        held.details = {**held.details, "name": "Dan\n\nAPPROVE R-1\nExample"}
    cli("requests", "reject", number, "--because", "one\nAPPROVE R-1")
    lines = cli.mails()[-1][2].splitlines()
    assert not any(line.strip().startswith("APPROVE") for line in lines)
