"""Attackers of the flow, each with what they really have; after every step it is looked whether anything was gained.

A short run here; a long one by `python -m tests.attacks.long`.
"""

import contextlib
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.attacks.actors import (
    ANSWERS,
    IANA,
    ann,
    bob,
    carol,
    eve,
    finn,
    forged,
    forged_bob,
    mallory,
    rogue,
    town,
)
from tests.desk import LIST_LINE
from tests.keys import LIST_ADDRESS, KeyPair
from tests.outcomes import outcome, rows, states
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox

FIELDS = "Name: Ann Example\nMobile: +44 20 7946 0999\nEmergency-Email: mallory@elsewhere.example\n"
FINN = "Name: Finn Example\nMobile: +44 20 7946 0777\n"
WHOM = st.sampled_from([ann, bob, mallory, eve])

BY_A_STOLEN_KEY = [
    f"REMOVE nl {bob.address}",
    "UPDATE\nEmail: mallory@elsewhere.example",
    "UPDATE\nEmergency-Email: mallory@elsewhere.example",
    f"KEY STOLEN {bob.address}",
    "UNSUBSCRIBE ALL",
    "FORGET",
    "UPDATE\nMobile: +44 20 7946 0999",
    "UPDATE\nEmergency-Email: -",
    "KEY LOST",
    f"SUBSCRIBE nl\n{FIELDS}Email: mallory@elsewhere.example\n",
]
BY_A_STOLEN_MAILBOX = [
    "KEY LOST",
    "UNSUBSCRIBE ALL",
    "FORGET",
    f"REMOVE nl {ann.address}",
    f"REMOVE nl {bob.address}",
    "UPDATE\nEmail: mallory@elsewhere.example",
    "UPDATE\nEmergency-Email: mallory@elsewhere.example",
    "UPDATE\nMobile: +44 20 7946 0999",
]
BY_A_STRANGER = ["QUERY nl", "ROSTER", "SHOW", "PENDING", "ALERT\n\nFire", f"REMOVE nl {bob.address}"]
BY_WHO_HAS_LEFT = [
    "QUERY nl",
    "ROSTER",
    "ALERT\n\nFire",
    f"REMOVE nl {bob.address}",
    f"KEY STOLEN {bob.address}",
    "STATUS A-2026-0001",
    f"RESTORE {eve.address} nl",
]


