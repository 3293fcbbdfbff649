"""The operator hears of what goes wrong: at once, then once a day for each, and once that it is over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from tests.desk import Desk
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.troubles import A_WEEK, Told, Trouble, news
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs.warn_operator import EVERY
from tldops_bot.store import inbox, machines
from tldops_bot.store.machines import Machine
from tldops_bot.store.tables import Delivery, InboxRow, JobRun

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def tick(desk: Desk) -> list[Letter]:
    """One run, as the clock makes it: its letters, and that it was done."""
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        letters = list(JOBS["warn_operator"].run(context))
        run = session.get(JobRun, "warn_operator") or JobRun(name="warn_operator", started_at=desk.now)
        run.started_at = run.finished_at = desk.now
        session.add(run)
    desk.letters += letters
    return letters


def over(desk: Desk, length: timedelta) -> list[str]:
    """The templates of all that is told in that time."""
    told = []
    for _ in range(length // EVERY):
        desk.now += EVERY
        told += [one.template for one in tick(desk)]
    return told


@pytest.fixture
def calm(desk: Desk) -> Desk:
    """A service that runs, with nothing to tell."""
    assert tick(desk) == []
    assert over(desk, HOUR) == []
    return desk


def mail_waits(desk: Desk) -> None:
    envelope = Envelope(
        "x@client.example", ("tld-ops@lists.example",), "192.0.2.1", "c.example", False, "ESMTP"
    )
    with desk.app.database.write() as session:
        inbox.accept(session, [(b"Subject: x\r\n\r\nx\r\n", envelope, desk.now)])


def letter_waits(desk: Desk, kind: Kind = Kind.NOTICE) -> None:
    to = (Recipient("ann@nic.example", Entitled.ADDRESS),)
    with desk.app.database.write() as session:
        desk.app.intake.post(session, [Letter(kind, "jobs/alert_waiting", {"alert_id": "A-1"}, to)], desk.now)


def machine(desk: Desk, **changed: object) -> Machine:
    ends = desk.now + timedelta(days=400)
    usual = Machine("a.lists.example", desk.now, "/var/lib", 5_000_000_000, False, "A" * 40, ends)
    return replace(usual, **changed)


def says(desk: Desk, *words: Machine) -> None:
    with desk.app.database.write() as session:
        for one in words:
            machines.note(session, one)


# --- what is told


def test_mail_that_is_not_carried_out(calm: Desk) -> None:
    mail_waits(calm)
    assert over(calm, timedelta(minutes=10)) == []
    assert over(calm, timedelta(minutes=10)) == ["jobs/inbox_old"]
    letter = calm.last("root@lists.example")
    assert letter.values == {"waits": "20 min", "number": 1}
    assert "tldops-bot inbox list" in calm.text(letter)
    assert over(calm, 23 * HOUR) == []
    assert over(calm, 2 * HOUR) == ["jobs/inbox_old"]
    with calm.app.database.write() as session:
        session.execute(update(InboxRow).values(state="done"))
    assert over(calm, 3 * HOUR) == ["jobs/trouble_over"]
    assert "moves on again" in calm.text(calm.last("root@lists.example"))


def test_an_alert_that_does_not_go_is_told_within_minutes_other_mail_within_the_hour(calm: Desk) -> None:
    letter_waits(calm, Kind.ALERT)
    letter_waits(calm)
    assert over(calm, 10 * MINUTE) == ["jobs/alert_old"]
    assert "127.0.0.1:25" in calm.text(calm.last("root@lists.example"))
    assert over(calm, 40 * MINUTE) == []
    assert over(calm, 30 * MINUTE) == ["jobs/outbox_old"]


def test_a_copy_that_its_own_server_puts_off_is_no_trouble_of_ours(calm: Desk) -> None:
    letter_waits(calm)
    with calm.app.database.write() as session:
        session.execute(update(Delivery).values(attempts=1))
    assert over(calm, 5 * HOUR) == []


def test_a_copy_that_waits_for_a_key_is_none_either(calm: Desk) -> None:
    letter_waits(calm)
    with calm.app.database.write() as session:
        session.execute(update(Delivery).values(state="held"))
    assert over(calm, 5 * HOUR) == []


def test_a_job_that_is_not_done_any_more(calm: Desk) -> None:
    with calm.app.database.write() as session:
        done = calm.now
        session.add(JobRun(name="note_figures", started_at=done, finished_at=done))
        session.add(JobRun(name="of_an_older_version", started_at=done, finished_at=done))
    assert over(calm, 2 * HOUR) == []
    assert over(calm, HOUR) == ["jobs/job_late"]
    assert "tldops-bot run-job note_figures" in calm.text(calm.last("root@lists.example"))


def test_a_disk_that_is_nearly_full(calm: Desk) -> None:
    says(calm, machine(calm, is_low=True, free_bytes=7_000_000), machine(calm, host="b.lists.example"))
    assert over(calm, EVERY) == ["jobs/disk_low"]
    text = calm.text(calm.last("root@lists.example"))
    assert "7 MB are left on a.lists.example" in text
    assert "df -h /var/lib" in text
    says(calm, machine(calm))
    assert over(calm, EVERY) == ["jobs/trouble_over"]


def test_the_key_of_the_list_is_told_weekly_and_in_the_last_week_daily(calm: Desk) -> None:
    ends = calm.now + timedelta(days=29, hours=12)
    told = []
    for _ in range(31 * 2):
        says(calm, machine(calm, key_ends_at=ends))
        told += [calm.now for one in (tick(calm)) if one.template == "jobs/key_ends"]
        calm.now += 12 * HOUR
        tick(calm)  # so that nobody takes it for standing still
        with calm.app.database.write() as session:
            session.get_one(JobRun, "warn_operator").finished_at = calm.now
    assert [(ends - at).days for at in told if at < ends] == [29, 22, 15, 8, 7, 6, 5, 4, 3, 2, 1]
    assert [(at - ends).days for at in told if at >= ends] == [0, 1]
    assert "--quick-set-expire" in calm.text(calm.to("root@lists.example")[0])


def test_a_key_without_end_or_far_from_it_is_not_mentioned(calm: Desk) -> None:
    says(calm, machine(calm, key_ends_at=None), machine(calm, host="b.lists.example"))
    assert over(calm, HOUR) == []


# --- what is not told


def test_after_standing_still_nothing_is_called_late_that_nobody_could_do(calm: Desk) -> None:
    mail_waits(calm)
    calm.now += timedelta(days=2)
    assert tick(calm) == []
    with calm.app.database.write() as session:  # the service does its work again
        session.execute(delete(InboxRow))
    assert over(calm, HOUR) == []


def test_standing_still_does_not_end_a_trouble(calm: Desk) -> None:
    mail_waits(calm)
    assert over(calm, 20 * MINUTE) == ["jobs/inbox_old"]
    calm.now += timedelta(hours=5)
    assert tick(calm) == []
    assert over(calm, HOUR) == []


@pytest.mark.parametrize("silent", ["gpg", "the machine"])
def test_what_nobody_looked_at_is_not_said_to_be_over(calm: Desk, silent: str) -> None:
    soon = calm.now + timedelta(days=20)
    says(calm, machine(calm, is_low=True, key_ends_at=soon))
    assert over(calm, EVERY) == ["jobs/disk_low", "jobs/key_ends"]
    if silent == "gpg":
        says(calm, machine(calm, is_low=True, key_ends_at=None, fingerprint=""))
        assert over(calm, 20 * HOUR) == []
    else:
        assert "jobs/trouble_over" not in over(calm, 30 * HOUR)


def test_it_does_no_harm_to_run_twice(calm: Desk) -> None:
    mail_waits(calm)
    calm.now += 20 * MINUTE
    assert len(tick(calm)) == 1
    assert tick(calm) == []


def test_a_name_of_a_host_may_be_longer_than_a_fact_s(calm: Desk) -> None:
    host = "a" * 200 + ".example"
    says(calm, machine(calm, host=host))
    with calm.look() as session:
        assert [one.host for one in machines.seen_since(session, calm.now - HOUR)] == [host]


# --- the rule itself

NOW = datetime.fromisoformat("2026-03-10T02:47:00+00:00")
DISK = Trouble("jobs/disk_low", "a.lists.example")


def test_what_comes_and_goes_within_a_day_is_told_once() -> None:
    first = news([DISK], (), NOW)
    assert (first.troubles, first.over) == ((DISK,), ())
    gone = news([], first.told, NOW + HOUR)
    assert (gone.troubles, gone.over) == ((), (DISK.name,))
    back = news([DISK], gone.told, NOW + 2 * HOUR)
    assert (back.troubles, back.over) == ((), ())
    again = news([DISK], back.told, NOW + DAY)
    assert again.troubles == (DISK,)
    assert news([DISK], again.told, NOW + HOUR).troubles == ()  # by the clock of another node
    assert news([DISK], again.told, NOW - A_WEEK).troubles == (DISK,)  # the clock was ahead


def test_what_is_over_for_a_day_is_forgotten() -> None:
    told = (Told(DISK.name, NOW, is_over=True),)
    assert news([], told, NOW + HOUR).told == told
    assert news([], told, NOW + DAY).told == ()


def test_each_trouble_has_its_own_measure() -> None:
    key = Trouble("jobs/key_ends", again_after=A_WEEK)
    told = (Told(DISK.name, NOW), Told(key.name, NOW))
    assert news([DISK, key], told, NOW + DAY).troubles == (DISK,)
    assert news([DISK, key], told, NOW + A_WEEK).troubles == (DISK, key)
