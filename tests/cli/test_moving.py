"""`members import` and `export`: people come in by being asked, everything goes out, and nothing is taken for proven."""

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from tests.cli.conftest import Cli
from tests.keys import KeyPair, person
from tldops_bot.cli.commands import app
from tldops_bot.store.tables import CertificateRow, Entry, Invitation, Person, Request

CSV = """name,email,tlds,mobile,organisation
Dora Example,dora.example@registry.example,nl be,+44 20 7946 0123,Example Registry
Erin Example,erin.example@registry.example,lu,,
Fay Example,fay.example@registry.example,,+44 20 7946 0124,
"""


def roster(tmp_path: Path, text: str, name: str = "roster.csv") -> str:
    file = tmp_path / name
    file.write_text(text)
    return str(file)


def asked(cli: Cli) -> list[tuple[str, str, str]]:
    with cli.desk.look() as session:
        found = session.scalars(select(Request).order_by(Request.id))
        return [(one.details["email"].partition("@")[0], one.tld, one.state) for one in found]


def invited(cli: Cli) -> list[tuple[str, list[str]]]:
    with cli.desk.look() as session:
        found = session.scalars(select(Invitation).order_by(Invitation.id))
        return [(one.address.partition("@")[0], one.tlds) for one in found]


def nobody_is_listed(cli: Cli) -> bool:
    with cli.desk.look() as session:
        return not session.scalars(select(Entry)).first()


def test_who_has_all_that_is_needed_is_asked_and_the_others_are_invited(cli: Cli, tmp_path: Path) -> None:
    cli.desk.iana("mc", "hostmaster@registry.example")
    said = cli("members", "import", roster(tmp_path, CSV), "--yes").output
    assert "3 mails go out" in said
    assert "dora.example@" not in said
    assert asked(cli) == [("dora.example", "nl", "proving"), ("dora.example", "be", "proving")]
    assert invited(cli) == [("erin.example", ["lu"]), ("fay.example", ["mc"])]
    assert nobody_is_listed(cli)
    mails = cli.mails("token")
    assert [one[1] for one in mails] == [
        {f"{who}.example@registry.example"} for who in ("dora", "erin", "fay")
    ]
    assert mails[0][0] == "Is this you? Contact for 2 TLDs"
    assert "Somebody else asked us to list you" in mails[0][2]
    assert ".mc" in mails[2][2]
    assert cli.actions()[-1] == "imported"
    assert "example" not in cli.audit_text()


def test_it_is_safe_to_run_again(cli: Cli, tmp_path: Path) -> None:
    file = roster(tmp_path, CSV)
    cli("members", "import", file, "--yes")
    cli("members", "import", roster(tmp_path, f"{CSV}Gina,gina@registry.example,,,\n"), "--yes")
    before = asked(cli), invited(cli), len(cli.mails("token"))
    assert before[2] == 4
    assert "nobody new" in cli("members", "import", file, "--yes").output
    assert (asked(cli), invited(cli), len(cli.mails("token"))) == before


def test_a_long_file_keeps_nobody_else_from_joining(cli: Cli, tmp_path: Path) -> None:
    lines = [f"Dora Example,dora{n}@registry.example,nl,+44 20 7946 0123" for n in range(61)]
    cli("members", "import", roster(tmp_path, "\n".join(["name,email,tld,phone", *lines])), "--yes")
    who = "gina@elsewhere.example"
    cli.desk.write(who, "SUBSCRIBE be\nName: Gina Example\nPhone: +44 20 7946 0124")
    assert {one.template for one in cli.desk.to(who)} == {"letters/prove", "reply"}


def test_who_says_yes_to_both_questions_is_on_the_way_and_listed_only_by_a_voucher(
    cli: Cli, tmp_path: Path
) -> None:
    desk = cli.desk
    desk.iana("nl", "admin@registry.example")
    cli("members", "import", roster(tmp_path, CSV.replace("nl be", "nl")), "--yes")
    token = next(line for line in cli.mails("token")[0][2].splitlines() if line.startswith("CONFIRM "))
    desk.write("dora.example@registry.example", token)
    assert asked(cli) == [("dora.example", "nl", "vouching")]
    assert nobody_is_listed(cli)
    desk.write("admin@registry.example", f"CONFIRM {desk.token_for('admin@registry.example')}")
    with desk.look() as session:
        assert session.scalars(select(Entry)).one().state == "listed"


