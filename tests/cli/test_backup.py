"""`backup` and `restore`: all of it comes back, in another place and another database, and nothing is done twice."""

import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update
from typer.testing import CliRunner

from tests import postgres
from tests.adapters.test_linux_serve_lock import held
from tests.cli.conftest import Cli
from tests.desk import LIST_LINE, Desk, kill_agent, open_desk
from tests.keys import KeyPair
from tldops_bot.app import App
from tldops_bot.cli.commands import app
from tldops_bot.config import load_config
from tldops_bot.domain.schedule import last_due
from tldops_bot.jobs._all import JOBS
from tldops_bot.mail import bounce_address
from tldops_bot.store import dump, facts, outbox, requests, roster_sends
from tldops_bot.store.tables import (
    Alert,
    AuditEntry,
    CertificateRow,
    CopiesToCome,
    Delivery,
    Entry,
    Message,
    Person,
    Request,
    Token,
)

CHANGED = {  # by a restore; all else is as it was, row for row
    "alembic_version",
    "audit",
    "copies_to_come",
    "deliveries",
    "facts",
    "messages",
    "tokens",
    "roster_sends",
}


TOUCHED = {"alerts", "entries", "persons", "requests"}  # where something waited that may be over
ERIN = "erin.example@registry.example"
OPERATOR = "root@lists.example"
TO_COME = "poster@registry.example"  # where answers to copies go that were not written yet
PHONE = "Phone: +44 20 7946 0123"


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder with a short name."""
    with empty_folder() as folder:
        yield folder


@contextmanager
def empty_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    yield folder
    kill_agent(folder / "var/gnupg")
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Old:
    """A service with a bit of everything in it, and its backup."""

    desk: Desk
    file: Path
    rows: dict[str, list[bytes]]
    used: bytes
    token: str
    bounce: str
    deliveries: set[int]

    @contextmanager
    def restored(self, folder: Path, *more: str) -> Iterator[Desk]:
        verb("restore", str(self.file), "--directory", str(folder), *more)
        with desk_in(folder) as desk:
            yield desk


@pytest.fixture(scope="module")
def old(ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Iterator[Old]:
    with open_desk() as desk, empty_folder() as folder:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        desk.member(carol, office="committee")
        desk.iana("lu", "dora@registry.example")
        for number in range(4):
            desk.say_bound(ann, f"ALERT\nTitle: Wave {number}\nTLP: GREEN\n\nIt comes.")
        desk.write(ERIN, f"SUBSCRIBE lu\nName: Erin Example\nEmail: {ERIN}\n{PHONE}")
        used = ann.pgp_mime_signed(f"{LIST_LINE}\nUPDATE\nPostal: House 1", at=desk.now)
        desk.receive(used, ann.address)
        deliveries, bounce = time_passes(desk, ann)
        desk.say(bob, "QUERY nl")
        in_hand(desk, deliveries)
        verb_of(desk.app.config.file, "backup", str(folder / "b"))
        yield Old(desk, folder / "b", rows(desk), used, desk.token_for(ERIN), bounce, deliveries)


def in_hand(desk: Desk, but: set[int]) -> None:
    """What is young is being sent by a node that is to be gone."""
    with desk.app.database.write() as session:
        taken = {"state": outbox.SENDING, "claim": "gone", "lease_until": desk.now + timedelta(hours=9)}
        session.execute(update(Delivery).where(Delivery.id.not_in(but)).values(taken))


def time_passes(desk: Desk, ann: KeyPair) -> tuple[set[int], str]:
    """Two hours later, with waits that are over: the deliveries until then, and a bounce address of one."""
    with desk.app.database.write() as session:
        facts.new_mac_key(session, desk.app.random_octets)
        deliveries = set(session.scalars(select(Delivery.id)))
        session.execute(update(Message).values(made_at=desk.now - timedelta(minutes=61)))
        session.execute(update(Alert).values(posted_at=desk.now - timedelta(hours=2)))
        session.execute(update(CertificateRow).values(expires_at=desk.now + timedelta(days=20)))
        exercise = session.scalars(select(Alert).where(Alert.state == "posted").order_by(Alert.id)).first()
        assert exercise is not None
        exercise.state = "announced"
        of_an_alert = session.scalars(select(Message.id).where(Message.alert_id.is_not(None))).first()
        to_come = [one.id for one in session.scalars(select(Person))]
        session.add(CopiesToCome(message_id=of_an_alert, priority=0, reply_to=TO_COME, persons=to_come))
        person = session.scalars(select(Person).where(Person.email == ann.address)).one()
        person.forget_at = desk.now - timedelta(days=1)
        entry = session.scalars(select(Entry).where(Entry.tld == "be")).one()
        entry.state, entry.suspended_at = "suspended", desk.now
        entry.final_at = desk.now - timedelta(days=1)
        details = {"email": ann.address, "name": ann.name, "waits_until": desk.now.isoformat(), "old": "x"}
        moments = {"asked_at": desk.now, "expires_at": desk.now + timedelta(days=14)}
        common = {"tld": "nl", "email_key": ann.address, "person_id": person.id, "asked_by": ""}
        key = Request(kind="key", state="proving", fingerprint="0" * 40, details=details, **common, **moments)
        session.add(key)
        session.flush()
        key.state = "vouching"
        key.state = "waiting"
        return deliveries, bounce_address.make(desk.app.intake._home, 1, facts.mac_keys(session))


@pytest.fixture(scope="module")
def new(old: Old) -> Iterator[Desk]:
    """What was restored; to be looked at, and not changed."""
    with empty_folder() as folder, old.restored(folder) as desk:
        yield desk


@contextmanager
def desk_in(folder: Path) -> Iterator[Desk]:
    """The restored service, a moment later: what is signed now is signed after the restore."""
    other = Desk(App(load_config(folder / "config.toml")), datetime.now(UTC) + timedelta(seconds=2))
    other.app.now = lambda: other.now
    try:
        yield other
    finally:
        other.app.close()


def verb(*words: str) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return str(result.output)


def verb_of(config: Path, *words: str) -> str:
    return verb("--config", str(config), *words)


def rows(desk: Desk) -> dict[str, list[bytes]]:
    """Every row of every table."""
    out = BytesIO()
    with desk.app.database.snapshot() as connection:
        dump.write(connection, out)
    found: dict[str, list[bytes]] = {}
    for line in out.getvalue().splitlines():
        if line.startswith(b"{"):
            table = found.setdefault(re.findall(rb'"table":"(\w+)"', line)[0].decode(), [])
        else:
            table.append(line)
    return found


def kept(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {name: lines for name, lines in found.items() if name not in CHANGED}


def outcome(handled: Any) -> str:
    decision = handled.decision
    return decision.parts[0].word if decision.parts else decision.reason


def said_to(desk: Desk, address: str) -> str:
    """The text of the last mail in the outbox to somebody."""
    with desk.look() as session:
        query = select(Message.entity).join(Delivery).where(Delivery.rcpt_to == address)
        return (session.scalars(query.order_by(Message.id.desc())).first() or b"").decode()


# --- what comes back


def test_everything_comes_back_row_for_row_but_what_would_happen_twice(old: Old, new: Desk) -> None:
    after = rows(new)
    assert kept(after) == kept(old.rows) | {name: after[name] for name in TOUCHED}
    for name in TOUCHED:
        assert len(after[name]) == len(old.rows[name]), name
    with new.look() as session:
        actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-1] == "restored_backup"
    assert after["audit"][: len(old.rows["audit"]) - 1] == old.rows["audit"][:-1]  # the last one: "backed_up"
    assert new.app.gnupg.keyring.fingerprint == old.desk.app.gnupg.keyring.fingerprint
    assert new.app.gnupg.keyring.sign_detached(b"it can sign")


def test_open_tokens_are_void(new: Desk) -> None:
    with new.look() as session:
        assert not session.scalar(select(Token).where(Token.void_at.is_(None), Token.used_at.is_(None)))
        asking = select(Delivery.state).join(Message).where(Message.kind == "token")
        assert set(session.scalars(asking)) == {outbox.DROPPED}, "nobody gets one that is void"


def test_old_deliveries_wait_for_the_operators_word_and_young_ones_go(old: Old, new: Desk) -> None:
    with new.look() as session:
        to_come = select(Delivery.state, Delivery.last_status).where(Delivery.reply_to == TO_COME)
        assert list(session.execute(to_come)) == [(outbox.HELD, "restored")] * 3
        others = Delivery.reply_to != TO_COME
        found = list(session.execute(select(Delivery.id, Delivery.state, Delivery.last_status).where(others)))
    held = {number for number, state, why in found if (state, why) == (outbox.HELD, "restored")}
    assert held
    assert held <= old.deliveries
    assert outbox.WAITING not in {state for number, state, _ in found if number in old.deliveries}
    assert {state for number, state, _ in found if number not in old.deliveries} == {outbox.WAITING}
    assert (
        len(found) >= len(old.deliveries) + 3
    )  # the answer to Bob, and what Carol and the operator are told


def test_the_roster_of_this_period_counts_as_sent(old: Old, new: Desk) -> None:
    def is_due(desk: Desk, now: datetime) -> bool:
        settings = desk.app.config.roster
        with desk.look() as session:
            period_at = last_due(settings.schedule, ZoneInfo(settings.timezone), now)
            return bool(roster_sends.recipients_due(session, period_at, now))

    assert is_due(old.desk, old.desk.now)
    assert not is_due(new, new.now)
    assert is_due(new, new.now + timedelta(days=17))


def test_alerts_that_waited_to_go_out_are_ended_and_named(old: Old, new: Desk) -> None:
    with old.desk.look() as session:
        waited = set(session.scalars(select(Alert.id).where(Alert.state.in_(("held", "announced")))))
    assert len(waited) >= 2
    with new.look() as session:
        ended = set(session.scalars(select(Alert.id).where(Alert.state == "cancelled")))
    assert ended == waited
    assert all(one in said_to(new, OPERATOR) for one in waited)


def test_the_committee_and_the_operator_are_told_what_to_look_through(new: Desk, carol: KeyPair) -> None:
    for address in (carol.address, OPERATOR):
        assert "keys that were blocked as lost or stolen" in said_to(new, address)
    assert "R-1, R-2" in said_to(new, OPERATOR)


def test_bounces_of_lost_copies_count_for_nobody(old: Old, new: Desk) -> None:
    home = old.desk.app.intake._home
    with old.desk.look() as before, new.look() as after:
        assert bounce_address.read(home, old.bounce, facts.mac_keys(before)) == 1
        assert len(facts.mac_keys(after)) == 1
        assert bounce_address.read(home, old.bounce, facts.mac_keys(after)) is None


def test_no_job_says_again_what_was_said_and_no_wait_ends_unheard(
    old: Old, place: Path, ann: KeyPair
) -> None:
    with old.restored(place) as desk:
        told = ("report_reach", "warn_of_key_expiry", "remind_committee", "start_exercises", "send_roster")
        ended = ("end_held_alerts", "finish_removals", "finish_key_recoveries")
        for name in (*told, *ended):
            assert desk.app.job_runner().run(JOBS[name]) == 0, name
        with desk.look() as session:
            assert (
                session.scalars(select(Person).where(Person.email == ann.address)).one().forgotten_at is None
            )
            case = session.scalars(select(Request).where(Request.kind == "key")).one()
            assert (case.state, case.details["reasons"]) == (requests.COMMITTEE, ["restored"])
        desk.later(days=7, minutes=1)
        assert desk.app.job_runner().run(JOBS["finish_removals"])
        desk.later(days=7)
        assert desk.app.job_runner().run(JOBS["warn_of_key_expiry"])


def test_what_was_signed_before_needs_a_token_and_what_is_signed_after_does_not(
    old: Old, place: Path, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    lost = carol.pgp_mime_signed(f"{LIST_LINE}\nNOTE nl a quiet week", at=old.desk.now)
    read_only = bob.pgp_mime_signed("HELP", at=old.desk.now)
    with old.restored(place) as desk:
        asked = desk.receive(lost, carol.address)
        assert outcome(asked) == "signed_before_restore"
        assert "set up again from a copy" in desk.text(desk.last(carol.address))
        assert outcome(desk.say(carol, f"CONFIRM {desk.token_for(carol.address)}")) == "carried_out"
        assert outcome(desk.say_bound(carol, "NOTE be another one")) == "noted"
        assert desk.receive(old.used, ann.address).decision.kind == "repeated"
        assert desk.receive(read_only, bob.address).decision.kind == "answered"
        assert outcome(desk.write(ERIN, f"CONFIRM {old.token}")) == "token_void"
        assert "copies are tried now" in verb_of(place / "config.toml", "outbox", "retry")


def test_numbers_that_may_be_known_to_people_are_not_given_again(old: Old, place: Path, ann: KeyPair) -> None:
    with old.restored(place) as desk:
        desk.later(hours=1)
        for number in range(2):
            desk.say_bound(ann, f"ALERT\nTitle: Wave {number}\nExercise: yes\nScope: tld nl\n\nAfter it.")
        desk.write("fay@registry.example", f"SUBSCRIBE lu\nName: Fay Example\n{PHONE}")
        with desk.look() as session:
            alerts = list(session.scalars(select(Alert.id).order_by(Alert.id)))
            numbers = list(session.scalars(select(Request.id).order_by(Request.id)))
        assert [one[-4:] for one in alerts] == ["0001", "0002", "0003", "0004", "0101", "0102"]
        assert numbers == [1, 2, 1001]


@pytest.mark.skipif(not postgres.is_there(), reason="PostgreSQL is not installed")
def test_it_moves_to_postgresql_and_back(old: Old, place: Path, carol: KeyPair) -> None:
    with postgres.new_database(is_empty=True) as url:
        with old.restored(place, "--database", url) as there:
            assert not there.app.database.is_sqlite
            assert kept(rows(there)) == kept(old.rows) | {name: rows(there)[name] for name in TOUCHED}
            assert outcome(there.say_bound(carol, "NOTE be a quiet week")) == "noted"
            there.write("fay@registry.example", f"SUBSCRIBE lu\nName: Fay Example\n{PHONE}")
            with there.look() as session:
                assert list(session.scalars(select(Request.id).order_by(Request.id))) == [1, 2, 1001]
            file = str(place / "again")
            verb_of(place / "config.toml", "backup", file)
            again = rows(there)
        refused = CliRunner().invoke(app, ["restore", file, "--directory", str(place / "b")])
        assert (
            "the database holds tables already; a restore goes into an empty one (--database)"
            in refused.stderr
        )
    with empty_folder() as home:
        verb("restore", file, "--directory", str(home), "--database", "sqlite:///var/tldops.sqlite")
        with desk_in(home) as back:
            assert back.app.database.is_sqlite
            assert kept(rows(back)) == kept(again) | {name: rows(back)[name] for name in TOUCHED}


# --- the file


def test_a_backup_is_one_file_of_its_owner_alone_and_never_replaces_another_unasked(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "b.tar"
    cli("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir() if "b.tar" in one.name] == ["b.tar"]
    assert cli.refused("backup", str(file)) == f"{file} is there already; give another name, or --yes"
    assert cli.refused("backup", str(tmp_path)) == f"{tmp_path} is there already; give another name"
    cli("backup", str(file), "--yes")
    assert "cannot be written" in cli.refused("backup", str(tmp_path / "none/b.tar"))
    assert cli.actions() == ["backed_up", "backed_up"]
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert {"config.toml", "database.jsonl", "manifest.json", "files/openpgp.home/pubring.kbx"} <= set(names)
    assert not [one for one in names if "S.gpg" in one or one.endswith((".lock", ".conf"))]


# --- where it goes


def test_files_elsewhere_come_along_and_the_configuration_follows(
    cli: Cli, place: Path, tmp_path: Path
) -> None:
    own = tmp_path / "elsewhere"
    (own / "letters").mkdir(parents=True)
    (own / "letters/held.txt.j2").write_text("Subject: x\n\nour own words")
    (tmp_path / "phrase").write_text("secret of the relay")
    file = cli.desk.app.config.file
    text = file.read_text().replace(
        "[smarthost]", f'[smarthost]\nusername = "u"\npassword_file = "{tmp_path}/phrase"'
    )
    file.write_text(f'{text}\n[templates]\ndirectory = "{own}"\n')
    cli("backup", str(tmp_path / "b"))
    cli("restore", str(tmp_path / "b"), "--directory", str(place))
    with desk_in(place) as other:
        config = other.app.config
        assert config.smarthost.password_file == place / "kept/smarthost-password_file"
        assert config.smarthost.password_file.read_text() == "secret of the relay"
        assert config.smarthost.password_file.stat().st_mode & 0o777 == 0o600
        assert config.templates.directory == place / "kept/templates-directory"
        assert (config.templates.directory / "letters/held.txt.j2").read_text().endswith("our own words")
        assert config.openpgp.home == place / "var/gnupg"
        assert config.openpgp.home.stat().st_mode & 0o777 == 0o700
        assert config.database.url == f"sqlite:///{place}/var/tldops.sqlite"


def test_on_a_machine_with_places_of_its_own_it_goes_there(
    cli: Cli, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the Debian package has it: the configuration in one folder, the rest in another."""
    (place / "etc").mkdir()
    (place / "data").mkdir()
    cli("backup", str(tmp_path / "b"))
    monkeypatch.setenv("TLDOPS_CONFIG", str(place / "etc/config.toml"))
    monkeypatch.setenv("TLDOPS_DATA", str(place / "data"))
    verb("restore", str(tmp_path / "b"))
    config = load_config(place / "etc/config.toml")
    assert config.database.url == f"sqlite:///{place}/data/var/tldops.sqlite"
    assert config.openpgp.home == place / "data/var/gnupg"
    assert (config.openpgp.home / "pubring.kbx").exists()
    assert sorted(one.name for one in (place / "data").iterdir()) == ["var"]
    assert config.file.stat().st_mode & 0o777 == 0o600
    kill_agent(config.openpgp.home)
    again = place / "again"
    verb("restore", str(tmp_path / "b"), "--directory", str(again))  # what is named goes before the machine's
    assert load_config(again / "config.toml").openpgp.home == again / "var/gnupg"
    kill_agent(again / "var/gnupg")


