import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tests.whois_server import HANG, RESET, Behaviour, LoopbackWhois
from tldops_bot.adapters.iana_refresh import IanaRefresh
from tldops_bot.app import App
from tldops_bot.store import iana
from tldops_bot.store.tables import IanaTld

RECORD = """\
% IANA WHOIS server
% for more information on IANA, visit http://www.iana.org
% This query returned 1 object

domain:       {name}
{ace}
organisation: Example Registry

contact:      administrative
name:         {person}
organisation: Example Registry
phone:        +99 1 555 0100
e-mail:       {email}

contact:      technical
name:         Example Role
organisation: Example Registry
e-mail:       tech@{tld}.example

status:       ACTIVE
created:      1987-09-23
changed:      {changed}
source:       IANA
"""


def record(
    tld: str,
    email: str = "",
    *,
    person: str = "Ann Example",
    changed: str = "2026-01-01",
    name: str = "",
) -> bytes:
    ace = f"domain-ace:   {tld.upper()}" if name else ""
    text = RECORD.format(
        name=name or tld.upper(),
        ace=ace,
        tld=tld,
        email=email or f"admin@{tld}.example",
        person=person,
        changed=changed,
    )
    return text.encode()


def saved(cli: Cli, octets: bytes, name: str = "answer.txt") -> str:
    file = cli.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(octets)
    return str(file)


def admin(cli: Cli, tld: str) -> str:
    with cli.desk.look() as session:
        return next(one.email for one in iana.current_contacts(session, tld) if one.kind == "administrative")


def test_files_folders_and_several_answers_in_a_file_are_read(cli: Cli) -> None:
    one = saved(cli, record("nl"))
    saved(cli, record("be") + record("lu"), "folder/two.txt")
    saved(cli, record("xn--p1ai", name="РФ"), "folder/idn.txt")
    saved(cli, b"not an answer", "folder/.hidden")
    found = cli.json("iana", "import", one, str(cli.folder / "folder"))
    assert sorted(found["taken"]) == ["be", "lu", "nl", "xn--p1ai"]
    assert found["changes"] == found["not_taken"] == []


def test_a_change_is_named_audited_and_kept_as_history(cli: Cli) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    found = cli.json("iana", "import", saved(cli, record("nl", "new@nl.example", changed="2026-02-02")))
    assert found["changes"] == [{"tld": "nl", "contact": "administrative", "what": ["e-mail"]}]
    assert cli.actions() == ["iana_changed"]
    assert "example" not in cli.audit_text()
    current, former = (cli.json("iana", "show", "nl", *words)["contacts"] for words in ((), ("--history",)))
    assert [one["email"] for one in current] == ["new@nl.example", "tech@nl.example"]
    assert [one["email"] for one in former] == ["admin@nl.example", "tech@nl.example", "new@nl.example"]
    text = cli("iana", "show", ".NL", "--history").stdout
    assert "admin@nl.example" in text
    assert "new@nl.example" in text


def test_the_summary_says_what_changed_and_what_could_not_be_read(cli: Cli) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    paths = saved(cli, record("nl", person="Bob Example")), saved(cli, record("be")[:200], "cut.txt")
    text = cli("iana", "import", *paths).stdout
    assert "read         1 TLD\n" in text
    assert "changed      .nl, administrative contact: name\n" in text
    assert "cut.txt (.be): truncated" in text


def test_a_garbled_answer_erases_nothing(cli: Cli) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    whole = record("nl", "evil@nl.example")
    for octets in (whole[:-20], b"", b"<html>" + whole, whole + record("nl"), whole * 2 + record("nl")):
        said = cli("iana", "import", saved(cli, octets), code=1).stderr
        assert "nothing could be read" in said
        assert "_" not in said
    assert admin(cli, "nl") == "admin@nl.example"


def test_a_record_a_registry_could_have_written_replaces_none(cli: Cli) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    mixed = record("be") + b"registry text\n" + record("nl", "evil@nl.example")
    found = cli.json("iana", "import", saved(cli, mixed))
    assert found["taken"] == ["be"]
    assert [(one["tld"], one["reason"]) for one in found["not_taken"]] == [("nl", "may_be_foreign")]
    assert admin(cli, "nl") == "admin@nl.example"
    assert "held before stays" in cli("iana", "import", saved(cli, mixed)).stdout.replace("\n", " ")


