"""`inbox`, `outbox` and `alerts`: what came in, what waits to go out, and whom an alert has reached."""

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox
from tldops_bot.store.tables import CopiesToCome, Delivery, InboxRow

ALERT = "ALERT\nTitle: Attack on our name servers\nSeverity: critical\n\nTheir addresses: 192.0.2.7\n"


def stuck(cli: Cli) -> int:
    envelope = Envelope("someone@client.example", ("tld-ops@lists.example",), "", "", False, "")
    with cli.desk.app.database.write() as session:
        inbox.accept(session, [(b"Subject: secret words\r\n\r\nbody\r\n", envelope, cli.desk.now)])
        row = session.query(InboxRow).one()
        row.state, row.last_problem, row.attempts = inbox.STUCK, "GpgUnavailable", 5
        return row.id


# --- inbox


def test_the_inbox_shows_outcomes_and_no_word_of_a_mail(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.say(ann, "QUERY nl")
    (row,) = cli.json("inbox", "list")
    assert (row["verdict"], row["state"], row["mail_from"]) == ("good", "done", "a…@nic.example")
    assert row["fingerprint"] == ann.fingerprint
    assert ann.address not in cli("inbox", "list").stdout


def test_what_was_set_aside_is_shown_and_gets_another_chance(cli: Cli) -> None:
    assert cli.json("inbox", "list", "--stuck") == []
    number = stuck(cli)
    (row,) = cli.json("inbox", "list", "--stuck")
    assert (row["id"], row["outcome"], row["attempts"]) == (number, "GpgUnavailable", 5)
    assert "secret" not in str(row)
    assert "1 mail " in cli("inbox", "retry").stdout
    assert cli.json("inbox", "list", "--stuck") == []
    assert cli.actions() == ["inbox_retried"]
    cli.desk.later(minutes=1)
    assert [one.decision.kind for one in cli.desk.work()]


def test_only_what_was_set_aside_is_tried_again(cli: Cli) -> None:
    number = stuck(cli)
    for wrong in ("99", "0", str(2**70)):
        assert "not set aside" in cli.refused("inbox", "retry", str(number), wrong)
    assert len(cli.json("inbox", "list", "--stuck")) == 1
    cli("inbox", "retry", "one", code=2)
    cli("inbox", "retry", str(number))


def test_confidential_shows_the_sender(cli: Cli) -> None:
    stuck(cli)
    assert cli.json("inbox", "list")[0]["mail_from"] == "s…@client.example"
    assert cli.json("inbox", "list", "--confidential")[0]["mail_from"] == "someone@client.example"
    assert cli.actions() == ["looked"]


# --- outbox


@pytest.fixture
def waiting(cli: Cli, committee: KeyPair) -> int:
    """The one copy that waits: what the first of the committee was told."""
    (row,) = cli.json("outbox", "list")
    return int(row["id"])


def set_state(cli: Cli, number: int, state: str, status: str = "") -> None:
    with cli.desk.app.database.write() as session:
        row = session.get_one(Delivery, number)
        row.state, row.last_status = state, status


def test_the_outbox_shows_what_waits_with_addresses_masked(
    cli: Cli, waiting: int, committee: KeyPair
) -> None:
    (row,) = cli.json("outbox", "list")
    assert (row["kind"], row["state"], row["to"]) == ("notice", "waiting", "c…@committee.example")
    assert committee.address not in cli("outbox", "list").stdout
    set_state(cli, waiting, "taken")
    assert cli.json("outbox", "list") == []
    assert [one["state"] for one in cli.json("outbox", "list", "--all")] == ["taken"]


def test_the_outbox_says_what_it_does_not_show(cli: Cli, waiting: int) -> None:
    with cli.desk.app.database.write() as session:
        message = session.get_one(Delivery, waiting).message_id
        session.add(CopiesToCome(message_id=message, priority=1, reply_to="", persons=[1, 2, 3]))
    said = cli("outbox", "list", "--limit", "1").stderr
    assert "the first 1; --limit shows more" in said
    assert "copies for 3 more people" in said


def test_retry_without_numbers_frees_what_is_held_but_not_for_want_of_a_key(cli: Cli, waiting: int) -> None:
    set_state(cli, waiting, "held", "no-key")
    assert cli("outbox", "retry").stdout == "0 copies are tried now\n"
    set_state(cli, waiting, "held", "restored")
    assert cli("outbox", "retry").stdout == "1 copy is tried now\n"
    assert cli.json("outbox", "list")[0]["state"] == "waiting"


def test_what_was_taken_is_never_sent_again(cli: Cli, waiting: int) -> None:
    set_state(cli, waiting, "taken")
    for number in (str(waiting), "99", "0", str(2**70)):
        assert number in cli.refused("outbox", "retry", number)
    assert [one["state"] for one in cli.json("outbox", "list", "--all")] == ["taken"]


def test_a_copy_is_given_up_for_a_reason_and_the_committee_is_told(cli: Cli, waiting: int) -> None:
    assert "--because" in cli.refused("outbox", "drop", str(waiting))
    cli("outbox", "drop", str(waiting), "--because", "sent to the wrong people")
    assert [one["state"] for one in cli.json("outbox", "list", "--all")] == ["dropped", "waiting"]
    subject, _, text = cli.mails()[-1]
    assert subject == "The operator dropped mail that waited to go out"
    assert "> sent to the wrong people" in text
    cli.refused("outbox", "drop", str(waiting), "--because", "again")
    cli("outbox", "drop", "--because", "none named", code=2)


# --- alerts


def test_alerts_are_listed_without_their_words(cli: Cli, ann: KeyPair, bob: KeyPair) -> None:
    assert cli.json("alerts", "list") == []
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "be", keyless=True)
    cli.desk.say_bound(ann, ALERT)
    (row,) = cli.json("alerts", "list")
    shown = cli.json("alerts", "show", row["id"].lower())
    assert (shown["severity"], shown["state"]) == ("critical", "posted")
    assert shown["counts"] == {"seen": 0, "reached": 0, "waiting": 1, "failed": 1, "unsigned": 0}
    assert [(one["tld"], one["state"]) for one in shown["tlds"]] == [("be", "failed"), ("nl", "waiting")]
    for verb in (("list",), ("show", row["id"])):
        text = cli("alerts", *verb).stdout
        assert row["id"] in text
        assert "name servers" not in text
        assert "192.0.2.7" not in text


@pytest.mark.parametrize("number", ["A-2026-9999", "", "x" * 500])
def test_an_alert_that_is_not_there_is_refused(cli: Cli, number: str) -> None:
    assert "there is no alert" in cli.refused("alerts", "show", number)