def test_what_cannot_be_read_is_named_and_the_rest_is_kept(cli: Cli, place: Path, tmp_path: Path) -> None:
    file = cli.desk.app.config.file
    text = file.read_text().replace("[smarthost]", f'[smarthost]\npassword_file = "{tmp_path}/none"')
    file.write_text(text)
    result = cli("backup", str(tmp_path / "b.tar"))
    assert f"{tmp_path}/none: cannot be read (No such file or directory), and is left out" in result.stderr
    cli("restore", str(tmp_path / "b.tar"), "--directory", str(place))
    with desk_in(place) as other:
        assert other.app.config.smarthost.password_file == tmp_path / "none"


def test_a_place_in_use_is_refused_and_stays_as_it_is(cli: Cli, place: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "b.tar")
    cli("backup", file)
    (place / "config.toml").write_text("mine")
    (place / "other").mkdir()
    said = cli.refused("restore", file, "--directory", str(place))
    assert said == f"{place}/config.toml is there already; a restore goes into an empty place (--directory)"
    assert sorted(one.name for one in place.iterdir()) == ["config.toml", "other"]
    assert (place / "config.toml").read_text() == "mine"
    (place / "config.toml").unlink()
    (place / "var").mkdir()  # an empty folder, as a package makes it, is no use
    (place / ".restoring").mkdir()  # of a restore that was killed
    verb_of(place / "config.toml", "restore", file)  # beside the configuration that is named
    assert (place / "config.toml").exists()
    assert "is there already" in cli.refused("restore", file, "--directory", str(place))


