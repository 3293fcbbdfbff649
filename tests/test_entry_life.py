"""The life of an entry: each step of the table is taken by a real mail or job, and nothing takes any other."""

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

import tldops_bot.store.tables.people as people_tables
import tldops_bot.store.tables.requests as request_tables
from docs import draw_life
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, join, outcome, prove, subscribe, templates
from tldops_bot.config.shipped import shipped
from tldops_bot.domain import entry_life
from tldops_bot.domain.entry_life import ENDS, MOVES, NOTHING, NotAMove, Of, check, moves, states
from tldops_bot.domain.iana_changes import not_listed
from tldops_bot.domain.tld import parse_tld
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import iana, people
from tldops_bot.store.tables import Entry, Person, Request

ADMIN = "admin@registry.example"
Step = tuple[str, str, str]


# --- the table itself


def test_no_state_is_without_a_way_in_and_a_way_out() -> None:
    for of in Of:
        for state in states(of):
            assert any(one.of is of and one.after == state for one in MOVES), (of, state)
            leads_on = any(one.of is of and one.before == state for one in MOVES)
            assert leads_on is (state not in ENDS), (of, state)


def test_every_time_out_has_a_job_and_every_job_is_there() -> None:
    assert {one.job for one in MOVES if one.job} <= set(JOBS)
    assert [one for one in MOVES if one.within and not one.job] == []
    assert [one for one in MOVES if (one.by == entry_life.CLOCK) is not bool(one.job)] == []


def test_waiting_for_somebody_ends_by_the_clock_or_stays_before_the_committee() -> None:
    """Who waits for the committee is not timed out: it is reminded (job `remind_committee`)."""
    for of, state in [(Of.JOINING, "proving"), (Of.JOINING, "vouching"), (Of.NEW_KEY, "waiting")]:
        assert any(one.of is of and one.before == state and one.within for one in MOVES)
    assert "remind_committee" in JOBS


def test_every_letter_it_names_is_there() -> None:
    letters = {file.name.removesuffix(".txt.j2") for file in (shipped("templates") / "letters").iterdir()}
    assert {name for one in MOVES for name in one.tells} <= letters


def test_a_step_that_is_not_in_the_table_raises() -> None:
    check(Of.ENTRY, "listed", "suspended")
    check(Of.ENTRY, "left", "left")
    check(Of.ENTRY, NOTHING, "suspended")
    for before, after in [("left", "listed"), ("left", "suspended"), ("listed", "gone"), (NOTHING, "gone")]:
        with pytest.raises(NotAMove):
            check(Of.ENTRY, before, after)
    with pytest.raises(NotAMove):
        check(Of.JOINING, "proving", "done")
    with pytest.raises(NotAMove):
        check(Of.JOINING, "rejected", "committee")
    assert moves(Of.ENTRY, "left", "listed") == []


