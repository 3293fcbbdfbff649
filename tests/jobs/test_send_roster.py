import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.made_up import NOW, make_officer, make_people
from tldops_bot.config.settings import Config, ListSettings, OperatorSettings, RosterSettings
from tldops_bot.config.shipped import shipped
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.outgoing import Entitled, Kind, Letter
from tldops_bot.jobs import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs.send_roster import roster_letters
from tldops_bot.mail.render import Rendered, Renderer
from tldops_bot.roster.columns import columns
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.tables import CertificateRow, RosterSend

TLDS = load_tld_table()
NEXT_PERIOD = datetime(2026, 3, 15, 6, 0, tzinfo=UTC)
LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/roster.sqlite")
    Base.metadata.create_all(opened.writing)
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


def context(session: Session, now: datetime, schedule: str = "0 6 1,15 * *", zone: str = "UTC") -> JobContext:
    config = Config(
        file=Path("config.toml"),
        list=LIST,
        operator=OperatorSettings(email="root@lists.example"),
        roster=RosterSettings(schedule=schedule, timezone=zone),
    )
    return JobContext(session, now, config, TLDS, random=lambda count: b"x" * count)


def tick(session: Session, now: datetime = NOW) -> list[Letter]:
    letters = JOBS["send_roster"].run(context(session, now))
    assert isinstance(letters, list)
    return letters


def read(letter: Letter) -> Rendered:
    return Renderer([shipped("templates")], LIST).render(letter.template, letter.values)


def addresses(letters: list[Letter]) -> list[str]:
    return [recipient.address for letter in letters for recipient in letter.to]


def certificates(count: int) -> list[bytes]:
    return [b"certificate %d" % number for number in range(count)]


