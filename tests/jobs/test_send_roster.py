import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.made_up import NOW, make_officer, make_people
from tests.postgres import new_store
from tests.roster_files import keep_files
from tldops_bot.commands._roster_files import manuscript
from tldops_bot.config.settings import Config, ListSettings, OperatorSettings, RosterSettings
from tldops_bot.config.shipped import shipped
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.outgoing import Entitled, Kind, Letter
from tldops_bot.domain.roster_changes import snapshot
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext, Unfinished
from tldops_bot.jobs.send_roster import is_wanted, roster_letters
from tldops_bot.mail.render import Rendered, Renderer
from tldops_bot.roster.columns import columns
from tldops_bot.store.database import Database
from tldops_bot.store.roster_sends import recipients_due, record_send, take_back, under_way
from tldops_bot.store.tables import CertificateRow, Person, RosterSend

TLDS = load_tld_table()
NEXT_PERIOD = datetime(2026, 3, 15, 6, 0, tzinfo=UTC)
LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")


@pytest.fixture
def database() -> Iterator[Database]:
    with new_store() as opened:
        yield opened


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
    """A run with the files made before, batch by batch."""
    ctx = context(session, now)
    keep_files(session, ctx.config, ctx.tlds, now)
    letters: list[Letter] = []
    while isinstance(found := JOBS["send_roster"].run(ctx), Unfinished):
        letters += found.letters
    return [*letters, *found]


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
    ctx = context(session, before)
    keep_files(session, ctx.config, ctx.tlds, before)
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
    assert letters[0].attachments == letters[1].attachments


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
    assert [each["name"] for each in letter.values["files"]] == [
        each.name for each in letter.attachments if not each.name.endswith(".asc")
    ]
    files = {each.name: each for each in letter.attachments}
    assert {name: each.media_type for name, each in files.items()} == {
        "roster.pdf": "application/pdf",
        "roster.vcf": "text/vcard",
        "roster.csv": "text/csv",
        "roster.json": "application/json",
        "roster-keys.pgp": "application/octet-stream",
    } | {f"{name}.asc": "application/pgp-signature" for name in files if not name.endswith(".asc")}
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
    ctx = context(session, early)
    keep_files(session, ctx.config, ctx.tlds, early)
    sent = roster_letters(ctx, early)
    assert isinstance(sent, list)
    assert len(sent) == 1
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


