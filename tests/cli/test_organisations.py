"""Organisations without a TLD on the command line: named by their label wherever a TLD is named."""

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.store.tables import Entry

LABEL = "cert:example-cert"


@pytest.fixture
def cert(cli: Cli, ann: KeyPair) -> int:
    return cli.desk.member(ann, LABEL, "nl")


def state(cli: Cli) -> dict[str, str]:
    with cli.desk.look() as session:
        return {one.tld: one.state for one in session.query(Entry)}


def test_its_contacts_are_listed_by_label(cli: Cli, cert: int) -> None:
    assert [one["tlds"] for one in cli.json("members", "list", "--tld", "CERT:Example-CERT")] == [
        [LABEL, "nl"]
    ]
    assert LABEL in cli("members", "list").stdout
    assert "not the name of a TLD" in cli.refused("members", "list", "--tld", "what:ever")


def test_it_is_suspended_and_restored_for_that_alone(cli: Cli, cert: int, ann: KeyPair) -> None:
    cli("members", "suspend", ann.address, "--tld", LABEL, "--because", "nobody knows")
    assert state(cli) == {LABEL: "suspended", "nl": "listed"}
    cli("members", "restore", ann.address, "--tld", LABEL)
    assert state(cli) == {LABEL: "listed", "nl": "listed"}
    assert f"for {LABEL}" in cli.refused("members", "restore", ann.address, "--tld", LABEL)
    assert f"  {LABEL}" in cli("audit", "log", "--tld", LABEL).stdout


def test_figures_count_them_apart(cli: Cli, cert: int) -> None:
    found = cli.json("stats")
    assert found["organisations"] == {"cert": 1, "regional": 0}
    assert found["gtlds"]["covered"] == 0
    assert found["tlds"]["all"]["covered"] == 1
