"""`stats`, `audit`, `keys`, `run-job`, `db`: how the house stands. And what holds for every verb."""

import inspect
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import tldops_bot.app
from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.cli.commands import VERBS, app
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import audit
from tldops_bot.store.tables import AuditEntry, Person

ROOT = Path(__file__).parents[2]


# --- stats


def test_stats_are_figures_without_names(cli: Cli, ann: KeyPair, bob: KeyPair, committee: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "xn--p1ai", keyless=True)
    cli.desk.say(ann, "QUERY nl")
    found = cli.json("stats")
    assert found["tlds"]["ascii"]["covered"] == found["tlds"]["idn"]["covered"] == 1
    assert found["tlds"]["all"]["total"] == len(cli.desk.app.tlds.of_kind("cctld"))
    figures = {name: found[name] for name in ("contacts", "with_key", "without_key", "stale", "members")}
    assert figures == {"contacts": 2, "with_key": 1, "without_key": 1, "stale": 0, "members": 1}
    assert found["contacts_confirmed"] == {"covered": 2, "total": 2, "percent": 100}
    assert found["confirmed_median_days"] == 0
    assert found["offices"] == {"committee": 1}
    assert found["inbox"] == {"done": 1}
    assert found["outbox"] == {"waiting": 2}
    assert found["outbox_oldest_at"].endswith("Z")
    text = cli("stats").stdout
    assert "tlds idn              1 of " in text
    for word in (ann.name, ann.address, bob.name, committee.fingerprint):
        assert word not in text + json.dumps(found)


def test_stats_of_an_empty_house(cli: Cli) -> None:
    found = cli.json("stats")
    assert (found["contacts"], found["requests"], found["outbox_oldest_at"]) == (0, {}, None)
    assert "outbox oldest at      none" in cli("stats").stdout


# --- the configuration


def test_the_configuration_may_be_named_before_or_behind_the_verb(cli: Cli) -> None:
    file = str(cli.desk.app.config.file)
    for words in (
        ("members", "list", "--config", file, "--json"),
        ("members", f"--config={file}", "list", "--json"),
        ("members", "list", "--json", "--config", "/nowhere", "--config", file),
    ):
        assert CliRunner().invoke(app, words, env={"TLDOPS_CONFIG": "/nowhere"}).output == "[]\n"
    for words in (("members", "list", "--config"), ("members", "list", "--", "--config", file)):
        assert CliRunner().invoke(app, words, env={"TLDOPS_CONFIG": file}).exit_code == 2


# --- audit


def test_the_log_is_shown_newest_last_and_by_tld(cli: Cli) -> None:
    with cli.desk.app.database.write() as session:
        for tld in ("nl", "xn--p1ai", "nl"):
            audit.record(session, cli.desk.now, "operator", "listed", tld, contact="administrative")
    assert [one["id"] for one in cli.json("audit", "log")] == [1, 2, 3]
    assert [one["id"] for one in cli.json("audit", "log", "--tld", "рф")] == [2]
    assert [one["id"] for one in cli.json("audit", "log", "--limit", "2")] == [2, 3]
    assert cli.json("audit", "log")[0]["details"] == {"contact": "administrative"}
    text = cli("audit", "log", "--limit", "2").stdout
    assert "listed  .рф (xn--p1ai)\n        by operator; contact administrative\n" in text
    assert len(text.splitlines()) == 4
    assert "not the name" in cli.refused("audit", "log", "--tld", "n l")
    cli("audit", "log", "--limit", "0", code=2)


def test_verify_names_the_entry_that_was_rewritten(cli: Cli) -> None:
    with cli.desk.app.database.write() as session:
        for number in range(3):
            audit.record(session, cli.desk.now, "operator", "listed", number=number)
        head = audit.head(session)
    assert head in cli("audit", "verify").stdout
    assert cli.json("audit", "verify") == {"entries": 3, "head": head, "tampered": None}
    with cli.desk.app.database.write() as session:
        session.get_one(AuditEntry, 2).details = "not JSON any more"
    assert "entry 2 was changed" in cli.refused("audit", "verify")
    assert cli.json("audit", "log")[1]["details"] == "not JSON any more"


# --- keys