def test_the_store_refuses_such_a_step(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    with pytest.raises(NotAMove):
        _leave_and_come_back(desk)
    with desk.look() as session:
        assert people.contacts_of(session, "nl") != [], "rolled back"
    with pytest.raises(NotAMove):
        Request(kind="subscribe", state="done").state = "proving"
    Request(kind="address", state="made up").state = "as it likes"


def _leave_and_come_back(desk: Desk) -> None:
    with desk.app.database.write() as session:
        entry = people.contacts_of(session, "nl")[0]
        entry.state = people.LEFT
        session.flush()
        session.expire(entry)
        entry.state = people.LISTED


def test_nobody_writes_states_past_the_table() -> None:
    """`update(Entry)….values(state=…)` would not be looked at."""
    package = Path(entry_life.__file__).parent.parent
    found = []
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(one.arg == "state" for one in node.keywords):
                text = ast.unparse(node)
                found += [text] if re.match(r"(update|insert)\((Entry|Request)\)", text) else []
    assert found == []


# --- the papers


def test_the_papers_say_what_the_table_says() -> None:
    assert draw_life.PICTURE.read_text(encoding="utf-8") == draw_life.picture(), "python -m docs.draw_life"
    text = draw_life.PAPER.read_text(encoding="utf-8")
    assert text == draw_life.paper(text), "python -m docs.draw_life"


def test_the_picture_shows_steps_that_are_there_and_leaves_none_out() -> None:
    shown = set(draw_life.shown_steps())
    there = {(one.of, one.before, one.after) for one in MOVES}
    assert shown <= there
    assert {one for one in there - shown if one[0] is not Of.NEW_KEY} == set()


# --- each step, by real mails and jobs


@dataclass
class Life:
    """A desk, and the steps that were really taken at it."""

    desk: Desk
    ann: KeyPair
    bob: KeyPair
    carol: KeyPair
    new: KeyPair
    steps: set[Step] = field(default_factory=set)
    is_looking: bool = True

    def note(self, of: Of, before: str, after: str) -> None:
        if self.is_looking and before != after:
            self.steps.add((str(of), before, after))

    @contextmanager
    def scenery(self) -> Iterator[None]:
        """What a test puts there by hand is no step."""
        self.is_looking = False
        yield
        self.is_looking = True

    def member(self, who: KeyPair, *tlds: str, **more: Any) -> None:
        with self.scenery():
            self.desk.member(who, *tlds, **more)

    def job(self, name: str, **later: float) -> None:
        self.desk.later(**later)
        runner = self.desk.app.job_runner()
        letters = []
        post = runner.post

        def posted(session: Any, made: Any, now: Any) -> None:
            letters.extend(made)
            post(session, made, now)

        replace(runner, post=posted, looks={}).run(JOBS[name])
        self.desk.letters += letters

    def committee(self, text: str) -> None:
        self.desk.say_bound(self.carol, text)

    def retire(self, tld: str = "nl") -> None:
        found = parse_tld(tld)
        assert found is not None
        with self.desk.app.database.write() as session:
            iana.keep_record(session, not_listed(found), self.desk.now)

    def forget(self, who: KeyPair) -> None:
        assert outcome(self.desk.say_bound(who, "FORGET")) == "asked"
        token = [one for one in self.desk.to(who.address) if one.template == "letters/leave"][-1]
        assert outcome(self.desk.write(who.address, f"CONFIRM {token.values['token']}")) == "left"


@pytest.fixture
def life(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, new: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Life]:
    one = Life(desk, ann, bob, carol, new)

    def noted(of: Of, before: str, after: str) -> None:
        check(of, before, after)
        one.note(of, before, after)

    monkeypatch.setattr(people_tables, "check", noted)
    monkeypatch.setattr(request_tables, "check", noted)

    def stale(person: Person, value: Any, before: Any, _initiator: Any) -> None:
        one.note(Of.MARK, NOTHING if value else "stale", "stale" if value else NOTHING)

    def key(person: Person, value: Any, before: Any, _initiator: Any) -> None:
        if value:
            one.note(Of.MARK, NOTHING, "member")

    def blocked(person: Person, value: Any, before: Any, _initiator: Any) -> None:
        if value:
            one.note(Of.MARK, "member", NOTHING)

    listeners = ((Person.stale_at, stale), (Person.fingerprint, key), (Person.key_blocked_at, blocked))
    for attribute, listener in listeners:
        event.listen(attribute, "set", listener)
    with one.scenery():
        desk.iana("nl", ADMIN)
        desk.member(carol, office="committee")
        desk.later(days=1)
    yield one
    for attribute, listener in listeners:
        event.remove(attribute, "set", listener)


@pytest.fixture(scope="session")
def new() -> KeyPair:
    """A second key with Ann's address."""
    return KeyPair.make("Ann Example", "ann@nic.example")


def asked(life: Life) -> None:
    subscribe(life.desk, life.ann)


def proved(life: Life) -> None:
    asked(life)
    assert outcome(prove(life.desk, life.ann)) == "proven"


def at_committee(life: Life) -> None:
    proved(life)
    answer(life.desk, ADMIN, "DECLINE")


def listed(life: Life) -> None:
    join(life.desk, life.ann)


def member_elsewhere(step: Callable[[Life], None]) -> Callable[[Life], None]:
    """Ann is a member of .be already, so that she can have herself forgotten."""

    def done(life: Life) -> None:
        life.member(life.ann, "be")
        life.desk.later(seconds=1)
        step(life)

    return done


def subscribed_signed(life: Life) -> None:
    life.desk.say(life.ann, "SUBSCRIBE nl\nName: Ann Example\nMobile: +44 20 7946 0123\n")


def proved_signed(life: Life) -> None:
    subscribed_signed(life)
    assert outcome(prove(life.desk, life.ann)) == "proven"


def at_committee_signed(life: Life) -> None:
    proved_signed(life)
    answer(life.desk, ADMIN, "DECLINE")


def key_asked(life: Life) -> None:
    life.member(life.ann, "nl")
    life.desk.later(days=1)
    assert outcome(life.desk.say(life.new, "KEY", attachments=[life.new.key_attachment()])) == "waiting"


def key_proved(life: Life) -> None:
    key_asked(life)
    token = [one for one in life.desk.to(life.ann.address) if one.template == "letters/prove"][-1]
    assert outcome(life.desk.say(life.new, f"CONFIRM {token.values['token']}")) == "proven"


def key_waits(life: Life) -> None:
    key_proved(life)
    assert outcome(answer(life.desk, ADMIN)) == "vouched"


def key_at_committee(life: Life) -> None:
    key_proved(life)
    answer(life.desk, ADMIN, "DECLINE")


def first_key(life: Life) -> None:
    life.member(life.ann, "nl", keyless=True)
    life.desk.later(days=1)
    life.desk.say(life.ann, "KEY", attachments=[life.ann.key_attachment()])
    prove(life.desk, life.ann)


def removed(life: Life) -> None:
    life.member(life.ann, "nl")
    life.member(life.bob, "nl")
    life.desk.say_bound(life.bob, f"REMOVE nl {life.ann.address}")


def silent(life: Life) -> None:
    life.member(life.ann, "nl")
    life.job("ask_still_right", days=181)
    for _ in range(5):
        life.job("ask_still_right", days=8)


def unsubscribed(life: Life) -> None:
    life.desk.say_bound(life.ann, "UNSUBSCRIBE nl")
    token = [one for one in life.desk.to(life.ann.address) if one.template == "letters/leave"][-1]
    life.desk.write(life.ann.address, f"CONFIRM {token.values['token']}")


def key_changed_meanwhile(life: Life) -> None:
    """The old key was announced lost, and another one registered by hand, while the new one waits."""
    with life.scenery(), life.desk.app.database.write() as session:
        entry = people.contacts_of(session, "nl")[0]
        entry.state, entry.left_at = people.LEFT, life.desk.now
    life.job("finish_key_recoveries", days=4)


def nothing(life: Life) -> None:
    """The way there has it."""


def key_taken(life: Life) -> None:
    """Somebody else was registered with the key: it names an address of theirs as well."""
    life.member(life.bob, "be")
    with life.scenery(), life.desk.app.database.write() as session:
        asked = session.scalars(select(Request).where(Request.kind == "key")).one()
        holder = people.by_address(session, life.bob.address)
        assert holder is not None
        holder.fingerprint = asked.fingerprint
    life.job("advance_requests", hours=1)


def told(verb: str) -> Callable[[Life], None]:
    return lambda life: life.committee(verb)


def forgotten(life: Life) -> None:
    life.forget(life.ann)


def clock(name: str, days: float) -> Callable[[Life], None]:
    return lambda life: life.job(name, days=days)


def gone(life: Life) -> None:
    life.retire()
    life.job("advance_requests", hours=1)


def yes(life: Life) -> None:
    answer(life.desk, ADMIN)


def no(life: Life) -> None:
    answer(life.desk, ADMIN, "DECLINE")


def owner_says_no(life: Life) -> None:
    stop = [one for one in life.desk.to(life.ann.address) if one.template.startswith("letters/recovery_stop")]
    life.desk.say(life.ann, f"DECLINE {stop[-1].values['token']}")


def prove_it(life: Life) -> None:
    prove(life.desk, life.ann)


def candidate_says_no(life: Life) -> None:
    life.desk.say(life.ann, f"DECLINE {life.desk.token_for(life.ann.address)}")


def stolen(life: Life) -> None:
    life.desk.write(life.ann.address, "KEY STOLEN")
    answer(life.desk, life.ann.address)


def still_right(life: Life) -> None:
    life.desk.say_bound(life.ann, "CONFIRM")


J, K, Q, E, M = Of.JOINING, Of.NEW_KEY, Of.QUESTION, Of.ENTRY, Of.MARK
WAYS: dict[tuple[Of, str, str], tuple[Callable[[Life], None], Callable[[Life], None]]] = {
    (J, "", "proving"): (nothing, asked),
    (J, "proving", "vouching"): (asked, prove_it),
    (J, "proving", "withdrawn"): (asked, candidate_says_no),
    (J, "proving", "expired"): (asked, clock("advance_requests", 15)),
    (J, "proving", "rejected"): (asked, told("REJECT R-1 unknown")),
    (J, "vouching", "done"): (proved, yes),
    (J, "vouching", "committee"): (proved, no),
    (J, "vouching", "rejected"): (proved, told("REJECT R-1 unknown")),
    (J, "vouching", "withdrawn"): (member_elsewhere(proved_signed), forgotten),
    (J, "vouching", "expired"): (proved, gone),
    (J, "committee", "done"): (at_committee, told("APPROVE R-1")),
    (J, "committee", "rejected"): (at_committee, told("REJECT R-1 unknown")),
    (J, "committee", "withdrawn"): (member_elsewhere(at_committee_signed), forgotten),
    (J, "committee", "expired"): (at_committee, gone),
    (K, "", "proving"): (nothing, key_asked),
    (K, "proving", "vouching"): (nothing, key_proved),
    (K, "proving", "withdrawn"): (key_asked, forgotten),
    (K, "proving", "expired"): (key_asked, clock("advance_requests", 15)),
    (K, "proving", "rejected"): (key_asked, told("REJECT R-1 unknown")),
    (K, "vouching", "done"): (first_key, yes),
    (K, "vouching", "waiting"): (key_proved, yes),
    (K, "vouching", "committee"): (key_proved, clock("advance_requests", 15)),
    (K, "vouching", "rejected"): (key_proved, told("REJECT R-1 unknown")),
    (K, "vouching", "withdrawn"): (key_proved, forgotten),
    (K, "vouching", "expired"): (key_proved, key_taken),
    (K, "waiting", "done"): (key_waits, clock("finish_key_recoveries", 4)),
    (K, "waiting", "committee"): (key_waits, owner_says_no),
    (K, "waiting", "rejected"): (key_waits, told("REJECT R-1 unknown")),
    (K, "waiting", "withdrawn"): (key_waits, forgotten),
    (K, "waiting", "expired"): (key_waits, key_changed_meanwhile),
    (K, "committee", "done"): (key_at_committee, told("APPROVE R-1")),
    (K, "committee", "rejected"): (key_at_committee, told("REJECT R-1 unknown")),
    (K, "committee", "withdrawn"): (key_at_committee, forgotten),
    (K, "committee", "expired"): (key_at_committee, key_taken),
    (Q, "", "committee"): (nothing, removed),
    (Q, "committee", "done"): (removed, told("APPROVE R-1")),
    (Q, "committee", "rejected"): (removed, clock("finish_removals", 8)),
    (Q, "committee", "withdrawn"): (removed, unsubscribed),
    (E, "", "listed"): (proved, yes),
    (E, "listed", "suspended"): (nothing, removed),
    (E, "listed", "left"): (lambda life: life.member(life.ann, "nl"), unsubscribed),
    (E, "suspended", "listed"): (removed, lambda life: life.committee(f"RESTORE {life.ann.address}")),
    (E, "suspended", "left"): (removed, told("REJECT R-1 has left the registry")),
    (M, "", "member"): (proved, yes),
    (M, "member", ""): (lambda life: life.member(life.ann, "nl"), stolen),
    (M, "", "stale"): (nothing, silent),
    (M, "stale", ""): (silent, still_right),
}


def test_there_is_a_way_for_every_step_and_a_step_for_every_way() -> None:
    assert set(WAYS) == {(one.of, one.before, one.after) for one in MOVES}


@pytest.mark.parametrize(
    "step", WAYS, ids=lambda one: f"{one[0]}: {one[1] or 'nothing'} to {one[2] or 'nothing'}"
)
def test_each_step_is_taken(life: Life, step: tuple[Of, str, str]) -> None:
    way, doing = WAYS[step]
    way(life)
    life.steps.clear()
    doing(life)
    assert (str(step[0]), step[1], step[2]) in life.steps


def test_the_lines_by_the_clock_are_taken_by_their_job(life: Life) -> None:
    proved(life)
    life.job("advance_requests", days=15)
    assert ("joining", "vouching", "committee") in life.steps
    assert [one.committee_because for one in all_of(life.desk, Request)] == ["no_answer"]


# --- nobody's last contact goes silently


def last_way_out(life: Life, way: str) -> None:
    desk, ann = life.desk, life.ann
    match way:
        case "UNSUBSCRIBE":
            unsubscribed(life)
        case "FORGET":
            life.forget(ann)
        case "REMOVE by IANA":
            desk.write(ADMIN, f"REMOVE nl {ann.address}")
            answer(desk, ADMIN)
        case "SUSPEND":
            life.committee(f"SUSPEND {ann.address} nl nobody answers")
        case "mailbox alone":
            desk.write(ann.address, "KEY STOLEN")
            answer(desk, ann.address)
            desk.write(ann.address, "UNSUBSCRIBE nl")
            answer(desk, ann.address)


@pytest.mark.parametrize("way", ["UNSUBSCRIBE", "FORGET", "REMOVE by IANA", "SUSPEND", "mailbox alone"])
def test_when_the_last_contact_goes_committee_and_iana_contacts_hear_what_to_do(life: Life, way: str) -> None:
    life.member(life.ann, "nl")
    life.desk.later(days=30)
    life.desk.letters.clear()
    last_way_out(life, way)
    wanted = {"letters/someone_left", "letters/last_contact"}
    assert [one.state for one in all_of(life.desk, Entry)] in (["left"], ["suspended"])
    for address in (life.carol.address, ADMIN):
        (name,) = wanted & set(templates(life.desk, address))
        letter = next(one for one in life.desk.to(address) if one.template == name)
        text = life.desk.text(letter)
        assert "nobody there can be reached" in text.replace("\n", " ")
        assert "SUBSCRIBE " in text


def test_while_another_contact_is_in_service_nobody_is_alarmed(life: Life) -> None:
    removed(life)
    assert "letters/last_contact" not in templates(life.desk, life.carol.address)


def test_when_a_suspension_of_the_last_becomes_final_it_is_told_again(life: Life) -> None:
    life.member(life.ann, "nl")
    life.desk.later(days=30)
    last_way_out(life, "REMOVE by IANA")
    life.job("finish_removals", days=8)
    assert templates(life.desk, life.carol.address)[-1] == "letters/someone_left"
    assert [one.state for one in all_of(life.desk, Request)] == ["rejected"]


def test_an_entry_that_ends_leaves_nothing_to_decide(life: Life) -> None:
    removed(life)
    unsubscribed(life)
    assert [(one.kind, one.state) for one in all_of(life.desk, Request)] == [("objection", "withdrawn")]
