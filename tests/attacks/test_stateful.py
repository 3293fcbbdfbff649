"""Attackers of the flow, each with what they really have; after every step it is looked whether anything was gained.

A short run here; a long one by `python -m tests.attacks.long`.
"""

import contextlib
import re

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.attacks.actors import IANA, ann, bob, carol, eve, forged, mallory, rogue, town
from tests.keys import LIST_ADDRESS
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import inbox

FIELDS = "Name: Ann Example\nMobile: +44 20 7946 0999\nEmergency-Email: mallory@elsewhere.example\n"
WHOM = st.sampled_from([ann, bob, mallory, eve])


class Attackers(RuleBasedStateMachine):
    """Whatever they do, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = contextlib.ExitStack()
        self.town = self.closing.enter_context(town())

    def teardown(self) -> None:
        self.closing.close()

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

    @rule(text=st.sampled_from(["QUERY nl", "ROSTER", "SHOW", "PENDING", "ALERT\n\nFire"]))
    def stranger_asks_for_the_roster(self, text: str) -> None:
        self.town.send(mallory, text, attachments=[mallory.key_attachment()])

    # --- a thief of the mailbox of one IANA contact, who has a mailbox and a key of their own

    @rule(
        verb=st.sampled_from(["CONFIRM", "CONFIRM", "DECLINE", "OBJECT"]),
        newest=st.booleans(),
        is_signed=st.booleans(),
    )
    def thief_of_a_mailbox_answers(self, verb: str, newest: bool, is_signed: bool) -> None:
        self.town.read_mailboxes(IANA, mallory.address)
        if not self.town.tokens:
            return
        token = self.town.tokens.pop() if newest else self.town.tokens[0]
        self.town.thief_agreed = self.town.thief_agreed or verb == "CONFIRM"
        if is_signed:
            self.town.send(mallory, f"{verb} {token}")
        else:
            self.town.write(IANA, f"{verb} {token}")
        self.town.desk.work()

    # --- a thief of one member's key, who can not read her mailbox

    @rule(
        text=st.sampled_from(
            [
                f"REMOVE nl {bob.address}",
                "UPDATE\nEmail: mallory@elsewhere.example",
                "UPDATE\nEmergency-Email: mallory@elsewhere.example",
                f"KEY STOLEN {bob.address}",
                f"SUBSCRIBE nl\n{FIELDS}Email: mallory@elsewhere.example\n",
            ]
        )
    )
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

    @rule(
        text=st.sampled_from(
            ["QUERY nl", "ROSTER", "ALERT\n\nFire", f"REMOVE nl {bob.address}", "STATUS A-2026-0001"]
        )
    )
    def who_has_left_comes_back(self, text: str) -> None:
        self.town.send(eve, text)

    @rule(number=st.integers(1, 6), verb=st.sampled_from(["APPROVE", "REJECT"]))
    def rogue_decides(self, number: int, verb: str) -> None:
        self.town.send(rogue, f"{verb} R-{number} because I say so")

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

    @rule()
    def ticket_system_echoes(self) -> None:
        letters = self.town.desk.to(IANA)
        if letters:
            body = f"Thank you, your request is [#48213].\n\n{self.town.desk.text(letters[-1])}"
            self.town.write("tickets@registry.example", body)
            self.town.write(IANA, body)

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
        with pytest.raises(inbox.ClaimLost), desk.app.database.write() as session:
            desk.app.intake.within(session, judged, slow, desk.now)

    @rule(hours=st.sampled_from([1, 12, 30]))
    def time_passes(self, hours: int) -> None:
        self.town.tick(hours=hours)

    @invariant()
    def nothing_was_gained(self) -> None:
        self.town.check()


def run(examples: int, steps: int, derandomize: bool) -> None:
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
    run(examples=8, steps=14, derandomize=True)