def test_keys_show_the_list_s_own_and_everybody_s_with_addresses_masked(
    cli: Cli, ann: KeyPair, bob: KeyPair
) -> None:
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "nl", keyless=True)
    found = cli.json("keys", "show")
    own = cli.desk.app.gnupg.keyring.fingerprint
    assert (found["list"]["fingerprint"], found["list"]["expires_at"]) == (own, None)
    assert "25519" in found["list"]["algorithm"]
    assert [(one["fingerprint"], one["email"]) for one in found["members"]] == [
        (ann.fingerprint, "a…@nic.example")
    ]
    text = cli("keys", "show").stdout
    assert own in text
    assert ann.fingerprint in text
    assert ann.address not in text
    assert ann.address in cli("keys", "show", "--confidential").stdout


def test_the_exported_key_is_public_and_the_list_s_own(cli: Cli) -> None:
    file = cli.folder / "list.asc"
    cli("keys", "export", "--out", str(file))
    assert cli("keys", "export").stdout.encode() == file.read_bytes()
    assert file.read_bytes().startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    (found,) = cli.desk.app.gnupg.inspect(file.read_bytes(), cli.desk.now)
    assert found.fingerprint == cli.desk.app.gnupg.keyring.fingerprint
    assert "cannot be written" in cli.refused("keys", "export", "--out", "/nowhere/at/all")


def test_without_the_list_s_key_there_is_one_clear_line(cli: Cli) -> None:
    home = cli.desk.app.config.openpgp.home
    shutil.rmtree(home)
    assert "no secret key" in cli.refused("keys", "show")


# --- run-job


def test_a_job_runs_and_says_how_many_letters_it_made(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    for name in ("send_roster", "send-roster"):
        cli("run-job", name)
    assert cli("run-job", "send_roster").stdout == "send_roster: 0 letters\n"
    assert len(cli.mails("roster")) == 1


@pytest.mark.parametrize(("name", "hint"), [("send_rooster", "send_roster?"), ("x", "there are ")])
def test_an_unknown_job_is_refused_with_the_nearest(cli: Cli, name: str, hint: str) -> None:
    assert hint in cli.refused("run-job", name)


@pytest.mark.parametrize("name", sorted(JOBS))
def test_every_job_can_be_run_by_hand(cli: Cli, name: str) -> None:
    assert cli("run-job", name).stdout.startswith(f"{name}: ")


# --- db


def test_an_empty_database_is_refused_until_it_is_upgraded(cli: Cli) -> None:
    assert "up to date" in cli("db", "upgrade").stdout
    file = cli.desk.app.database.file
    assert file is not None
    cli.desk.app.database.close()
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        name.unlink(missing_ok=True)
    sqlite3.connect(file).close()
    assert "the database is empty" in cli.refused("members", "list")
    assert "upgraded: nothing to" in cli("db", "upgrade").stdout
    assert cli.json("members", "list") == []


def test_a_newer_database_is_left_alone(cli: Cli) -> None:
    with cli.desk.app.database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for verb in (("db", "upgrade"), ("members", "list")):
        assert "newer version" in cli.refused(*verb)


def test_only_init_makes_a_database(cli: Cli) -> None:
    file = cli.desk.app.database.file
    assert file is not None
    shutil.rmtree(file.parent)
    for verb in (("db", "upgrade"), ("stats",)):
        assert "no database" in cli.refused(*verb)
    assert not file.exists()


def test_a_file_that_is_no_database_is_one_clear_line(cli: Cli) -> None:
    file = cli.desk.app.database.file
    assert file is not None
    cli.desk.app.database.close()
    file.write_bytes(b"not a database" * 1000)
    cli.refused("stats")


# --- every verb


def leaves(command: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
    if not hasattr(command, "commands"):
        return {" ".join(path): command}
    return {
        name: leaf
        for word, inner in command.commands.items()
        for name, leaf in leaves(inner, (*path, word)).items()
    }


OPERATORS = """
iana import, iana sync, iana show
members list, members show, members suspend, members restore, members remove
committee add, committee remove, committee list, secretariat add, secretariat remove, secretariat list
requests list, requests show, requests approve, requests reject
roster preview, roster send, alerts list, alerts show
inbox list, inbox retry, outbox list, outbox retry, outbox drop
run-job, stats, audit log, audit verify, keys show, keys export, db upgrade, init, serve, process
"""


def test_every_verb_of_the_contract_is_there_and_says_what_it_does() -> None:
    found = leaves(get_command(app))
    assert {verb.strip() for verb in OPERATORS.replace("\n", ",").split(",")} - {""} <= set(found)
    assert all(leaf.help for leaf in found.values())


def test_every_verb_that_lists_or_shows_has_json() -> None:
    for name, leaf in leaves(get_command(app)).items():
        if name.split()[-1] in ("list", "show", "log", "stats", "verify"):
            assert "--json" in [word for option in leaf.params for word in option.opts], name


def test_the_list_of_verbs_says_of_each_what_its_own_help_says() -> None:
    own = get_command(app).commands  # type: ignore[attr-defined]
    assert {name: says for name, (_, says) in VERBS.items()} == {
        name: (one.help or "").partition("\n\n")[0].replace("\n", " ") for name, one in own.items()
    }


def test_to_list_or_complete_verbs_loads_none_of_them() -> None:
    for asked, shown in (("--help", "templates"), ("--version", "0."), ("", "members")):
        tried = """
import sys
from tldops_bot.cli.commands import main
try:
    main()
finally:
    sys.exit("tldops_bot.app" in sys.modules and "loaded")
"""
        completing = {
            "COMP_WORDS": "tldops-bot mem",
            "COMP_CWORD": "1",
            "_TLDOPS_BOT_COMPLETE": "complete_bash",
        }
        more = {} if asked else completing
        words = [sys.executable, "-c", tried, *([asked] if asked else [])]
        done = subprocess.run(words, env=os.environ | more, capture_output=True, text=True, check=False)
        assert (done.stderr, shown in done.stdout) == ("", True), asked


def test_a_verb_that_looks_loads_little_and_the_service_all_it_may_need_before_it_takes_mail(
    cli: Cli,
) -> None:
    """What is loaded later than that may already be of another version: files are replaced while it runs."""
    tried = """
import sys
from tldops_bot.app import App
from tldops_bot.cli.commands import app
from tldops_bot.config.load import load_config
file = sys.argv[1]
for words in ("inbox list", "outbox list", "audit log", "keys show", "iana show nl", "db upgrade"):
    sys.argv[1:] = ["--config", file, *words.split()]
    try:
        app(standalone_mode=False)
    except SystemExit:
        pass
print("looked", *sys.modules)
from tldops_bot.serving import Service
Service(App(load_config(__import__("pathlib").Path(file))))
print("served", *sys.modules)
"""
    words = [sys.executable, "-c", tried, str(cli.desk.app.config.file)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    looked, served = ({*line.split()} for line in said if line.startswith(("looked ", "served ")))
    heavy = {"alembic", "apprise", "apscheduler", "aiosmtpd", "dkim", "dns", "pysequoia", "phonenumbers"}
    heavy |= {"prometheus_client", "tldops_bot.commands._all", "tldops_bot.jobs._all", "tldops_bot.intake"}
    assert looked & heavy == set()
    built = set(
        re.findall(r"^ +from (tldops_bot\S+) import", inspect.getsource(tldops_bot.app), re.MULTILINE)
    )
    off = ("prometheus_metrics", "key_refresh")  # in the configuration of these tests
    assert built - served == {f"tldops_bot.adapters.{one}" for one in off}


def test_what_is_not_understood_is_a_matter_of_usage(cli: Cli) -> None:
    for words in (
        ("membres",),
        ("members", "lst"),
        ("stats", "--yaml"),
        ("requests", "show"),
        ("iana", "import"),
    ):
        assert "Usage" in cli(*words, code=2).output, words


def test_without_a_configuration_there_is_one_clear_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "none.toml"), "stats"])
    assert result.exit_code == 1
    assert result.stderr.startswith("tldops-bot: ")