def test_a_tick_with_nothing_due_asks_the_store_three_questions(database: Database) -> None:
    with database.write() as session:
        make_people(session, ["nl"], 1, certificates=certificates(1))
        tick(session)
    asked: list[str] = []
    with database.write() as session:
        session.connection()
        event.listen(database.writing, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert JOBS["send_roster"].run(context(session, NOW)) == []
    assert len(asked) == 3


def test_the_package_holds_these_jobs() -> None:
    assert "send_roster" in JOBS
    for name, job in JOBS.items():
        assert job.name == name
        assert job.every >= timedelta(minutes=1)
        assert job.summary.endswith(".")


def test_members_get_the_files_they_chose_and_each_choice_is_one_letter(session: Session) -> None:
    ann, bob, carol = make_people(session, ["nl"], 3, certificates=certificates(3))
    ann.roster_files = "vcf pdf"
    bob.roster_files = "none"
    session.flush()
    letters = tick(session)
    files = {one.to[0].person_id: [each.name for each in one.attachments[::2]] for one in letters}
    assert files == {
        ann.id: ["roster.vcf", "roster.pdf"],
        bob.id: [],
        carol.id: ["roster.vcf", "roster.pdf", "roster.csv", "roster.json", "roster-keys.pgp"],
    }
    bodies = {one.to[0].person_id: read(one).body for one in letters}
    assert "the files you asked for: vcf, pdf." in bodies[ann.id]
    assert "SHA-256" not in bodies[bob.id]
    assert bodies[carol.id].count("SHA-256") == 5


def test_stopped_between_two_batches_it_goes_on_with_the_others(database: Database) -> None:
    with database.write() as session:
        ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
        names = {ann.email, bob.email}
        bob.roster_files = "none"
        ctx = context(session, NOW)
        keep_files(session, ctx.config, ctx.tlds, NOW)
    with database.write() as session:
        first = JOBS["send_roster"].run(context(session, NOW))
        assert isinstance(first, Unfinished)
        assert is_wanted(session, context(session, NOW).config, NOW)
    with database.read() as session:  # a crash: rolled back at its end
        JOBS["send_roster"].run(context(session, NOW))
    later = NOW + timedelta(hours=3)
    with database.write() as session:
        second = JOBS["send_roster"].run(context(session, later))
        assert isinstance(second, list)
    got = [one.to[0].address for one in (*first.letters, *second)]
    assert set(got) == names
    assert len(got) == 2
    with database.write() as session:
        assert JOBS["send_roster"].run(context(session, later)) == []
        assert not is_wanted(session, context(session, later).config, later)


def test_the_rest_who_left_meanwhile_end_what_was_under_way(session: Session) -> None:
    _, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    bob.roster_files = "none"
    ctx = context(session, NOW)
    keep_files(session, ctx.config, ctx.tlds, NOW)
    found = JOBS["send_roster"].run(ctx)
    assert isinstance(found, Unfinished)
    [left] = {one.person_id for one in (recipients_due(session, period_of(session), NOW))}
    session.get_one(Person, left).key_blocked_at = NOW
    session.flush()
    assert [one.template for one in tick(session)] == ["jobs/roster_waiting"]
    assert under_way(session) is None


def period_of(session: Session) -> datetime:
    found = session.scalar(select(func.max(RosterSend.period_at)))
    assert found is not None
    return found


def test_when_the_roster_changes_between_two_batches_the_rest_wait_for_new_files(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    bob.roster_files = "none"
    ctx = context(session, NOW)
    keep_files(session, ctx.config, ctx.tlds, NOW)
    assert isinstance(JOBS["send_roster"].run(ctx), Unfinished)
    ann.mobile = "+44 7700 900999"
    session.flush()
    assert JOBS["send_roster"].run(ctx) == []
    assert is_wanted(session, ctx.config, NOW)
    assert len(tick(session)) == 1


def test_without_its_files_nothing_goes_and_nothing_is_noted(session: Session) -> None:
    make_people(session, ["nl"], 1, certificates=certificates(1))
    ctx = context(session, NOW)
    assert JOBS["send_roster"].run(ctx) == []
    assert session.scalar(select(func.count()).select_from(RosterSend)) == 0
    assert is_wanted(session, ctx.config, NOW)
    assert len(tick(session)) == 1
    assert not is_wanted(session, ctx.config, NOW)


def test_what_a_member_asked_for_meanwhile_is_the_last_one_they_know(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    tick(session)
    [carol] = make_people(session, ["be"], 1)
    ctx = context(session, NOW + timedelta(days=1))
    said = snapshot(manuscript(session, ctx.config, ctx.tlds, ctx.now).roster)
    record_send(session, ctx.now, [ann.id], ctx.now, said, is_asked=True)
    by_person = {one.to[0].person_id: read(one).body for one in tick(session, NEXT_PERIOD)}
    assert f".be: {carol.name}" in by_person[bob.id].partition("COVERAGE")[0]
    assert "CHANGES since your last roster (2026-03-11)\nNone.\n" in by_person[ann.id]


def test_a_key_that_ends_on_the_way_takes_back_the_periods_roster_and_not_one_asked_for(
    session: Session,
) -> None:
    [ann] = make_people(session, ["nl"], 1, certificates=certificates(1))
    ctx = context(session, NOW)
    said = snapshot(manuscript(session, ctx.config, ctx.tlds, NOW).roster)
    record_send(session, NOW, [ann.id], NOW, said, is_asked=True)
    assert not take_back(session, ann.id)
    tick(session)
    assert take_back(session, ann.id)