def test_a_backup_without_the_lists_key_is_refused(cli: Cli, place: Path, tmp_path: Path) -> None:
    shutil.rmtree(cli.desk.app.config.openpgp.home / "private-keys-v1.d")
    assert "the backup holds what is in the gpg home" in cli("backup", str(tmp_path / "b.tar")).stderr
    said = cli.refused("restore", str(tmp_path / "b.tar"), "--directory", str(place))
    assert said == "no secret key in the list's gpg home"
    assert list(place.iterdir()) == []
    deep = place / ("x" * 70)
    assert "gpg needs a shorter path" in cli.refused(
        "restore", str(tmp_path / "b.tar"), "--directory", str(deep)
    )
    assert list(deep.iterdir()) == []


def test_a_database_of_a_newer_version_is_neither_kept_nor_set_up(
    cli: Cli, place: Path, tmp_path: Path
) -> None:
    file = str(tmp_path / "b.tar")
    cli("backup", file)
    with cli.desk.app.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = "the database is of a newer version (9999) than this program knows"
    assert cli.refused("backup", str(tmp_path / "c.tar")) == newer
    changed(tmp_path / "b.tar", "manifest.json", lambda octets: octets.replace(b'"0001"', b'"9999"'))
    assert cli.refused("restore", file, "--directory", str(place)) == newer
    assert list(place.iterdir()) == []


def changed(file: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Another content for one member of a tar file."""
    with tarfile.open(file) as tar:
        members = [(one.name, tar.extractfile(one).read()) for one in tar]
    with tarfile.open(file, "w") as tar:
        for known, octets in members:
            content = change(octets) if known == name else octets
            entry = tarfile.TarInfo(known)
            entry.size = len(content)
            tar.addfile(entry, BytesIO(content))


@pytest.mark.parametrize("verb", [("db", "upgrade"), ("init",)])
def test_the_database_is_not_brought_up_to_date_under_a_service_that_runs(
    cli: Cli, verb: tuple[str, ...]
) -> None:
    with cli.desk.app.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    file = cli.desk.app.database.file
    assert file is not None
    with held(file) as other:
        said = cli.refused(*verb)
    assert (
        said
        == f"another `tldops-bot serve` (process {other.pid}) works with {file}; nobody may serve it meanwhile"
    )
