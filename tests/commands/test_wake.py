"""`Wake:` in UPDATE: proven by a word through that very gateway; whom an alert wakes, and what of it others see."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.clockwork import tick
from tests.commands.test_status import number
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, outcome, rows, stored, templates
from tldops_bot.commands import _waking
from tldops_bot.store.tables import Alert, AuditEntry, Person, Token, WakeChannel, WakeSend

NUMBER = "+44 20 7946 0456"
E164 = "+442079460456"
PREMIUM = "+44 909 879 0000"
GATES = """[wake]
gateways = { sms = "json://127.0.0.1:9/sms/{phone}", ntfy = "json://127.0.0.1:9/ntfy/{to}" }
"""
REPLACED = GATES.replace("sms =", "signal =")


@pytest.fixture
def gated() -> Iterator[Desk]:
    """A desk whose operator has two gateways."""
    with open_desk(GATES) as one:
        yield one


@pytest.fixture
def town(gated: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    gated.member(ann, "nl")
    gated.member(bob, "be")
    gated.member(carol, office="committee")
    return gated


def wish(desk: Desk, who: KeyPair, value: str) -> str:
    desk.later(seconds=1)
    return outcome(desk.say_bound(who, f"UPDATE\nWake: {value}"))


def words(desk: Desk) -> list[WakeSend]:
    """What waits to go through a gateway."""
    return [one for one in all_of(desk, WakeSend) if one.state == "waiting"]


def prove(desk: Desk, who: KeyPair, value: str) -> None:
    assert wish(desk, who, value) == "updated"
    assert outcome(desk.write("phone@elsewhere.example", f"CONFIRM {words(desk)[-1].words}")) == "wake_proven"


def ways(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.gateway, one.target, one.severity) for one in all_of(desk, WakeChannel)]


def alert(desk: Desk, who: KeyPair, fields: str = "") -> str:
    desk.later(seconds=1)
    assert outcome(desk.say_bound(who, f"ALERT\n{fields}\n\nLook out")) == "posted"
    return number(desk)


# --- a way is proven


def test_a_word_goes_that_way_and_must_come_back_before_it_counts(town: Desk, ann: KeyPair) -> None:
    handled = town.say_bound(ann, f"UPDATE\nPostal: 1 Example Street\nWake: sms {NUMBER}, critical")
    assert outcome(handled) == "updated"
    assert handled.decision.status.value == "WAITING"
    (sent,) = words(town)
    assert (sent.kind, sent.gateway, sent.target, sent.alert_id) == ("token", "sms", E164, None)
    assert ways(town) == []
    assert stored(town, ann.address).postal == "1 Example Street"
    reply = town.text(next(one for one in town.to(ann.address) if one.template == "reply"))
    assert "Wake: a word for you goes that way now" in reply
    assert sent.words not in reply  # else the mailbox could prove it
    assert all(sent.words not in str(one.values) for one in town.letters)
    assert outcome(town.write("phone@elsewhere.example", f"CONFIRM {sent.words}")) == "wake_proven"
    assert ways(town) == [("sms", E164, "critical")]
    told = town.last(ann.address)
    assert told.template == "letters/wake_proven"
    assert told.values["target"] == "+44…56"
    assert E164 not in town.text(told)


def test_the_word_proves_no_mailbox_and_stands_in_no_log_of_ours(town: Desk, ann: KeyPair) -> None:
    prove(town, ann, f"sms {NUMBER}")
    (token,) = all_of(town, Token)
    assert token.address == ""
    audit = [(one.action, one.details) for one in all_of(town, AuditEntry)]
    assert "wake_proven" in [action for action, _ in audit]
    assert all(E164 not in details and NUMBER not in details for _, details in audit)


def test_no_is_an_answer_too(town: Desk, ann: KeyPair) -> None:
    wish(town, ann, "ntfy ann_at_night")
    handled = town.write("phone@elsewhere.example", f"DECLINE {words(town)[0].words}")
    assert outcome(handled) == "dropped"
    assert "You are not woken that way" in town.text(town.last("phone@elsewhere.example"))
    assert ways(town) == []


def test_the_way_before_stays_until_the_new_one_is_proven(town: Desk, ann: KeyPair) -> None:
    prove(town, ann, "ntfy ann")
    assert wish(town, ann, f"sms {NUMBER}") == "updated"
    assert ways(town) == [("ntfy", "ann", "high")]


def test_a_second_wish_makes_the_word_of_the_first_worthless(town: Desk, ann: KeyPair) -> None:
    wish(town, ann, "ntfy ann")
    first = words(town)[0].words
    wish(town, ann, "ntfy other")
    assert [one.target for one in words(town)] == ["other"]
    assert outcome(town.write("phone@elsewhere.example", f"CONFIRM {first}")) == "token_void"


def test_another_severity_needs_no_new_proof(town: Desk, ann: KeyPair) -> None:
    prove(town, ann, "ntfy ann")
    handled = town.say_bound(ann, "UPDATE\nWake: NTFY ann, low")
    assert handled.decision.status.value == "SUCCESS"
    assert ways(town) == [("ntfy", "ann", "low")]


@pytest.mark.parametrize("value", ["none", "-", ""])
def test_one_line_ends_it(town: Desk, ann: KeyPair, value: str) -> None:
    prove(town, ann, "ntfy ann")
    wish(town, ann, "ntfy other")
    late = words(town)[0].words
    assert wish(town, ann, value) == "updated"
    assert ways(town) == words(town) == []
    assert outcome(town.write("phone@elsewhere.example", f"CONFIRM {late}")) == "token_void"


def test_contact_without_a_key_proves_the_mailbox_first(gated: Desk, ann: KeyPair) -> None:
    gated.member(ann, "nl", keyless=True)
    gated.write(ann.address, f"UPDATE\nWake: sms {NUMBER}")
    assert words(gated) == []
    answer(gated, ann.address)
    gated.work()
    assert [one.target for one in words(gated)] == [E164]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sms", "bad_wake"),
        ("sms, high", "bad_wake"),
        (f"pager {NUMBER}", "bad_wake"),
        (f"sms {NUMBER}, loud", "bad_wake"),
        ("sms call me", "bad_phone"),
        ("sms 12", "bad_phone"),
        (f"sms {PREMIUM}", "bad_phone"),
        (f"ntfy {PREMIUM}", "bad_phone"),
        ("ntfy ../../admin", "bad_wake"),
        ("ntfy ann?to=all", "bad_wake"),
        ("ntfy ann/everybody", "bad_wake"),
        ("ntfy http://evil.example", "bad_wake"),
        ("ntfy {to}", "bad_wake"),
        ("ntfy ann bob", "bad_wake"),
        (f"ntfy ann\nWake: sms {NUMBER}", "field_twice"),
        (f"sms {NUMBER}\nMobile: 12", "bad_phone"),
    ],
)
def test_bad_wish_changes_nothing(town: Desk, ann: KeyPair, value: str, reason: str) -> None:
    before = rows(town)
    assert wish(town, ann, value) == reason
    assert rows(town) == before


def test_a_refusal_names_the_gateways_and_the_one_that_was_meant(town: Desk, ann: KeyPair) -> None:
    assert wish(town, ann, f"smss {NUMBER}") == "bad_wake"
    text = town.app.renderer.fragment(
        "refusals/bad_wake", {"value": "smss", "gateways": ["ntfy", "sms"], "nearest": "sms"}
    )
    assert "Did you mean sms?" in text
    assert "\n  ntfy\n  sms\n" in text


def test_a_number_of_one_s_own_country_needs_no_country_code(gated: Desk, ann: KeyPair) -> None:
    gated.member(ann, "uk")
    assert wish(gated, ann, "sms 020 7946 0456") == "updated"
    assert words(gated)[0].target == E164


def test_a_gateway_for_any_word_takes_a_number_in_its_one_form(town: Desk, ann: KeyPair) -> None:
    assert wish(town, ann, f"ntfy {NUMBER}") == "updated"
    assert words(town)[0].target == E164


def test_without_gateways_there_is_no_such_way(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, f"UPDATE\nWake: sms {NUMBER}")) == "no_gateway"
    assert outcome(desk.say_bound(ann, "UPDATE\nWake: none")) == "updated"


def test_nobody_makes_us_ring_strangers_all_day(town: Desk, ann: KeyPair) -> None:
    found = [wish(town, ann, f"ntfy stranger{nth}") for nth in range(4)]
    assert found == ["updated", "updated", "updated", "wake_often"]
    assert [one.target for one in words(town)] == ["stranger2"]
    town.later(days=1)
    assert wish(town, ann, "ntfy ann") == "updated"


def test_whoever_joins_does_it_later(gated: Desk, ann: KeyPair) -> None:
    fields = f"SUBSCRIBE nl\nName: Ann Example\nMobile: {NUMBER}\nWake: ntfy ann"
    assert outcome(gated.say(ann, fields, attachments=[ann.key_attachment()])) == "unknown_field"


def test_what_the_secretariat_enters_is_asked_of_the_person_and_then_proven(
    gated: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    gated.member(ann, "nl", keyless=True)
    gated.member(carol, office="secretariat")
    assert outcome(gated.say_bound(carol, f"UPDATE {ann.address}\nWake: sms {NUMBER}, low")) == "proposed"
    asked = gated.last(ann.address)
    assert ("Wake", "sms +44…56") in asked.values["changes"]
    assert words(gated) == []
    assert outcome(answer(gated, ann.address)) == "updated"
    assert [one.target for one in words(gated)] == [E164]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(f"sms {NUMBER}, high", "sms +44…56"), (f"sms {NUMBER}", "sms +44…56"), ("ntfy ann", "ntfy …")],
)
def test_in_clear_only_a_part_of_it_is_shown(value: str, shown: str) -> None:
    assert _waking.masked(value) == shown


def test_a_word_for_a_gateway_that_has_gone_meanwhile_proves_nothing(town: Desk, ann: KeyPair) -> None:
    wish(town, ann, f"sms {NUMBER}")
    word = words(town)[0].words
    town.app.config = town.app.config.model_copy(update={"wake": type(town.app.config.wake)()})
    town.app.__dict__.pop("surroundings", None)
    town.app.__dict__.pop("intake", None)
    assert outcome(town.write("phone@elsewhere.example", f"CONFIRM {word}")) == "no_gateway"
    assert ways(town) == []


def test_a_forgotten_contact_can_not_be_proven_back(town: Desk, ann: KeyPair) -> None:
    wish(town, ann, "ntfy ann")
    word = words(town)[0].words
    with town.app.database.write() as session:
        for token in session.scalars(select(Token)):
            token.details, token.person_id = {}, None
    assert outcome(town.write("phone@elsewhere.example", f"CONFIRM {word}")) == "token_void"


# --- whom an alert wakes


def test_an_alert_wakes_who_asked_for_it_and_not_its_poster(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, ann, "ntfy ann")
    prove(town, bob, f"sms {NUMBER}, critical")
    alert(town, ann)
    assert words(town) == []  # Ann posts; Bob sleeps until it is critical
    alert(town, ann, "Severity: critical")
    assert [(one.kind, one.target) for one in words(town)] == [("alert", E164)]


def test_an_update_that_is_more_severe_wakes_who_slept(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, bob, f"sms {NUMBER}, critical")
    alert(town, ann)
    number = only_alert(town)
    assert outcome(town.say_bound(ann, f"UPDATE-ALERT {number}\n\nThe same")) == "sent"
    assert words(town) == []
    assert outcome(town.say_bound(ann, f"UPDATE-ALERT {number}\nSeverity: critical\n\nMuch worse")) == "sent"
    assert [(one.kind, one.target) for one in words(town)] == [("alert", E164)]


def only_alert(town: Desk) -> str:
    with town.look() as session:
        return session.scalars(select(Alert.id)).one()


def test_an_exercise_wakes_as_well_and_says_so(town: Desk, bob: KeyPair, carol: KeyPair) -> None:
    prove(town, bob, "ntfy bob")
    assert outcome(town.say_bound(carol, "EXERCISE\nWhen: now\n\nDrill")) == "started"
    assert [one.kind for one in words(town)] == ["exercise"]


def test_an_announced_exercise_wakes_when_it_begins(town: Desk, bob: KeyPair, carol: KeyPair) -> None:
    prove(town, bob, "ntfy bob")
    assert outcome(town.say_bound(carol, "EXERCISE\n\nDrill")) == "announced"
    assert words(town) == []
    town.later(days=7)
    tick(town, "start_exercises")
    assert [one.kind for one in words(town)] == ["exercise"]


def test_a_draft_wakes_nobody(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, bob, "ntfy bob")
    assert outcome(town.say_bound(ann, "ALERT\nDraft: yes\n\nLook out")) == "draft"
    assert words(town) == []


def test_out_of_scope_nobody_is_woken(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, bob, "ntfy bob")
    alert(town, ann, "Scope: tld nl")
    assert words(town) == []


def test_a_blocked_key_is_still_woken(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    """What goes that way says nothing secret, and its owner has more reason than others to look."""
    prove(town, bob, "ntfy bob")
    town.write(bob.address, "KEY STOLEN")
    answer(town, bob.address)
    town.work()
    assert stored(town, bob.address).key_blocked_at is not None
    alert(town, ann)
    assert [one.target for one in words(town)] == ["bob"]


# --- what is seen of it


def test_show_says_which_way(town: Desk, ann: KeyPair) -> None:
    town.say(ann, "SHOW")
    assert "Woken by" not in town.text(town.last(ann.address))
    prove(town, ann, f"sms {NUMBER}")
    town.later(seconds=1)
    handled = town.say(ann, "SHOW")
    assert handled.decision.parts[0].outcome.values["wake"] == {
        "gateway": "sms",
        "target": E164,
        "severity": "high",
        "is_offered": True,
    }
    assert town.last(ann.address).is_confidential


def test_status_reports_and_call_sheet_tell_who_was_woken(
    town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    dora = person("Dora Example", "dora@nic.example")
    emil = person("Emil Example", "emil@nic.example")
    for who, tld in ((dora, "lu"), (emil, "fr")):
        town.member(who, tld)
    for who in (bob, dora, emil):
        prove(town, who, "ntfy someone")
    alert(town, ann)
    with town.app.database.write() as session:
        for row in session.scalars(select(WakeSend).where(WakeSend.kind == "alert")):
            name = session.get_one(Person, row.person_id).name
            row.state = {bob.name: "taken", dora.name: "failed"}.get(name, "sending")
            row.finished_at = town.now
    values = town.say(ann, f"STATUS {number(town)}").decision.parts[0].outcome.values
    assert values["woken"] == {"woken": 1, "waiting": 1, "failed": 1}
    town.later(minutes=5)
    report = next(one for one in tick(town, "report_reach") if one.template == "jobs/report_reach")
    assert report.values["woken"]["woken"] == 1
    text = town.text(report)
    assert "Woken by a second way than mail: 1, failed: 1, on the way: 1" in text
    assert "    ! woken by ntfy at " in text
    assert "    ! could not be woken by ntfy" in text
    assert "someone" not in text


# --- the end


def test_forget_leaves_nothing_of_it(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, bob, f"sms {NUMBER}")
    wish(town, bob, "ntfy canary_word")
    alert(town, ann)
    assert len(words(town)) == 2
    assert outcome(town.say_bound(bob, "FORGET")) in ("asked", "forgotten")
    answer(town, bob.address)
    town.work()
    assert ways(town) == words(town) == []
    for table, held in rows(town).items():
        assert all(E164 not in str(row) and "canary_word" not in str(row) for row in held), table


def test_the_clock_gives_up_on_gateways_that_have_gone(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    prove(town, bob, "ntfy bob")
    alert(town, ann)
    town.later(hours=7)
    tick(town, "forget_old")
    (sent,) = [one for one in all_of(town, WakeSend) if one.kind == "alert"]
    assert (sent.state, sent.result, sent.target) == ("failed", "too late", "")


def test_the_owner_hears_that_a_word_could_not_be_sent(town: Desk, bob: KeyPair) -> None:
    wish(town, bob, "ntfy bob")
    letter = _waking.word_failed(stored(town, bob.address), "ntfy")
    assert [one.address for one in letter.to] == [bob.address]
    assert templates(town, bob.address)[-1] == "reply"
