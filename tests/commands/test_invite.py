"""INVITE: those who are missing are asked once in a while, politely, and answer with one line."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete

from tests.clockwork import tick
from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, outcome, prove, rows, states, subscribe, templates
from tldops_bot.domain.outreach import INVITATIONS_A_DAY, MISSING_A_DAY
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import audit, bounces
from tldops_bot.store.tables import Delivery, Invitation, Message, Office

ADMIN, TECH, OTHER = "admin@registry.example", "tech@registry.example", "noc@backend.example"


@pytest.fixture
def office(carol: KeyPair) -> Iterator[Desk]:
    """A desk with a secretariat, two seats for each TLD, and two TLDs that nobody speaks for."""
    with open_desk("[membership]\ncontacts_per_tld = 2") as desk:
        desk.member(carol, office="secretariat")
        desk.iana("nl", ADMIN, TECH)
        desk.iana("be", OTHER)
        yield desk


def run(desk: Desk) -> int:
    """One run of the job; how many letters it made."""
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        letters = JOBS["send_invitations"].run(context)
        assert isinstance(letters, list)
        desk.app.intake.post(session, letters, desk.now)
    desk.letters += letters
    return len(letters)


def invitations(desk: Desk) -> dict[str, str]:
    return {one.address: one.state for one in all_of(desk, Invitation)}


def test_each_iana_address_of_the_tld_gets_one_mail_that_one_line_answers(
    office: Desk, carol: KeyPair
) -> None:
    handled = office.say_bound(carol, "INVITE nl")
    assert outcome(handled) == "invited"
    assert [one["address"] for one in handled.decision.parts[0].outcome.values["sent"]] == [ADMIN, TECH]
    for address in (ADMIN, TECH):
        text = office.text(office.last(address))
        assert "IANA shows this address as a contact of the TLD" in text
        assert f"\nCONFIRM {office.token_for(address)}\n" in text
        assert "named people" in text
    assert invitations(office) == {ADMIN: "sent", TECH: "sent"}


def test_yes_brings_the_form_which_filled_in_starts_a_request(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    handled = answer(office, ADMIN)
    assert outcome(handled) == "invited"
    assert invitations(office)[ADMIN] == "answered"
    reply = office.last(ADMIN)
    assert [one.name for one in reply.attachments] == ["tld-ops-list-key.asc"]
    form = office.text(reply).partition("SUBSCRIBE nl\n")[2].partition("\n\n")[0]
    filled = form.replace("Name:", "Name: Ann Example").replace("\nEmail:", "\nEmail: ann@nic.example")
    filled = filled.replace("Phone:", "Phone: +44 20 7946 0123")
    assert "Mobile:\n" in filled, "what is left empty stays empty"
    assert outcome(office.write(ADMIN, f"SUBSCRIBE nl\n{filled}")) == "waiting"
    assert templates(office, "ann@nic.example") == ["letters/prove"]
    tick(office, "send_invitations")
    assert "letters/invitation_answered" in templates(office, carol.address)


def test_the_secretariat_hears_of_all_answers_of_a_day_in_one_mail(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    office.say_bound(carol, "INVITE be")
    answer(office, ADMIN)
    assert len(tick(office, "send_invitations")) == 1
    office.later(hours=1)
    answer(office, TECH, "DECLINE", "not our task")
    answer(office, OTHER)
    assert tick(office, "send_invitations") == [], "one mail a day"
    office.later(hours=23)
    [told] = tick(office, "send_invitations")
    assert [(said["is_yes"], said["because"]) for said in told.values["answers"]] == [
        (False, "not our task"),
        (True, ""),
    ]
    office.later(days=2)
    assert tick(office, "send_invitations") == [], "each answer is told once"


def test_without_a_secretariat_nobody_is_told_and_nothing_waits(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    answer(office, ADMIN)
    with office.app.database.write() as session:
        session.execute(delete(Office))
    assert tick(office, "send_invitations") == []


def test_form_sent_back_empty_says_what_is_missing(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    answer(office, ADMIN)
    form = office.text(office.last(ADMIN)).partition("SUBSCRIBE nl\n")[2].partition("\n\n")[0]
    assert outcome(office.write(ADMIN, f"SUBSCRIBE nl\n{form}")) == "field_missing"


def test_no_is_noted_with_its_reason_and_the_address_left_in_peace(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE be")
    assert outcome(answer(office, OTHER, "DECLINE", "we have no staff for that")) == "not_invited"
    (row,) = all_of(office, Invitation)
    assert (row.state, row.because) == ("declined", "we have no staff for that")
    tick(office, "send_invitations")
    told = next(one for one in office.to(carol.address) if one.template == "letters/invitation_answered")
    [said] = told.values["answers"]
    assert (said["is_yes"], said["because"]) == (False, "we have no staff for that")
    office.later(days=89)
    assert outcome(office.say_bound(carol, "INVITE be")) == "invited_lately"
    office.later(days=1)
    assert outcome(office.say_bound(carol, "INVITE be")) == "invited"


@pytest.mark.parametrize("words", ["No!", "yes please", "", "CONFIRM", "CONFIRM 7F3K-9QWX-2M4T-B8RD"])
def test_anything_but_the_whole_answer_changes_nothing(office: Desk, carol: KeyPair, words: str) -> None:
    office.say_bound(carol, "INVITE be")
    before = rows(office)
    office.write(OTHER, f"{words}\n\nOn Monday we wrote:\nCONFIRM {office.token_for(OTHER)}")
    assert rows(office) == before


def test_automatic_answer_is_none(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE be")
    before, sent = rows(office), len(office.letters)
    text = f"CONFIRM {office.token_for(OTHER)}"
    office.write(OTHER, text, **{"Auto-Submitted": "auto-replied"})
    assert (rows(office), len(office.letters)) == (before, sent)


def test_token_answers_once(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE be")
    token = office.token_for(OTHER)
    assert outcome(office.write(OTHER, f"CONFIRM {token}")) == "invited"
    assert outcome(office.write(OTHER, f"DECLINE {token}")) == "token_used"
    assert invitations(office) == {OTHER: "answered"}


def test_answer_to_an_invitation_that_was_forgotten_is_void(office: Desk, carol: KeyPair) -> None:
    for verb in ("CONFIRM", "DECLINE"):
        office.later(seconds=1)
        office.say_bound(carol, "INVITE be")
        with office.app.database.write() as session:
            session.delete(session.query(Invitation).one())
        assert outcome(answer(office, OTHER, verb)) == "token_void"


def test_one_mail_names_every_tld_of_the_address_that_lacks_people(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    for tld in ("at", "ch", "li"):
        office.iana(tld, OTHER)
    office.member(ann, "ch")
    office.say_bound(carol, "INVITE be")
    (row,) = all_of(office, Invitation)
    assert row.tlds == ["at", "be", "li"]
    assert outcome(office.say_bound(carol, "INVITE at")) == "invited_lately"


def test_address_the_secretariat_found_is_invited_too(office: Desk, carol: KeyPair) -> None:
    handled = office.say_bound(carol, "INVITE nl <Ann@Nic.Example>")
    assert outcome(handled) == "invited"
    assert templates(office, "ann@nic.example") == ["letters/invite"]
    assert "Our secretariat was given this address" in office.text(office.last("ann@nic.example"))
    assert templates(office, ADMIN) == []
    assert outcome(office.say_bound(carol, "INVITE be ann@nic.example")) == "invited_lately"


def test_only_the_addresses_not_asked_lately_are_asked(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, f"INVITE nl {ADMIN}")
    values = office.say_bound(carol, "INVITE nl").decision.parts[0].outcome.values
    assert [one["address"] for one in values["sent"]] == [TECH]
    assert [one["address"] for one in values["lately"]] == [ADMIN]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("nl be", "bad_arguments"),
        ("nl a@nic.example b@nic.example", "bad_arguments"),
        ("zz", "unknown_tld"),
        ("com", "not_served"),
        ("lu", "no_iana_address"),
        ("nl ann@@nic", "bad_field"),
        ("ch ann@nic.example", "already_contact"),
        ("at", "no_seat_to_fill"),
    ],
)
def test_bad_arguments_change_nothing(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, words: str, reason: str
) -> None:
    office.member(ann, "ch", "at")
    office.member(bob, "at")
    before = rows(office)
    assert outcome(office.say_bound(carol, f"INVITE {words}")) == reason
    assert rows(office) == before


def test_only_the_secretariat_and_the_committee_invite(office: Desk, ann: KeyPair, bob: KeyPair) -> None:
    office.member(ann, "nl")
    office.member(bob, office="committee")
    assert outcome(office.say_bound(ann, "INVITE be")) == "not_secretariat"
    assert outcome(office.write(OTHER, "INVITE be")) == "unsigned"
    assert outcome(office.say_bound(bob, "INVITE be")) == "invited"


def test_no_more_than_so_many_go_in_a_day(office: Desk, carol: KeyPair) -> None:
    with office.app.database.write() as session:
        for number in range(INVITATIONS_A_DAY - 1):
            address = f"p{number}@nic.example"
            session.add(
                Invitation(
                    address=address,
                    address_key=address,
                    tlds=["fr"],
                    state="sent",
                    is_found=True,
                    asked_at=office.now,
                    sent_at=office.now,
                )
            )
    assert outcome(office.say_bound(carol, "INVITE nl")) == "invited_enough"
    assert outcome(office.say_bound(carol, "INVITE be")) == "invited"
    office.later(days=1)
    assert outcome(office.say_bound(carol, "INVITE nl")) == "invited"


# --- all that are missing


def test_missing_is_planned_and_goes_by_itself_each_address_once(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    office.iana("at", OTHER)
    office.member(ann, "ch")
    office.iana("ch", "admin@nic.example")
    handled = office.say_bound(carol, "INVITE MISSING")
    values = handled.decision.parts[0].outcome.values
    assert (outcome(handled), values["planned"], values["lately"]) == ("planned", 3, 0)
    assert "fr" in values["unreachable"]
    assert invitations(office) == {ADMIN: "planned", TECH: "planned", OTHER: "planned"}
    assert run(office) == 3
    assert run(office) == 0
    assert office.last(OTHER).values["tlds"] == ["at", "be"]
    assert templates(office, "admin@nic.example") == []
    office.later(seconds=1)
    again = office.say_bound(carol, "INVITE MISSING").decision.parts[0].outcome.values
    assert (again["planned"], again["lately"]) == (0, 3)


def test_daily_share_is_kept_after_days_of_standing_still(office: Desk, carol: KeyPair) -> None:
    tlds = [one.tld.a_label for one in office.app.tlds.of_kind("cctld")][: MISSING_A_DAY + 5]
    for number, tld in enumerate(tlds):
        office.iana(tld, f"admin{number}@registry.example")
    office.say_bound(carol, "INVITE MISSING")
    planned = len(all_of(office, Invitation))
    assert planned > MISSING_A_DAY
    office.later(days=3)
    assert run(office) == MISSING_A_DAY
    office.later(hours=23)
    assert run(office) == 0
    office.later(hours=1)
    assert run(office) == planned - MISSING_A_DAY


def test_who_gets_people_while_waiting_is_not_asked(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    office.say_bound(carol, "INVITE MISSING")
    office.member(ann, "be")
    subscribe(office, bob, "nl")
    prove(office, bob)
    assert run(office) == 0
    assert set(invitations(office).values()) == {"needless"}
    assert "letters/invite" not in templates(office, ADMIN)


def test_address_that_iana_shows_no_more_is_not_asked(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE MISSING")
    office.iana("be", "new@backend.example", at=office.now + timedelta(minutes=1))
    run(office)
    assert invitations(office)[OTHER] == "needless"
    assert templates(office, "new@backend.example") == []


def test_one_whose_turn_is_to_come_is_not_asked_beside_it(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE MISSING")
    assert outcome(office.say_bound(carol, "INVITE be")) == "invited_lately"


def test_stop_ends_what_has_not_gone(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE MISSING")
    handled = office.say_bound(carol, "INVITE STOP")
    assert handled.decision.parts[0].outcome.values == {"number": 3}
    assert run(office) == 0
    assert outcome(office.say_bound(carol, "INVITE be")) == "invited"


def test_nobody_is_missing_when_nobody_can_be_asked(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="secretariat")
    assert desk.say_bound(carol, "INVITE MISSING").decision.parts[0].outcome.values["planned"] == 0


def test_generic_tlds_are_asked_where_they_are_served(carol: KeyPair) -> None:
    with open_desk('[membership]\nconstituencies = ["cctld", "gtld"]') as desk:
        desk.member(carol, office="secretariat")
        desk.iana("com", ADMIN)
        assert outcome(desk.say_bound(carol, "INVITE com")) == "invited"


# --- what is kept


def test_what_went_and_what_came_back_stands_in_pending(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    office.say_bound(carol, "INVITE be")
    answer(office, ADMIN, "DECLINE", "no staff")
    with office.app.database.write() as session:
        refused, bounced = (
            session.query(Delivery).join(Message).filter(Delivery.rcpt_to == one).first()
            for one in (OTHER, TECH)
        )
        assert refused is not None
        assert bounced is not None
        refused.state, refused.finished_at = "refused", office.now
        bounces.note(session, bounced.id, "5.1.1", office.now)
    values = office.say(carol, "PENDING").decision.parts[0].outcome.values
    found = {one["address"]: (one["state"], one["because"]) for one in values["invitations"]}
    assert found == {
        ADMIN: ("declined", "no staff"),
        TECH: ("came_back", ""),
        OTHER: ("came_back", ""),
    }


def test_pending_shows_whose_turn_is_to_come_and_who_has_a_contact_now(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    office.say_bound(carol, "INVITE be")
    office.say_bound(carol, "INVITE MISSING")
    office.member(ann, "be")
    values = office.say(carol, "PENDING").decision.parts[0].outcome.values
    found = {one["address"]: one["state"] for one in values["invitations"]}
    assert found == {OTHER: "joined", ADMIN: "planned", TECH: "planned"}
    office.later(days=91)
    values = office.say(carol, "PENDING").decision.parts[0].outcome.values
    assert [one["state"] for one in values["invitations"]] == ["planned", "planned"]


def test_address_goes_after_a_year(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    assert all_of(office, Invitation) != []
    office.later(days=366)
    with office.app.database.write() as session:
        context = JobContext(
            session, office.now, office.app.config, office.app.tlds, office.app.random_octets
        )
        JOBS["forget_old"].run(context)
    assert all_of(office, Invitation) == []


def test_each_tld_has_it_in_its_history(office: Desk, carol: KeyPair) -> None:
    office.say_bound(carol, "INVITE nl")
    answer(office, TECH)
    with office.look() as session:
        found = [(one.action, one.actor) for one in audit.history(session, "nl")]
    assert found == [
        ("invited", carol.fingerprint),
        ("invited", carol.fingerprint),
        ("invitation_accepted", "mailbox"),
    ]
    assert states(office, "nl") == {}