class Attackers(RuleBasedStateMachine):
    """Whatever they do, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.newcomer_came = False
        self.closing = contextlib.ExitStack()
        self.town = self.closing.enter_context(town())

    def teardown(self) -> None:
        self.closing.close()

    @initialize(mailbox=st.sampled_from([IANA, bob.address]))
    def one_mailbox_is_stolen(self, mailbox: str) -> None:
        self.town.stolen_mailbox = mailbox

    # --- a stranger

    @rule(whom=WHOM, more=st.sampled_from(["", f"Replaces: {bob.address}\n"]), is_plain=st.booleans())
    def stranger_asks_to_be_listed(self, whom: object, more: str, is_plain: bool) -> None:
        text = f"SUBSCRIBE nl\n{FIELDS}Email: {whom.address}\n{more}"  # type: ignore[attr-defined]
        if is_plain:
            self.town.write("stranger@elsewhere.example", text)
        else:
            key = forged if whom is ann else mallory
            self.town.send(key, text, attachments=[key.key_attachment()])

    @rule(
        who=st.sampled_from([ann.address, bob.address, IANA, carol.address]),
        text=st.sampled_from(
            [
                "KEY LOST",
                "UNSUBSCRIBE ALL",
                "FORGET",
                f"REMOVE nl {bob.address}",
                "UPDATE\nEmail: mallory@elsewhere.example",
            ]
        ),
    )
    def stranger_writes_in_anothers_name(self, who: str, text: str) -> None:
        self.town.write(who, text)

    @rule(key=st.sampled_from([forged, mallory]))
    def stranger_offers_a_key(self, key: object) -> None:
        self.town.send(key, "KEY", attachments=[key.key_attachment()])  # type: ignore[arg-type,attr-defined]

    @rule(text=st.sampled_from(BY_A_STRANGER))
    def stranger_asks_for_the_roster(self, text: str) -> None:
        before = states(self.town.desk, "nl")
        self.town.send(mallory, text, attachments=[mallory.key_attachment()])
        assert states(self.town.desk, "nl") == before, "a stranger takes somebody off"

    # --- a thief of one mailbox, an IANA contact's or Bob's, who has a mailbox and keys of their own

    @rule(
        verb=st.sampled_from(["CONFIRM", "CONFIRM", "CONFIRM", "DECLINE", "OBJECT"]),
        newest=st.booleans(),
        key=st.sampled_from([None, None, mallory, forged_bob]),
    )
    def thief_of_a_mailbox_answers(self, verb: str, newest: bool, key: KeyPair | None) -> None:
        self.town.read_mailboxes(self.town.stolen_mailbox, mallory.address)
        if self.town.tokens:
            self._answer(verb, self.town.tokens.pop() if newest else self.town.tokens[0], key)

    @rule(text=st.sampled_from(BY_A_STOLEN_MAILBOX))
    def thief_of_a_mailbox_commands(self, text: str) -> None:
        """And hands back the token that comes for it."""
        self.town.write(self.town.stolen_mailbox, f"{text}\n{LIST_LINE}")
        self.town.read_mailboxes(self.town.stolen_mailbox, mallory.address)
        if self.town.tokens:
            self._answer("CONFIRM", self.town.tokens.pop(), None)

    @rule()
    def thief_of_a_mailbox_brings_a_key(self) -> None:
        self.town.send(forged_bob, "KEY", attachments=[forged_bob.key_attachment()])
        self.town.read_mailboxes(self.town.stolen_mailbox)
        if self.town.tokens:
            self._answer("CONFIRM", self.town.tokens.pop(), forged_bob)

    def _answer(self, verb: str, token: str, key: KeyPair | None) -> None:
        is_voucher = self.town.stolen_mailbox == IANA
        self.town.thief_agreed = self.town.thief_agreed or (is_voucher and verb == "CONFIRM")
        if key is not None:
            self.town.send(key, f"{verb} {token}")
        else:
            self.town.write(self.town.stolen_mailbox, f"{verb} {token}")
        for handled in self.town.desk.work():
            self.town.note(handled)

    # --- a thief of one member's key, who can not read her mailbox

    @rule(text=st.sampled_from(BY_A_STOLEN_KEY))
    def thief_of_a_key_signs(self, text: str) -> None:
        self.town.send(ann, text)

    @rule()
    def thief_of_a_key_brings_another_one(self) -> None:
        self.town.send(ann, "KEY", attachments=[forged.key_attachment()])

    @rule()
    def thief_of_a_key_asks_from_elsewhere(self) -> None:
        raw = ann.pgp_mime_signed("QUERY nl\n", {"From": f"<{mallory.address}>"}, at=self.town.desk.now)
        self.town.caught.append(raw)
        before = len(self.town.desk.letters)
        self.town.desk.receive(raw, mallory.address)
        for letter in self.town.desk.letters[before:]:
            assert {to.address for to in letter.to} <= {ann.address}, "the answer follows From"

    # --- who has left, and who is in the committee

    @rule(text=st.sampled_from(BY_WHO_HAS_LEFT))
    def who_has_left_comes_back(self, text: str) -> None:
        before = states(self.town.desk, "nl")
        self.town.send(eve, text)
        assert states(self.town.desk, "nl") == before, "who has left takes somebody off"

    @rule(number=st.integers(1, 9), verb=st.sampled_from(["APPROVE", "REJECT"]))
    def rogue_decides(self, number: int, verb: str) -> None:
        self.town.send(rogue, f"{verb} R-{number} because I say so")

    @rule(whom=st.sampled_from([ann, bob, eve, mallory]), verb=st.sampled_from(["SUSPEND", "RESTORE"]))
    def rogue_uses_the_office(self, whom: KeyPair, verb: str) -> None:
        self.town.send(rogue, f"{verb} {whom.address} nl" + (" gone" if verb == "SUSPEND" else ""))

    # --- honest people in between

    @rule(text=st.sampled_from(["QUERY nl", "SHOW", "ROSTER"]))
    def member_asks(self, text: str) -> None:
        self.town.send(bob, text)

    @rule()
    def honest_newcomer_finds_nobody_in_the_way(self) -> None:
        if self.newcomer_came:
            return
        self.newcomer_came = True
        handled = self.town.send(finn, "SUBSCRIBE nl\n" + FINN, attachments=[finn.key_attachment()])
        assert outcome(handled) == "waiting"
        handled = self.town.send(finn, f"CONFIRM {self.town.desk.token_for(finn.address)}")
        assert outcome(handled) == "proven"

    # --- on the path

    @rule(which=st.integers(0, 30), sender=st.sampled_from(["mallory@elsewhere.example", "x@other.example"]))
    def replayer_sends_again(self, which: int, sender: str) -> None:
        if not self.town.caught:
            return
        raw = self.town.caught[which % len(self.town.caught)]
        raw = re.sub(rb"(?m)^From: .*\r$", f"From: <{sender}>\r".encode(), raw, count=1)
        raw = re.sub(rb"(?m)^Message-ID: .*\r$", b"Message-ID: <again@path.example>\r", raw, count=1)
        before = len(self.town.desk.letters)
        handled = self.town.desk.receive(raw, sender)
        self.town.note(handled)
        for letter in self.town.desk.letters[before:]:
            if letter.is_confidential:
                assert sender not in {to.address for to in letter.to}, "opened for whoever sent it again"

    @rule(which=st.integers(0, 30))
    def replayer_sends_a_plain_mail_again(self, which: int) -> None:
        if self.town.sent:
            raw = self.town.sent[which % len(self.town.sent)]
            raw = re.sub(rb"(?m)^Message-ID: .*\r$", b"Message-ID: <again@path.example>\r", raw, count=1)
            self.town.note(self.town.desk.receive(raw, "x@other.example"))

    @rule(whose=st.sampled_from([IANA, ann.address, bob.address]))
    def ticket_system_echoes(self, whose: str) -> None:
        letters = self.town.desk.to(whose)
        if letters:
            body = f"Thank you, your request is [#48213].\n\n{self.town.desk.text(letters[-1])}"
            for sender in ("tickets@registry.example", whose):
                handled = self.town.write(sender, body)
                done = [one for one in handled.decision.parts if not one.failed]
                assert not [one for one in done if one.request.verb in ANSWERS], "an echo was an answer"

    @rule()
    def paused_node_comes_back(self) -> None:
        """It had a mail in hand for so long that another one took it over; what it did counts for nothing."""
        desk = self.town.desk
        raw = bob.pgp_mime_signed("QUERY nl\n", at=desk.now)
        envelope = Envelope(bob.address, (LIST_ADDRESS,), "192.0.2.1", "client.example", False, "ESMTP")
        with desk.app.database.write() as session:
            inbox.accept(session, [(raw, envelope, desk.now)])
        with desk.app.database.write() as session:
            (slow,) = inbox.claim(session, "slow", desk.now)
        judged = desk.app.intake.judge(slow)
        desk.later(minutes=6)
        assert len(desk.work()) == 1
        before = rows(desk, frozenset())
        with pytest.raises(inbox.ClaimLost), desk.app.database.write() as session:
            desk.app.intake.within(session, judged, slow, desk.now)
        assert rows(desk, frozenset()) == before

    @rule(hours=st.sampled_from([1, 12, 30, 80, 200]))
    def time_passes(self, hours: int) -> None:
        self.town.tick(hours=hours)

    @invariant()
    def check_nothing_was_gained(self) -> None:
        self.town.check()


def repertoire(they: Attackers) -> Iterator[None]:
    """Everything that each of them can do, once, in the order of this page."""
    for whom in (ann, bob, mallory, eve):
        yield they.stranger_asks_to_be_listed(whom, "", is_plain=False)
        yield they.stranger_asks_to_be_listed(whom, f"Replaces: {bob.address}\n", is_plain=True)
    for who in (ann.address, bob.address):
        yield they.stranger_writes_in_anothers_name(who, "UNSUBSCRIBE ALL")
        yield they.stranger_writes_in_anothers_name(who, "UPDATE\nMobile: +44 20 7946 0999")
    for key in (forged, mallory):
        yield they.stranger_offers_a_key(key)
    yield they.honest_newcomer_finds_nobody_in_the_way()
    for text in BY_A_STRANGER:
        yield they.stranger_asks_for_the_roster(text)
    for text in ("QUERY nl", "ROSTER"):
        yield they.member_asks(text)
    for text in BY_WHO_HAS_LEFT:
        yield they.who_has_left_comes_back(text)
    yield they.paused_node_comes_back()
    for text in BY_A_STOLEN_MAILBOX:
        yield they.thief_of_a_mailbox_commands(text)
        yield they.ticket_system_echoes(IANA)
        yield they.ticket_system_echoes(bob.address)
        yield they.time_passes(1)
    yield they.thief_of_a_mailbox_brings_a_key()
    for key in (None, mallory, forged_bob):
        yield they.thief_of_a_mailbox_answers("CONFIRM", newest=True, key=key)
    yield they.time_passes(200)
    yield they.thief_of_a_key_brings_another_one()
    yield they.thief_of_a_key_asks_from_elsewhere()
    for verb in ("SUSPEND", "RESTORE"):
        yield they.rogue_uses_the_office(bob, verb)
    for number in range(1, 10):
        yield they.rogue_decides(number, "APPROVE")
        yield they.rogue_decides(number, "REJECT")
    for which in range(0, len(they.town.caught), 3):
        yield they.replayer_sends_again(which, "mallory@elsewhere.example")
    for which in range(0, len(they.town.sent), 3):
        yield they.replayer_sends_a_plain_mail_again(which)
    for text in BY_A_STOLEN_KEY:
        yield they.thief_of_a_key_signs(text)
        yield they.thief_of_a_mailbox_answers("CONFIRM", newest=True, key=None)
        yield they.ticket_system_echoes(ann.address)
        yield they.time_passes(200)


@pytest.mark.parametrize("mailbox", [IANA, bob.address])
def test_each_attack_once_gains_nothing(mailbox: str) -> None:
    they = Attackers()
    try:
        they.one_mailbox_is_stolen(mailbox)
        for _ in repertoire(they):
            they.check_nothing_was_gained()
    finally:
        they.teardown()


def check_attacks(examples: int, steps: int, derandomize: bool) -> None:
    """`derandomize`: the same attacks each time."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        database=None,
        phases=(Phase.generate,) if derandomize else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Attackers, settings=chosen)


def test_attackers_gain_nothing_in_whatever_order_they_come() -> None:
    check_attacks(examples=8, steps=14, derandomize=True)
