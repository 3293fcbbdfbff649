"""A member whose key ended: a word without content at once, and what was missed as soon as the key is mended.

The whole service with real gpg; the member's copy is opened by their own gpg.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.desk import Desk
from tests.keys import LIST_ADDRESS, KeyPair
from tests.outcomes import all_of
from tests.service import Running, Town, town
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.jobs._keys import keep_refreshed
from tldops_bot.jobs._runner import JobRunner
from tldops_bot.store import inbox, outbox, roster_sends
from tldops_bot.store.tables import CertificateRow, Delivery, Message, Person

WORDS = "Fire in the only building"
DAY = timedelta(days=1)


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


@pytest.fixture
def dora(place: Town) -> KeyPair:
    """A member whose key ended yesterday, by her own hand."""
    made_at = place.desk.now - 10 * DAY
    who = KeyPair.make("Dora Example", "dora.sample@nic.example", expire="9d", made_at=made_at)
    place.desk.member(who, "nl")
    return who


def tick(running: Running, name: str) -> int:
    """One tick of the clock, as the service's own."""
    return running.app.job_runner(running.service.delivery.wake).run(JOBS[name])


def subjects(place: Town, who: KeyPair) -> list[str]:
    return [one.subject for one in place.all_to(who)]


def mended(place: Town, dora: KeyPair) -> bytes:
    return dora.extended("2y", at=place.desk.now)


def test_alert_and_roster_are_announced_and_come_once_the_key_is_mended_by_mail(
    place: Town, dora: KeyPair, ann: KeyPair
) -> None:
    place.desk.member(ann, "nl", "be")
    with place.serving() as running:
        place.next_to(ann, "TLD-OPS roster")
        waits = place.next_to(dora, "A roster waits for you")
        place.say_bound(ann, f"ALERT\nTitle: Smoke\n\n{WORDS}")
        place.next_to(ann, "[TLP:AMBER]")
        held = place.next_to(dora, "An alert waits for you")
        for got in (waits, held):
            assert not got.was_encrypted
            assert WORDS not in got.octets.decode()
            assert "Smoke" not in got.octets.decode()
            assert ann.address not in got.octets.decode()
            assert got.files == {}
        assert tick(running, "send_roster") == 0
        place.quiet()
        known = len(subjects(place, dora))

        mended(place, dora)
        place.say(dora, "KEY", attachments=[dora.key_attachment()])
        alert = place.next_to(dora, "[TLP:AMBER]")
        assert alert.was_encrypted
        assert WORDS in alert.octets.decode() or any(WORDS.encode() in one for one in alert.files.values())
        tick(running, "send_roster")
        roster = place.next_to(dora, "TLD-OPS roster")
        assert roster.was_encrypted
        assert ann.address.encode() in b"".join(roster.files.values())
        place.quiet()
        for name in ("send_roster", "warn_of_key_expiry", "drop_held"):
            assert tick(running, name) == 0, name
        place.quiet()
        got = subjects(place, dora)[known:]
        assert len(got) == 3, got  # the answer to KEY, the alert, the roster: each once


def test_a_key_prolonged_in_a_directory_brings_them_too(place: Town, dora: KeyPair, ann: KeyPair) -> None:
    place.desk.member(ann, "nl")
    with place.serving() as running:
        place.next_to(dora, "A roster waits for you")
        place.say_bound(ann, f"ALERT\nTitle: Smoke\n\n{WORDS}")
        place.next_to(dora, "An alert waits for you")
        place.quiet()
        refreshed(place, running, dora, mended(place, dora))
        assert WORDS in place.next_to(dora, "[TLP:AMBER]").inner.as_string()
        tick(running, "send_roster")
        assert place.next_to(dora, "TLD-OPS roster").was_encrypted


def refreshed(place: Town, running: Running, who: KeyPair, published: bytes) -> None:
    """As the daily look into WKD and DANE does it, once it has found a copy."""
    app = running.app
    with app.database.read() as session:
        held = session.get_one(CertificateRow, who.fingerprint).blob
    now = app.now()
    merged = app.gnupg.inspect(app.gnupg.merge(held, published, now), now)
    with app.database.write() as session:
        context = JobContext(session, now, app.config, app.tlds, app.random_octets)
        app.intake.post(session, keep_refreshed(context, who.fingerprint, held, merged), now)
    running.service.delivery.wake()


# --- by hand, with a clock that obeys


@pytest.fixture
def clock(place: Town) -> JobRunner:
    place.desk.app.now = lambda: place.desk.now
    return place.desk.app.job_runner()