def test_what_is_wrong_is_said_for_each_line_and_nothing_is_changed(cli: Cli, tmp_path: Path) -> None:
    text = CSV + (
        "Gina Example,gina@,nl,+44 20 7946 0125,\n"
        "Hana Example,hana.example@registry.example,nosuchtld,+44 20 7946 0126,\n"
        "Ida Example,ida.example@registry.example,nl,12,\n"
        "Other Name,dora.example@registry.example,lu,+44 20 7946 0123,\n"
        "Jana Example,,nl,+44 20 7946 0127,\n"
        "Kim,kim@registry.example,nl,+44 20 7946 0128,x,y\n"
        "Lea Example,lea@registry.example,CERT,+44 20 7946 0128,\n"
    )
    file = roster(tmp_path, text)
    result = cli("members", "import", file, "--yes", code=1)
    assert "7 lines are wrong, and nothing was changed; --skip-bad leaves them out" in result.stderr
    found = {
        row["line"]: row["what"]
        for row in json.loads(cli("members", "import", file, "--json", code=1).stdout)
    }
    assert sorted(number for number, what in found.items() if what.startswith("WRONG: ")) == [*range(5, 12)]
    assert "has the address of line 2, and another name" in found[8]
    assert "has more fields than" in found[10]
    assert (asked(cli), invited(cli)) == ([], [])
    assert "3 mails go out" in cli("members", "import", file, "--yes", "--skip-bad").output
    assert len(asked(cli)) == 2


def test_a_dry_run_changes_nothing_and_sends_nothing(cli: Cli, tmp_path: Path) -> None:
    said = cli("members", "import", roster(tmp_path, CSV), "--dry-run").output
    assert "3 mails would go out; nothing was changed" in said
    assert (asked(cli), invited(cli), cli.mails("token"), cli.actions()) == ([], [], [], [])