def test_a_period_goes_to_each_member_once_however_often_the_clock_ticks(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    assert addresses(tick(session)) == [ann.email, ann.emergency_email, bob.email]
    assert tick(session) == []
    assert tick(session, NEXT_PERIOD - timedelta(microseconds=1)) == []
    assert addresses(tick(session, NEXT_PERIOD)) == [ann.email, ann.emergency_email, bob.email]
    assert tick(session, NEXT_PERIOD) == []


def test_a_crash_before_the_commit_sends_nothing_and_the_next_run_all(database: Database) -> None:
    with database.write() as session:
        make_people(session, ["nl"], 2, certificates=certificates(2))
    with database.read() as session:  # rolled back at its end
        assert len(tick(session)) == 1
    with database.write() as session:
        assert session.scalar(select(func.count()).select_from(RosterSend)) == 0
        assert len(tick(session)[0].to) == 3
    with database.write() as session:
        assert tick(session) == []


def test_after_two_days_of_downtime_the_missed_roster_is_sent_once(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    tick(session)
    assert len(tick(session, NEXT_PERIOD + timedelta(hours=48))) == 1
    assert tick(session, NEXT_PERIOD + timedelta(hours=49)) == []


def test_of_several_missed_periods_only_the_newest_is_sent(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    tick(session)
    letters = tick(session, NEXT_PERIOD + timedelta(days=100))
    assert len(letters) == 1
    newest = session.scalar(select(func.max(RosterSend.period_at)))
    assert newest == datetime(2026, 6, 15, 6, 0, tzinfo=UTC)
    assert session.scalar(select(func.count()).select_from(RosterSend)) == 2


def test_who_becomes_a_member_after_it_went_gets_theirs_with_the_next(session: Session) -> None:
    ann = make_people(session, ["nl"], 1, certificates=certificates(1))[0]
    tick(session)
    bob = make_people(session, ["be"], 2, certificates=[b"unused", b"new"], keyless_every=3)[1]
    assert tick(session, NOW + timedelta(hours=1)) == []
    got = addresses(tick(session, NEXT_PERIOD))
    assert ann.email in got
    assert bob.email in got


def test_while_nobody_may_have_it_the_period_is_not_used_up(session: Session) -> None:
    [novice] = make_people(
        session, ["nl"], 1, certificates=certificates(1), probation_until=NOW + timedelta(hours=1)
    )
    assert tick(session) == []
    assert addresses(tick(session, NOW + timedelta(hours=1)))[0] == novice.email


def test_the_schedule_is_read_in_its_own_time_zone(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    run = JOBS["send_roster"].run
    before = datetime(2026, 3, 15, 4, 59, tzinfo=UTC)
    assert run(context(session, before, zone="Europe/Amsterdam"))
    assert run(context(session, before, zone="Europe/Amsterdam")) == []
    assert run(context(session, before + timedelta(minutes=1), zone="Europe/Amsterdam"))


def test_one_letter_carries_it_to_all_who_saw_the_same_last_one(session: Session) -> None:
    people = make_people(session, ["nl", "be"], 2, certificates=certificates(4))
    tick(session)
    [newcomer] = make_people(session, ["de"], 1, certificates=[b"new"])
    letters = tick(session, NEXT_PERIOD)
    assert len(letters) == 2
    known = [letter for letter in letters if letter.values["changes"] is not None]
    assert {who.person_id for who in known[0].to} == {person.id for person in people}
    first = [letter for letter in letters if letter.values["changes"] is None]
    assert {who.person_id for who in first[0].to} == {newcomer.id}
    assert letters[0].attachments is letters[1].attachments


def test_it_goes_only_encrypted_to_members_and_after_everything_else(session: Session) -> None:
    ann = make_people(session, ["nl"], 1, certificates=certificates(1))[0]
    make_officer(session, "secretariat", "Dave Example", "dave@nic.example", b"dave")
    [letter] = tick(session)
    assert letter.is_confidential
    assert letter.kind is Kind.ROSTER
    assert {who.entitled for who in letter.to} == {Entitled.MEMBER}
    assert letter.to[0].fingerprint == ann.fingerprint
    assert letter.to[-1].address == "dave@nic.example"


def test_the_files_come_with_it(session: Session) -> None:
    make_people(session, ["nl"], 2, certificates=certificates(2))
    [letter] = tick(session)
    files = {each.name: each for each in letter.attachments}
    assert {name: each.media_type for name, each in files.items()} == {
        "roster.pdf": "application/pdf",
        "roster.vcf": "text/vcard",
        "roster.csv": "text/csv",
        "roster.json": "application/json",
    }
    assert files["roster.vcf"].octets.count(b"BEGIN:VCARD") == 2
    assert files["roster.csv"].octets.count(b"\r\n") == 3
    assert len(json.loads(files["roster.json"].octets)) == 2


def test_the_mail_reads_well_in_eighty_columns(session: Session) -> None:
    make_people(session, per_tld=2, certificates=certificates(24), keyless_every=5, stale_every=7)
    [letter] = tick(session)
    body = read(letter).body
    assert max(columns(line) for line in body.splitlines()) <= 76
    assert "\n\n\n" not in body
    assert "This is your first roster." in body
    assert "\n.рф (xn--p1ai)  Russian Federation ---" in body
    assert "! STALE: last confirmed" in body
    assert "! NO KEY: mail to them can't be encrypted" in body
    assert "MISSING: 297 ccTLDs" in body
    assert "ASCII ccTLDs                   8 of 248    3 %" in body
    assert "0" * 64 in body  # the head of the audit chain


def test_the_subject_names_nobody(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    assert read(tick(session)[0]).subject == "TLD-OPS roster 202603101200"


def test_each_kind_of_change_is_told_and_nobody_who_left_is_named(session: Session) -> None:
    ann, bob, carol, dave, eve, frank = make_people(session, ["nl", "be"], 3, certificates=certificates(6))
    tick(session)
    ann.phone = "+44 20 7946 0555"
    bob.entries[0].state = "left"
    carol.stale_at = NOW
    dave.key_blocked_at = NOW
    [newcomer] = make_people(session, ["de"], 1)
    frank.fingerprint = "F" * 40
    renewed = {"fingerprint": frank.fingerprint, "person_id": frank.id, "blob": b"new"}
    session.add(CertificateRow(**renewed, created_at=NOW, held_since=NOW))
    session.flush()
    [waits, letter] = tick(session, NEXT_PERIOD)
    assert {one.address for one in waits.to} == {dave.email, dave.emergency_email} - {""}
    body = read(letter).body
    assert "CHANGES since your last roster (2026-03-10)" in body
    assert f"New contacts:\n  .de: {newcomer.name}\n" in body
    assert "  .nl: 2 contacts remain\n" in body
    assert bob.name not in body
    assert f"Details changed:\n  .nl: {ann.name}\n" in body
    assert f"now marked STALE:\n  .nl: {carol.name}\n" in body
    assert f"New OpenPGP key:\n  .be: {frank.name}\n" in body
    assert eve.name not in body.partition("COVERAGE")[0]
    assert f"  .be: {dave.name}\n" in body.partition("No usable OpenPGP key any more:")[2]


def test_no_change_is_said_in_one_word(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    tick(session)
    assert "CHANGES since your last roster (2026-03-10)\nNone.\n" in read(tick(session, NEXT_PERIOD)[0]).body


def test_a_roster_out_of_turn_leaves_the_period_due(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    tick(session)
    early = NEXT_PERIOD - timedelta(hours=1)
    assert len(roster_letters(context(session, early), early)) == 1
    assert len(tick(session, NEXT_PERIOD)) == 1


def test_words_of_people_cannot_forge_the_mail(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1, certificates=certificates(1))
    ann.name = "Ann\n\nHead of the audit chain\n{{ list.owner }}"
    ann.organisation = "x\r\n.be  Belgium -----\r\nEve"
    session.flush()
    body = read(tick(session)[0]).body
    assert "\nHead of the audit chain." in body
    assert "\nHead of the audit chain\n" not in body
    assert "\n.be  Belgium" not in body
    assert "{{ list.owner }}" in body


def test_a_tick_with_nothing_due_asks_the_store_two_questions(database: Database) -> None:
    with database.write() as session:
        make_people(session, ["nl"], 1, certificates=certificates(1))
        tick(session)
    asked: list[str] = []
    with database.write() as session:
        session.connection()
        event.listen(database.writing, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert tick(session) == []
    assert len(asked) == 2


def test_the_package_holds_these_jobs() -> None:
    assert "send_roster" in JOBS
    for name, job in JOBS.items():
        assert job.name == name
        assert job.every >= timedelta(minutes=1)
        assert job.summary.endswith(".")