def letters(place: Town) -> list[tuple[str, str, str]]:
    """What stands in the outbox: the subject, whom it goes to, and its state."""
    with place.desk.look() as session:
        rows = session.execute(
            select(Message.subject, Delivery.rcpt_to, Delivery.state)
            .join(Delivery, Delivery.message_id == Message.id)
            .order_by(Delivery.id)
        )
        return [(subject, to, state) for subject, to, state in rows]


def to_dora(place: Town, dora: KeyPair) -> list[str]:
    return [subject for subject, to, _ in letters(place) if to == dora.address]


def test_a_long_ended_key_is_told_once_and_gets_one_roster_the_newest(
    place: Town, dora: KeyPair, ann: KeyPair, clock: JobRunner
) -> None:
    place.desk.member(ann, "nl")
    for _ in range(4):
        clock.run(JOBS["send_roster"])
        place.desk.later(days=16)
    assert to_dora(place, dora) == ["A roster waits for you"]
    with place.desk.app.database.write() as session:
        row = session.get_one(CertificateRow, dora.fingerprint)
        row.expires_at = place.desk.now + 700 * DAY
    for _ in range(3):
        clock.run(JOBS["send_roster"])
    (_, roster) = to_dora(place, dora)
    assert "roster" in roster.lower()
    assert f"{place.desk.now:%Y}" in roster


def test_mended_before_the_next_one_it_is_the_roster_of_that_day(
    place: Town, dora: KeyPair, ann: KeyPair, clock: JobRunner
) -> None:
    place.desk.member(ann, "nl")
    clock.run(JOBS["send_roster"])
    place.desk.later(days=1)
    with place.desk.app.database.write() as session:
        session.get_one(CertificateRow, dora.fingerprint).expires_at = None
        session.execute(update(Person).where(Person.email == ann.address).values(name="Ann Elsewhere"))
    assert clock.run(JOBS["send_roster"]) == 1
    with place.desk.look() as session:
        newest = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert newest is not None
        assert b"Ann Elsewhere" in (newest.entity or b"")


@pytest.mark.parametrize("how", ["never had one", "on probation", "has left"])
def test_who_is_sent_no_roster_hears_of_none(
    place: Town, dora: KeyPair, ann: KeyPair, clock: JobRunner, how: str
) -> None:
    place.desk.member(ann, "be")
    with place.desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == dora.address)).one()
        if how == "never had one":
            person.fingerprint = None
        for entry in person.entries:
            entry.probation_until = place.desk.now + (DAY if how == "on probation" else -DAY)
            entry.state = "left" if how == "has left" else entry.state
    clock.run(JOBS["send_roster"])
    assert to_dora(place, dora) == []


def test_a_key_that_ends_while_the_roster_is_on_its_way_is_made_up_for(
    place: Town, ann: KeyPair, clock: JobRunner
) -> None:
    """The smarthost was down when the key ended: no roster is lost, and none comes twice."""
    number = place.desk.member(ann, "nl")
    clock.run(JOBS["send_roster"])
    with place.desk.app.database.write() as session:
        assert roster_sends.take_back(session, number)
        assert not roster_sends.take_back(session, number), "told once"
    assert clock.run(JOBS["send_roster"]) == 1
    assert clock.run(JOBS["send_roster"]) == 0
    with place.desk.app.database.write() as session:
        assert not roster_sends.take_back(session, number + 1), "nobody"


def test_delivery_itself_takes_such_a_roster_back(place: Town, dora: KeyPair) -> None:
    app, desk = place.desk.app, place.desk
    with app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == dora.address)).one()
        roster_sends.record_send(session, desk.now - DAY, [person.id], desk.now - DAY, {"contacts": {}})
        to = (Recipient(dora.address, Entitled.MEMBER, person.id),)
        roster = Letter(
            Kind.ROSTER, "jobs/roster_waiting", {}, to, subject="the roster", is_confidential=True
        )
        app.intake.post(session, [roster], desk.now)
    with place.serving():
        place.next_to(dora, "A roster waits for you")
        place.quiet()
    assert [state for subject, _, state in letters(place) if subject == "the roster"] == ["dropped"]


def test_a_key_that_fails_though_it_has_not_ended_is_no_reason_to_send_for_ever(
    place: Town, ann: KeyPair, clock: JobRunner
) -> None:
    place.desk.member(ann, "nl")
    with place.desk.app.database.write() as session:
        session.get_one(CertificateRow, ann.fingerprint).blob = b"rubbish"
    assert clock.run(JOBS["send_roster"]) == 1
    with place.serving():
        place.quiet()
    assert [state for _, _, state in letters(place)] == ["dropped"]
    assert clock.run(JOBS["send_roster"]) == 0


# --- nothing is kept for ever


