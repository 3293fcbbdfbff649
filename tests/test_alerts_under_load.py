"""Many at once, and a smarthost at its worst: no copy is lost, none waits for another, and who says stop is obeyed."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from benchmarks.exercise.story import ciphertext, headers
from benchmarks.people import Member, enrol, make_member
from tests.desk import LIST_LINE
from tests.keys import KeyPair
from tests.letterbox import parse
from tests.roster_files import keep_files
from tests.service import Town, town, wait_until
from tests.sink import HANG, SunkMail
from tldops_bot.store import outbox_copies
from tldops_bot.store.tables import Alert, Delivery, Message

ALERT = (
    f"ALERT\n{LIST_LINE}\nTLP: AMBER\nTitle: Wrong data {{n}}\n\nThe name servers answer with wrong data.\n"
)


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


@pytest.fixture
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert's copies are written seven at a time."""
    monkeypatch.setattr(outbox_copies, "LOT", 7)


def crowd(place: Town, count: int, roster_is_sent: bool = True) -> list[Member]:
    """So many members, each with a key, over as many TLDs."""
    members = [make_member(number + 1) for number in range(count)]
    enrol(place.desk.app.database, members, place.desk.now, count)
    if roster_is_sent:
        place.roster_is_sent()
    return members


def alerts_to(place: Town, address: str) -> list[SunkMail]:
    """The copies of alerts in a mailbox; not that one was taken back."""
    return [
        sunk
        for sunk in place.sink.mails
        if sunk.rcpt == address and re.match(r"\[TLP:AMBER\] A-\d{4}-\d{4}( \(|$)", headers(sunk)["Subject"])
    ]


def told_of_others(one: Member, sunk: SunkMail) -> set[str]:
    """The other alerts that a copy names as open."""
    signed = parse(one.decrypt(ciphertext(sunk)))
    text = signed.get_payload(0).get_payload(0).get_content()  # type: ignore[union-attr]
    own = re.search(r"A-\d{4}-\d{4}", headers(sunk)["Subject"])
    assert own
    return set(re.findall(r"A-\d{4}-\d{4}", text)) - {own[0]}


def state_of_copies(place: Town) -> Counter[str]:
    """How many copies of alerts are in which state."""
    query = select(Delivery.state).join(Message).where(Message.alert_id.is_not(None), Message.priority >= 0)
    with place.desk.look() as session:
        return Counter(session.scalars(query))


def test_ten_members_report_the_same_incident_at_once(place: Town) -> None:
    members = crowd(place, 10)
    mails = [one.signed_mail(ALERT.format(n=one.number)) for one in members]
    with place.serving():
        with ThreadPoolExecutor(10) as threads:
            for done in [
                threads.submit(place.send, raw, one.address) for raw, one in zip(mails, members, strict=True)
            ]:
                done.result()
        place.quiet()
    for one in members:
        assert len(alerts_to(place, one.address)) == 10
    with place.desk.look() as session:
        assert len(set(session.scalars(select(Alert.id)))) == 10
    # The first names no other, the tenth all nine: who reads it sees that it is one incident.
    named = [len(told_of_others(members[0], sunk)) for sunk in alerts_to(place, members[0].address)]
    assert sorted(named) == list(range(10))


def test_a_mailbox_whose_server_never_answers_delays_nobody(place: Town) -> None:
    members = crowd(place, 12)
    place.sink.answer("RCPT", HANG, match=f"<{members[5].address}>")
    place.sink.answer(".", HANG, match=members[7].address)
    with place.serving():
        place.send(members[0].signed_mail(ALERT.format(n=1)), members[0].address)
        others = [one for one in members if one not in (members[5], members[7])]
        wait_until(lambda: all(alerts_to(place, one.address) for one in others))
    assert state_of_copies(place)["taken"] == 10
    place.sink.behave()
    with place.serving():  # whoever hung when the service was stopped is not forgotten
        wait_until(lambda: all(alerts_to(place, one.address) for one in members))


SLOW_SECONDS = (
    1.0  # of the smarthost's, for each mail on each of four connections: a fan-out takes 15 seconds
)
CROWD = 60
CONNECTIONS = 4


