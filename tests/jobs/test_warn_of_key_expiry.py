"""Whose key ends is told in time, each rung once, with what mends it; and what was missed comes when it is mended."""

from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, stored
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import outbox, people, recipients
from tldops_bot.store.tables import CertificateRow

DAY = timedelta(days=1)


def run(desk: Desk) -> list[Letter]:
    """One run of the job; its letters are also on the desk."""
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        letters = list(JOBS["warn_of_key_expiry"].run(context))
    desk.letters += letters
    return letters


def lasts(desk: Desk, who: KeyPair, days: float | None) -> None:
    """As if the key had been made to last that long from now."""
    with desk.app.database.write() as session:
        row = session.get_one(CertificateRow, who.fingerprint)
        row.expires_at = None if days is None else desk.now + days * DAY


def test_every_rung_is_told_once_on_the_way_to_the_end(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    lasts(desk, ann, 62)
    days = []
    for _ in range(64 * 2):
        days += [(one.values["days"], one.values["is_expired"]) for one in run(desk)]
        desk.later(hours=12)
    assert days == [(60, False), (30, False), (14, False), (7, False), (1, False), (1, True)]


def test_the_letter_goes_to_the_person_with_the_lines_that_mend_it(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    lasts(desk, ann, 13)
    (letter,) = run(desk)
    assert [(to.address, to.entitled) for to in letter.to] == [(ann.address, Entitled.PERSON)]
    text = desk.text(letter)
    assert f"gpg --quick-set-expire {ann.fingerprint} 2y" in text
    assert "13 days" in text
    assert "\nKEY\nList: " in text


def test_a_key_without_end_or_far_from_it_is_not_mentioned(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    lasts(desk, ann, None)
    lasts(desk, bob, 61)
    assert run(desk) == []


def test_who_has_left_is_not_nagged(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    answer(desk, ann.address)
    lasts(desk, ann, 5)
    assert run(desk) == []


@pytest.mark.parametrize("is_blocked", [True, False])
def test_a_dead_key_is_not_said_to_expire(desk: Desk, ann: KeyPair, is_blocked: bool) -> None:
    desk.member(ann, "nl")
    lasts(desk, ann, 5)
    with desk.app.database.write() as session:
        if is_blocked:
            person = people.by_fingerprint(session, ann.fingerprint)
            assert person is not None
            person.key_blocked_at = desk.now
        else:
            session.get_one(CertificateRow, ann.fingerprint).is_revoked = True
    assert run(desk) == []


def test_a_prolonged_key_begins_the_ladder_anew(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    lasts(desk, ann, 1)
    assert len(run(desk)) == 1
    lasts(desk, ann, 700)
    assert run(desk) == []
    assert stored(desk, ann.address).key_rung == 0
    lasts(desk, ann, 60)
    assert len(run(desk)) == 1


def test_an_alert_waits_for_a_mended_key_and_comes_by_itself(desk: Desk) -> None:
    made_at = desk.now - 10 * DAY
    dora = KeyPair.make("Dora Example", "dora.sample@nic.example", expire="20d", made_at=made_at)
    person_id = desk.member(dora, "nl")
    desk.later(days=11)
    (told,) = run(desk)
    assert told.values["is_expired"]
    to = (Recipient(dora.address, Entitled.MEMBER, person_id, dora.fingerprint),)
    alert = Letter(Kind.ALERT, "jobs/alert_waiting", {"alert_id": "A-2026-0001"}, to, is_confidential=True)
    with desk.app.database.write() as session:
        desk.app.intake.post(session, [alert], desk.now)
    assert treatment(desk) == "hold"
    prolonged = dora.extended("2y", at=desk.now)
    assert prolonged != b""
    assert outcome(desk.say(dora, "KEY", attachments=[dora.key_attachment()])) == "renewed"
    assert treatment(desk) == "encrypt"
    assert run(desk) == []


def treatment(desk: Desk) -> str:
    """What the outbox does with the alert now; one that is withheld is marked so, as delivery does it."""
    with desk.app.database.write() as session:
        claimed = [one for one in outbox.claim(session, desk.now, 100, desk.now, "x") if one.priority == 0]
        messages = outbox.load(session, {one.message_id for one in claimed})
        found = recipients.look_up(session, claimed, messages, desk.now)
        (right,) = {one.right.treatment.value for one in found.values()}
        state = outbox.HELD if right == "hold" else outbox.WAITING
        marks = [outbox.Mark(one, state, 0, desk.now, status="no-key") for one in claimed]
        outbox.mark(session, marks, desk.now)
        return right