def held_alert(place: Town, dora: KeyPair) -> None:
    with place.desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == dora.address)).one()
        letter = Letter(
            Kind.ALERT,
            "jobs/alert_waiting",
            {"alert_id": "A-2026-0001"},
            audience=Audience(Reached(everybody=False), person.id),
            is_confidential=True,
            alert_id="A-2026-0001",
            subject="the alert",
        )
        place.desk.app.intake.post(session, [letter], place.desk.now)


def test_after_thirty_days_an_alert_is_dropped_with_a_word(
    place: Town, dora: KeyPair, clock: JobRunner
) -> None:
    held_alert(place, dora)
    place.desk.later(days=30)
    assert clock.run(JOBS["drop_held"]) == 0
    place.desk.later(seconds=1)
    assert clock.run(JOBS["drop_held"]) == 1
    assert clock.run(JOBS["drop_held"]) == 0
    (alert, word) = letters(place)
    assert alert == ("the alert", dora.address, "dropped")
    assert word == ("An alert is no longer kept for you: A-2026-0001", dora.address, "waiting")
    with place.desk.app.database.write() as session:
        session.get_one(CertificateRow, dora.fingerprint).expires_at = None
        assert outbox.claim(session, place.desk.now, 9, place.desk.now, "x", 0) == []
        assert session.scalars(select(Message.entity).where(Message.alert_id.is_not(None))).one() is None


def test_who_has_left_meanwhile_hears_nothing_of_it(place: Town, dora: KeyPair, clock: JobRunner) -> None:
    held_alert(place, dora)
    with place.desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == dora.address)).one()
        for entry in person.entries:
            entry.state = "left"
    place.desk.later(days=31)
    assert clock.run(JOBS["drop_held"]) == 0
    assert [state for _, _, state in letters(place)] == ["dropped"]


def test_what_waits_for_the_operators_word_is_left_alone(
    place: Town, dora: KeyPair, clock: JobRunner
) -> None:
    held_alert(place, dora)
    with place.desk.app.database.write() as session:
        session.execute(update(Delivery).values(last_status="restored"))
    place.desk.later(days=31)
    assert clock.run(JOBS["drop_held"]) == 0
    assert [state for _, _, state in letters(place)] == ["held"]


def revoking(who: KeyPair) -> bytes:
    head = b"Content-Type: application/pgp-keys\r\n\r\n"
    return head + who.revocation().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def certificate_of(desk: Desk, who: KeyPair) -> Certificate:
    (row,) = [one for one in all_of(desk, CertificateRow) if one.fingerprint == who.fingerprint]
    (found,) = desk.app.gnupg.inspect(row.blob, desk.now)
    assert row.is_revoked == found.is_revoked
    return found


def test_of_two_things_that_one_mail_proves_about_a_key_none_is_lost(desk: Desk, ann: KeyPair) -> None:
    vera = KeyPair.make("Vera Example", "vera@nic.example")
    desk.member(vera, "nl")
    vera.add_subkey("cv25519", "encrypt")
    desk.say(ann, "HELP", attachments=[revoking(vera), vera.key_attachment()])
    kept = certificate_of(desk, vera)
    assert (kept.is_revoked, len(kept.subkey_fingerprints)) == (True, 2)


def test_of_what_two_mails_prove_about_a_key_at_the_same_moment_none_is_lost(
    desk: Desk, ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera, intake = KeyPair.make("Vera Example", "vera@nic.example"), desk.app.intake
    desk.member(vera, "nl")
    vera.add_subkey("cv25519", "encrypt")
    slow = ann.pgp_mime_signed("HELP", attachments=[vera.key_attachment()], at=desk.now)
    with desk.app.database.write() as session:
        inbox.accept(
            session, [(slow, Envelope("x@client.example", (LIST_ADDRESS,), "", "", False, ""), desk.now)]
        )
        (claimed,) = inbox.claim(session, "slow", desk.now)
    judged = intake.judge(claimed)
    desk.say(ann, "HELP ALERT", attachments=[revoking(vera)])
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(intake, "judge", lambda _: judged)
        assert intake.handle(claimed, desk.now) is None, "its turn is later"
    desk.later(minutes=1)
    assert len(desk.work()) == 1
    kept = certificate_of(desk, vera)
    assert (kept.is_revoked, len(kept.subkey_fingerprints)) == (True, 2)


def test_a_copy_that_mends_nothing_releases_nothing(place: Town, dora: KeyPair, ann: KeyPair) -> None:
    """Else each would bring another word that an alert waits."""
    held_alert(place, dora)
    desk = place.desk
    dora.add_subkey("cv25519", "encrypt", expire="8d", at=desk.now - 9 * DAY)
    handled = desk.say(ann, "HELP", attachments=[dora.key_attachment()])
    assert [one.certificate.fingerprint for one in handled.judged.merged] == [dora.fingerprint], (
        "something was merged"
    )
    assert [state for subject, _, state in letters(place) if subject == "the alert"] == ["held"]