def test_a_script_is_not_asked_before_mail_goes_out(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tldops_bot.cli._moving.somebody_is_there", lambda: False)
    assert "3 mails go out" in cli("members", "import", roster(tmp_path, CSV)).output
    assert asked(cli) != []


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_on_a_terminal_it_asks_first(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr("tldops_bot.cli._moving.somebody_is_there", lambda: True)
    words = ["--config", str(cli.desk.app.config.file), "members", "import", roster(tmp_path, CSV)]
    result = CliRunner().invoke(app, words, input=f"{answer}\n")
    assert "3 mails go out. Go on? [y/N]" in result.output
    assert (result.exit_code, bool(asked(cli))) == (code, code == 0)


def test_lines_of_one_person_come_together(cli: Cli, tmp_path: Path) -> None:
    text = "name,email,tld,phone\n" + "".join(
        f"Dora Example,dora.example@registry.example,{tld},+44 20 7946 0123\n" for tld in ("nl", "be", "nl")
    )
    cli("members", "import", roster(tmp_path, text), "--yes")
    assert [tld for _, tld, _ in asked(cli)] == ["nl", "be"]
    assert len(cli.mails("token")) == 1


def test_a_roster_of_mailman_is_invited(cli: Cli, tmp_path: Path) -> None:
    cli.desk.iana("mc", "hostmaster@gmail.com")
    text = "Dora Example <dora@registry.example>\nerin@gmail.com\n"
    cli("members", "import", roster(tmp_path, text, "members.txt"), "--yes")
    assert invited(cli) == [("dora", []), ("erin", [])]
    assert asked(cli) == []
    mail = cli.mails("token")[0][2]
    assert "The list we were given does not say." in mail
    token = next(line for line in mail.splitlines() if line.startswith("CONFIRM "))
    answered = cli.desk.write("dora@registry.example", token)
    assert "SUBSCRIBE tld" in answered.letters[0].values["parts"][0]["text"]


def test_members_are_left_alone_and_may_be_asked_for_another_tld(
    cli: Cli, tmp_path: Path, ann: KeyPair
) -> None:
    cli.desk.member(ann, "nl")
    text = f"name,email,tld,phone\nOther Name,{ann.address},nl,+44 20 7946 0999\n"
    assert "nobody new" in cli("members", "import", roster(tmp_path, text), "--yes").output
    cli("members", "import", roster(tmp_path, text.replace(",nl,", ",lu,")), "--yes")
    with cli.desk.look() as session:
        request = session.scalars(select(Request)).one()
        assert (request.details["name"], request.details["mobile_e164"]) == (ann.name, "+447700900123")
        assert request.fingerprint == ann.fingerprint
        assert session.scalars(select(Person)).one().name == ann.name


def test_once_there_is_a_committee_it_hears_of_both_and_why(
    cli: Cli, tmp_path: Path, committee: KeyPair
) -> None:
    file = roster(tmp_path, CSV)
    needed = "there is a committee: --because TEXT is needed, and it is told"
    assert cli.refused("members", "import", file, "--yes") == needed
    assert cli.refused("members", "export", str(tmp_path / "x.json")) == needed
    assert not (tmp_path / "x.json").exists()
    cli("members", "import", file, "--dry-run")
    cli("members", "import", file, "--yes", "--because", "the old list ends")
    cli("members", "export", str(tmp_path / "x.json"), "--because", "we move")
    cli("members", "export", str(tmp_path / "x.csv"), "--because", "to print it")
    told = [text for _, to, text in cli.mails() if committee.address in to][-3:]
    assert "entered people from a file" in told[0]
    assert "the old list ends" in told[0]
    assert "asked whether it is right: 1; invited: 2" in told[0]
    assert "wrote everything about everybody" in told[1]
    assert "wrote everybody listed into a table" in told[2]
    assert "in the committee's place" not in told[2]


# --- export


def test_everything_is_exported_and_comes_in_again_as_unproven(
    cli: Cli, tmp_path: Path, ann: KeyPair, bob: KeyPair
) -> None:
    desk = cli.desk
    desk.member(ann, "nl")
    desk.member(bob, "be", keyless=True)
    with desk.app.database.write() as session:
        session.execute(update(Person).values(mobile="+44 20 7946 0123", mobile_e164="+442079460123"))
    desk.say_bound(ann, "ALERT\nTitle: Wave\nTLP: GREEN\n\nIt comes.")
    file = tmp_path / "all.json"
    cli("members", "export", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    whole = json.loads(file.read_text())
    assert whole["format"] == "tldops-bot export 1"
    assert [one["name"] for one in whole["persons"]] == [ann.name, bob.name]
    assert whole["persons"][0]["key"].startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert whole["persons"][0]["entries"][0]["tld"] == "nl"
    assert whole["alerts"][0]["title"] == "Wave"
    assert whole["audit"][-1]["action"] == "exported"
    assert not {"tokens", "facts", "messages", "inbox"} & whole.keys()
    assert cli.refused("members", "export", str(file)) == f"{file} is there already; give another name"
    with desk.app.database.write() as session:  # another service, which knows nobody
        for table in (Request, Entry):
            session.execute(table.__table__.delete())
        for one in session.scalars(select(CertificateRow)):
            one.person_id = None
        for one in session.scalars(select(Person)):
            one.email_key, one.fingerprint = f"x{one.id}", None
    cli("members", "import", str(file), "--yes")
    with desk.look() as session:
        found = {one.details["name"]: one for one in session.scalars(select(Request))}
        assert {name: (one.tld, one.fingerprint) for name, one in found.items()} == {
            ann.name: ("nl", ann.fingerprint),
            bob.name: ("be", None),
        }
    assert nobody_is_listed(cli)


def test_those_listed_are_exported_as_a_table_and_come_in_again(
    cli: Cli, tmp_path: Path, ann: KeyPair, bob: KeyPair
) -> None:
    cli.desk.member(ann, "nl", "be")
    cli.desk.member(bob, "lu")
    with cli.desk.app.database.write() as session:
        for one in session.scalars(select(Person)):
            one.mobile, one.mobile_e164 = "+44 20 7946 0123", "+442079460123"
            one.organisation, one.postal = "=1+1", "Street 1\nTown"
        session.scalars(select(Entry).where(Entry.tld == "lu")).one().state = "left"
    file = tmp_path / "all.CSV"
    said = cli("members", "export", str(file)).output
    assert ": 1 person\n" in said
    assert "words of alerts" not in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert cli.actions()[-1] == "exported_table"
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [row[0] for row in rows] == ["name", ann.name]
    assert "'=1+1" in rows[1]  # nothing that a spreadsheet would run
    assert "nobody new" in cli("members", "import", str(file), "--yes").output
    with cli.desk.app.database.write() as session:  # another service, which knows nobody
        session.execute(Entry.__table__.delete())
        for one in session.scalars(select(Person)):
            one.email_key, one.fingerprint = f"x{one.id}", None
    cli("members", "import", str(file), "--yes")
    with cli.desk.look() as session:
        found = list(session.scalars(select(Request).order_by(Request.tld)))
        assert [(one.tld, one.details["mobile"], one.details["organisation"]) for one in found] == [
            (tld, "+44 20 7946 0123", "=1+1") for tld in ("be", "nl")
        ]
        assert {one.details["postal"] for one in found} == {"Street 1, Town"}


@pytest.mark.parametrize("name", ["all", "all.txt", "all.json.gz", "-"])
def test_the_name_says_which_form_an_export_has(cli: Cli, tmp_path: Path, name: str) -> None:
    said = cli("members", "export", str(tmp_path / name), code=2).stderr
    assert ".json" in said
    assert ".csv" in said
    assert (list(tmp_path.glob("all*")), cli.actions()) == ([], [])


@pytest.mark.parametrize("unfit", ["another's", "rubbish"])
def test_a_key_that_is_not_the_persons_is_left_out(
    cli: Cli, tmp_path: Path, ann: KeyPair, unfit: str
) -> None:
    other = person("Mia Example", "mia@nic.example")
    entry = {"name": ann.name, "email": ann.address, "phone": "+44 20 7946 0123"}
    entry |= {"key": other.armored.decode() if unfit == "another's" else "x"}
    entry |= {"entries": [{"tld": "nl", "state": "listed"}]}
    file = roster(tmp_path, json.dumps({"format": "tldops-bot export 1", "persons": [entry]}), "a.json")
    cli("members", "import", file, "--yes")
    with cli.desk.look() as session:
        assert session.scalars(select(Request)).one().fingerprint is None


def test_what_is_no_roster_is_refused_in_one_line(cli: Cli, tmp_path: Path) -> None:
    assert cli.refused("members", "import", roster(tmp_path, "{")).endswith(
        "it begins like JSON, but is not valid JSON"
    )
    assert "there is no such file" in cli.refused("members", "import", str(tmp_path / "none"))
    assert "cannot be written" in cli.refused("members", "export", str(tmp_path / "no/x.json"))