@pytest.mark.usefixtures("small_lots")
@pytest.mark.parametrize("verb", ["STOP", "RETRACT"])
def test_in_mid_fan_out_no_further_copy_leaves(place: Town, carol: KeyPair, verb: str) -> None:
    """Nor one that is signed, encrypted and about to be handed over."""
    members = crowd(place, CROWD)
    place.desk.member(carol, "zz", office="committee")
    place.sink.answer(".", delay=SLOW_SECONDS)
    number = f"A-{place.desk.now.year}-0001"
    stop = carol.pgp_mime_signed(f"{LIST_LINE}\n{verb} {number} it is forged")
    with place.serving():
        place.send(members[0].signed_mail(ALERT.format(n=1)), members[0].address)
        wait_until(lambda: place.sink.taken >= 4)
        place.send(stop, carol.address)
        stopped = place.next_to(carol, "SUCCESS")
        told_at = next(sunk.at for sunk in reversed(place.sink.mails) if sunk.rcpt == carol.address)
        place.sink.behave()
        place.quiet()
    assert number in stopped.text
    found = state_of_copies(place)
    assert found["taken"] + found["dropped"] == CROWD + 1
    copies = [sunk for one in (*members, carol) for sunk in alerts_to(place, one.address)]
    assert found["taken"] == len(copies) < CROWD // 2
    taken_back = [sunk for sunk in place.sink.mails if "IS TAKEN BACK" in headers(sunk)["Subject"]]
    assert len(taken_back) == (CROWD + 1 if verb == "RETRACT" else 0)  # whoever got it or not
    assert sum(sunk.at > told_at for sunk in copies) <= CONNECTIONS  # those the smarthost had in its hands


@pytest.mark.usefixtures("small_lots")
def test_what_was_still_to_come_when_the_service_was_killed_goes_before_all_else(place: Town) -> None:
    members = crowd(place, CROWD)
    poster = members[0]
    place.desk.receive(poster.signed_mail(ALERT.format(n=1)), poster.address)  # committed, and nothing more
    assert state_of_copies(place).total() == 7
    with place.serving():
        place.quiet()
    for one in members:
        assert len(alerts_to(place, one.address)) == 1
    subjects = [headers(sunk)["Subject"] for sunk in sorted(place.sink.mails, key=lambda sunk: sunk.at)]
    [answered] = [nth for nth, subject in enumerate(subjects) if subject.startswith("SUCCESS")]
    assert answered > CROWD - 7 - 4 * CONNECTIONS


@pytest.mark.usefixtures("small_lots")
def test_an_alert_during_a_roster_run_goes_first(place: Town) -> None:
    members = crowd(place, CROWD, roster_is_sent=False)
    app = place.desk.app
    # Not printed: that gives way to all else, and takes long on a busy machine.
    with app.database.write() as session:
        keep_files(session, app.config, app.tlds, place.desk.now)
    place.sink.answer(".", delay=SLOW_SECONDS)
    alert = members[0].signed_mail(ALERT.format(n=1))
    with place.serving():
        wait_until(lambda: place.sink.taken >= 4)
        assert not alerts_to(place, members[0].address)
        place.send(alert, members[0].address)
        wait_until(lambda: any(alerts_to(place, one.address) for one in members))
        place.sink.behave()
        place.sink.answer(".", delay=SLOW_SECONDS / 10)
        wait_until(lambda: all(alerts_to(place, one.address) for one in members))
        rosters_by_then = (
            sum(sunk.rcpt in {one.address for one in members} for sunk in place.sink.mails) - CROWD
        )
        place.sink.behave()
        place.quiet()
    for one in members:
        assert len([sunk for sunk in place.sink.mails if sunk.rcpt == one.address]) >= 2
    assert rosters_by_then < CROWD // 2


def test_a_copy_put_off_while_the_alert_is_stopped_is_not_tried_again(place: Town, carol: KeyPair) -> None:
    members = crowd(place, 12)
    place.desk.member(carol, "zz", office="committee")
    place.sink.answer(".", "451 4.3.0 Not now", match="@registry.example", delay=0.5)
    with place.serving():
        place.send(members[0].signed_mail(ALERT.format(n=1)), members[0].address)
        wait_until(lambda: bool(alerts_to(place, carol.address)))
        place.say_bound(carol, f"STOP A-{place.desk.now.year}-0001 it is forged")
        place.next_to(carol, "SUCCESS")
        wait_until(lambda: not state_of_copies(place)["sending"])
        place.sink.behave()
        make_due(place)
        wait_until(lambda: state_of_copies(place) == {"taken": 1, "dropped": 12})
    assert not any(alerts_to(place, one.address) for one in members)


def make_due(place: Town) -> None:
    """As if the wait for the next attempt were over."""
    with place.desk.app.database.write() as session:
        session.execute(update(Delivery).values(next_attempt_at=place.desk.now))