def test_a_saved_answer_that_is_older_than_what_is_held_is_not_taken(cli: Cli) -> None:
    cli("iana", "import", saved(cli, record("nl", changed="2026-05-05")))
    text = cli("iana", "import", saved(cli, record("nl", "old@nl.example", changed="2020-01-01"))).stdout
    assert "older than the record held" in text
    assert admin(cli, "nl") == "admin@nl.example"


@pytest.mark.parametrize("path", ["/nowhere/at/all", "EMPTY"])
def test_a_path_without_a_file_is_refused_before_anything_is_read(cli: Cli, path: str) -> None:
    (cli.folder / "EMPTY").mkdir()
    place = path.replace("EMPTY", f"{cli.folder}/EMPTY")
    assert place in cli.refused("iana", "import", saved(cli, record("nl")), place)
    assert "nl" in cli.refused("iana", "show", "nl"), "the file before it was not read either"


def test_what_was_saved_by_somebody_gives_the_terminal_no_orders(cli: Cli) -> None:
    saved(cli, record("nl"), "\x1b[31mnl\udcff.txt")
    saved(cli, b"nothing", "\x1b[31mbad[red].txt")
    text = cli("iana", "import", str(cli.folder)).stdout
    assert "\x1b" not in text
    assert "[31mbad[red].txt" in text


@pytest.mark.parametrize("word", ["n l", "", "1", "nl.example", "../nl", "x" * 5000])
def test_a_word_that_names_no_tld_is_refused(cli: Cli, word: str) -> None:
    for verb in ("show", "sync"):
        assert "not the name of a TLD" in cli.refused("iana", verb, word)


def test_a_tld_never_asked_for_is_refused_with_the_verb_that_helps(cli: Cli) -> None:
    assert "iana sync be" in cli.refused("iana", "show", "be")


# --- sync


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("tldops_bot.cli.iana.time", SimpleNamespace(sleep=found.append))  # others may sleep
    return found


def at_server(cli: Cli, answers: Mapping[str, Behaviour]) -> LoopbackWhois:
    server = LoopbackWhois(answers)
    file = cli.desk.app.config.file
    tables = re.sub(r"\[iana\][^\[]*", "", file.read_text())
    file.write_text(f'{tables}\n[iana]\nwhois = "127.0.0.1:{server.port}"\n')
    return server


def test_the_named_are_asked_for_with_a_pause_between(cli: Cli, pauses: list[float]) -> None:
    with at_server(cli, {"nl": record("nl"), "xn--p1ai": record("xn--p1ai", name="РФ")}) as server:
        found = cli.json("iana", "sync", "nl", "рф")
    assert server.asked == ["nl", "xn--p1ai"]
    assert found["taken"] == ["nl", "xn--p1ai"]
    assert pauses.count(1.0) == 1


def test_a_failed_fetch_stops_no_other_and_erases_nothing(cli: Cli, pauses: list[float]) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    answers = {"nl": record("nl", "evil@nl.example")[:-20], "lu": RESET, "be": record("be")}
    with at_server(cli, answers):
        found = cli.json("iana", "sync", "nl", "lu", "de", "be")
    assert found["taken"] == ["be"]
    assert [one["reason"] for one in found["not_taken"]] == ["truncated", "unreachable", "not_found"]
    assert admin(cli, "nl") == "admin@nl.example"


def test_a_server_that_is_not_there_is_a_refusal(cli: Cli, pauses: list[float]) -> None:
    with at_server(cli, {}):
        pass  # closed again
    result = cli("iana", "sync", "nl", "be", "lu", "de", "fr", "at", "ch", code=1)
    assert "nothing could be read: the server can't be reached; `tldops-bot doctor`" in result.stderr
    lines = result.stdout.splitlines()
    asked = [line for line in lines if line.startswith("not taken")]
    assert 0 < len(asked) < 7
    assert lines[-1].startswith(f"not asked    {7 - len(asked)} more"), "one line for all that were not asked"