def test_the_program_itself_answers_in_plain_text_when_nobody_looks(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    with cli.desk.app.database.write() as session:
        session.query(Person).one().name = "Ænn Exämple 例"
    command = [
        sys.executable,
        "-m",
        "tldops_bot",
        "--config",
        str(cli.desk.app.config.file),
        "members",
        "list",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Ænn Exämple 例" in done.stdout.decode()
    assert b"\x1b" not in done.stdout
    missing = subprocess.run(
        [*command[:-1], "show", "99"], cwd=ROOT, capture_output=True, check=False, timeout=300
    )
    assert (missing.returncode, missing.stdout) == (1, b"")
    assert missing.stderr.count(b"\n") == 1


@pytest.mark.parametrize("there", ["", "#!/bin/sh\nexit 127\n"], ids=["no gpg", "a gpg that does not run"])
def test_where_gpg_does_not_run_that_is_said_and_a_backup_is_made(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: str
) -> None:
    if there:
        (tmp_path / "gpg").write_text(there)
        (tmp_path / "gpg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    why = "gpg does not run" if there else "gpg is not installed, or not on PATH"
    assert cli.refused("keys", "show") == f"{why}; `tldops-bot doctor` says more"
    said = cli("backup", str(tmp_path / "b")).stderr
    assert said == f"tldops-bot: {why}; the backup holds what is in the gpg home\n"