def test_a_slow_server_is_a_refusal(cli: Cli, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    patient = App.iana_refresh

    def impatient(app: App, *words: Any) -> IanaRefresh:
        made = patient(app, *words)
        return replace(made, server=replace(made.server, timeout_seconds=0.1))

    monkeypatch.setattr(App, "iana_refresh", impatient)
    with at_server(cli, {"nl": HANG}):
        assert cli("iana", "sync", "nl", code=1).stderr.endswith(": the server took too long\n")


def test_without_names_all_that_are_due_are_asked_for(cli: Cli, pauses: list[float]) -> None:
    known = {facts.tld.a_label for facts in cli.desk.app.tlds.of_kind("cctld")}
    with cli.desk.app.database.write() as session:
        for tld in known | {"example"}:
            age = timedelta(hours=30) if tld in ("nl", "example") else timedelta(hours=1)
            at = cli.desk.now - age
            session.add(IanaTld(tld=tld, u_label=tld, is_assigned=True, fetched_at=at))
    with at_server(cli, {"nl": record("nl"), "example": record("example")}) as server:
        cli("iana", "sync")
        assert sorted(server.asked) == ["example", "nl"]
        assert "nothing is due" in cli("iana", "sync").stdout
        assert len(server.asked) == 2


def test_a_live_answer_counts_though_iana_s_date_went_back(cli: Cli, pauses: list[float]) -> None:
    cli("iana", "import", saved(cli, record("nl", changed="2026-05-05")))
    with at_server(cli, {"nl": record("nl", "new@nl.example", changed="2025-01-01")}):
        text = cli("iana", "sync", "nl").stdout
    assert "changed      .nl, administrative contact: e-mail" in text
    assert admin(cli, "nl") == "new@nl.example"


def test_hidden_and_special_files_of_a_folder_are_passed_over(cli: Cli, tmp_path: Path) -> None:
    saved(cli, record("nl"), "folder/nl.txt")
    os.mkfifo(cli.folder / "folder" / "pipe")
    assert cli.json("iana", "import", str(cli.folder / "folder"))["taken"] == ["nl"]


# --- what follows from a change


def about_iana(cli: Cli) -> list[str]:
    """Who gets a mail that says so in its subject."""
    return [to for subject, tos, _ in cli.mails() if "IANA" in subject for to in tos]


def test_a_change_is_told_to_those_concerned_by_import_and_sync_alike(
    cli: Cli, pauses: list[float], ann: KeyPair, committee: KeyPair
) -> None:
    cli.desk.member(ann, "nl")
    cli("iana", "import", saved(cli, record("nl")))
    assert about_iana(cli) == [], "the first import is no change"
    cli("iana", "import", saved(cli, record("nl", "new@nl.example", changed="2026-02-02")))
    assert sorted(about_iana(cli)) == sorted([ann.address, committee.address, "admin@nl.example"])
    with at_server(cli, {"nl": record("nl", "newer@nl.example")}):
        cli("iana", "sync", "nl")
    assert len(about_iana(cli)) == 6


def test_what_a_sync_holds_back_is_named_and_an_import_is_believed(cli: Cli, pauses: list[float]) -> None:
    whole = record("nl")
    alone = re.sub(rb"contact:      technical.*?\n\n", b"", whole, flags=re.DOTALL)
    cli("iana", "import", saved(cli, whole))
    with at_server(cli, {"nl": alone}):
        text = cli("iana", "sync", "nl").stdout
    assert "nl (.nl): held back" in text
    assert cli.json("iana", "show", "nl")["held_back_at"] is not None
    assert len(cli.json("iana", "show", "nl")["contacts"]) == 2
    found = cli.json("iana", "import", saved(cli, alone))
    assert found["changes"] == [{"tld": "nl", "contact": "technical", "what": ["is listed no more"]}]
    assert cli.json("iana", "show", "nl")["held_back_at"] is None


def test_a_tld_that_iana_knows_no_more_is_held_back_by_sync_and_left_alone_by_import(
    cli: Cli, pauses: list[float]
) -> None:
    cli("iana", "import", saved(cli, record("nl")))
    with at_server(cli, {}):
        found = cli.json("iana", "sync", "nl")
    assert [one["reason"] for one in found["not_taken"]] == ["not_found", "held_back"]
    cli.desk.later(days=1)
    nothing = b"% IANA WHOIS server\n% This query returned 0 objects.\n% You queried for nl but this\n"
    cli("iana", "import", saved(cli, nothing), code=1)
    assert admin(cli, "nl") == "admin@nl.example"


def test_of_two_saved_answers_the_newer_one_counts_in_whatever_order(cli: Cli) -> None:
    old, new = record("nl", "old@nl.example", changed="2020-01-01"), record("nl", "new@nl.example")
    for first, second in ((old, new), (new, old)):
        folder = f"folder{first == old}"
        saved(cli, first, f"{folder}/1.txt")
        saved(cli, second, f"{folder}/2.txt")
        cli("iana", "import", str(cli.folder / folder))
        assert admin(cli, "nl") == "new@nl.example"
