"""Who attacks the flow: people with real keys, mailboxes they read, and mails they caught on the way."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, mail, person, text_entity
from tests.outcomes import states, templates
from tldops_bot.commands._command import Status
from tldops_bot.domain.outgoing import Entitled, Letter
from tldops_bot.domain.request import Commands
from tldops_bot.domain.standing import Standing
from tldops_bot.intake import Handled
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import people
from tldops_bot.store.tables import Entry, InboxRow, Person, Token

IANA = "admin@registry.example"  # of nl; its mailbox is read by a thief
CANARY = "+447700900123"
PROOFS_A_DAY = 3
ANSWERS = ("CONFIRM", "DECLINE", "OBJECT")
NO_TEST = Commands((), (), (), False, ())

ann = person(
    "Ann Example", "ann@nic.example"
)  # contact of nl, established; her key is stolen, her mailbox is not
bob = person("Bob Example", "bob.sample@registry.example")  # contact of nl, established
eve = person("Eve Example", "eve.sample@nic.example")  # was a contact of nl
rogue = person("Rita Example", "rita.sample@committee.example")  # one of three in the committee
carol = person("Carol Example", "carol.sample@committee.example")
dora = person("Dora Example", "dora.sample@committee.example")
mallory = person("Mallory Example", "mallory@elsewhere.example")  # a stranger, also the thieves' own key
forged = KeyPair.make("Ann Example", ann.address)  # Mallory's too: it names Ann's address
forged_bob = KeyPair.make("Bob Example", bob.address)  # and this one Bob's
finn = person("Finn Example", "finn.sample@nic.example")  # honest, and new

HONEST = (ann, bob, carol, dora)
CONFIG = "[membership]\ncommittee_votes = 2\n"


@dataclass
class Town:
    """A desk with the people on it, what attackers have caught, and how the established ones stood at first."""

    desk: Desk
    caught: list[bytes] = field(default_factory=list)
    carried_out: set[tuple[object, ...]] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)  # read by thieves in mailboxes that are theirs
    stolen_mailbox: str = IANA  # the one that a thief reads besides their own: this, or Bob's
    answered: set[str] = field(default_factory=set)  # tokens that did something
    sent: list[bytes] = field(
        default_factory=list
    )  # plain mails, which whoever is on the path may send again
    thief_agreed: bool = False  # in the IANA mailbox: then a newcomer may be listed, on probation
    clock: Iterator[int] = field(default_factory=itertools.count)
    seen: int = 0  # letters already judged

    def settle(self) -> None:
        desk = self.desk
        desk.iana("nl", IANA, "tech@registry.example", at=desk.now - timedelta(days=90))
        for who in (ann, bob):
            desk.member(who, "nl")
        desk.member(eve, "nl")
        for who in (rogue, carol, dora):
            desk.member(who, office="committee")
        with desk.app.database.write() as session:
            gone = session.scalars(select(Entry).join(Person).where(Person.email == eve.address)).one()
            gone.state, gone.left_at = people.LEFT, desk.now

    def tick(self, **length: float) -> None:
        """Time passes; the honest part of the committee puts back who was taken off; jobs run; Ann reads her mail."""
        self.desk.later(**length)
        for address, state in states(self.desk, "nl").items():
            if state == people.SUSPENDED and address in (ann.address, bob.address):
                for who in (carol, dora):
                    self.desk.say_bound(who, f"RESTORE {address} nl")
        for name in ("advance_requests", "finish_removals", "finish_key_recoveries", "forget_old"):
            self._run(name)
        self._ann_undoes()

    def _run(self, name: str) -> None:
        app = self.desk.app
        with app.database.write() as session:
            context = JobContext(session, self.desk.now, app.config, app.tlds, app.random_octets)
            letters = list(JOBS[name].run(context))
            app.intake.post(session, letters, self.desk.now)
        self.desk.letters += letters

    def _ann_undoes(self) -> None:
        """What changed in her record was not her doing: newest first, until all is as it was."""
        for letter in reversed(self.desk.to(ann.address)):
            token = str(letter.values.get("token"))
            if letter.template == "letters/record_changed" and token not in self.answered:
                self.write(ann.address, f"DECLINE {token}")
        with self.desk.look() as session:
            found = people.by_address(session, ann.address)
            assert found is not None
            assert found.mobile_e164 == CANARY, "her number can not be put back"

    # --- what attackers do

    def send(self, who: KeyPair, text: str, bound: bool = True, **more: object) -> Handled:
        """A signed mail; on its way, it is caught."""
        raw = who.pgp_mime_signed(f"{LIST_LINE}\n{text}" if bound else text, at=self.desk.now, **more)  # type: ignore[arg-type]
        self.caught.append(raw)
        handled = self.desk.receive(raw, who.address)
        self.note(handled)
        return handled

    def note(self, handled: Handled) -> None:
        """Whether a signed mail was carried out, now or before; one that was refused may be sent again by anybody."""
        decision, verdict = handled.decision, handled.judged.verdict
        for part in decision.parts:
            if part.request.verb in ANSWERS and part.request.arguments and not part.failed:
                token = part.request.arguments[0]
                assert token not in self.answered, "a token answered twice"
                if decision.status is not Status.FAILED and not (decision.commands or NO_TEST).is_test:
                    self.answered.add(token)
        signature = (verdict.fingerprint, verdict.signed_at, handled.judged.digest)
        if decision.kind == "answered" and decision.status is not Status.FAILED and decision.actor.is_signed:
            assert signature not in self.carried_out, "carried out twice"
            self.carried_out.add(signature)

    def write(self, address: str, text: str) -> Handled:
        top = {"From": address, "To": LIST_ADDRESS, "Subject": "hello"}
        raw = mail(top | {"Message-ID": f"<{next(self.clock)}@client.example>"}, text_entity(text))
        self.sent.append(raw)
        handled = self.desk.receive(raw, address)
        self.note(handled)
        return handled

    def read_mailboxes(self, *addresses: str) -> None:
        """A thief notes every token in plain letters to these mailboxes; encrypted ones need the key, too."""
        for letter in self.desk.letters:
            theirs = {to.address for to in letter.to} & set(addresses)
            if theirs and "token" in letter.values and self.opens(letter):
                self.tokens.append(str(letter.values["token"]))
        self.tokens = list(dict.fromkeys(self.tokens))

    @staticmethod
    def opens(letter: Letter) -> bool:
        """Whether thieves can read a letter: in clear, or encrypted to a key that is theirs."""
        mine = {mallory.fingerprint, forged.fingerprint, forged_bob.fingerprint, ann.fingerprint}
        return not letter.is_confidential or any(to.fingerprint in mine for to in letter.to)

    # --- what must hold after each step

    def check(self) -> None:
        self._established_still_there()
        self._keys_as_they_were()
        fresh, self.seen = self.desk.letters[self.seen :], len(self.desk.letters)
        for letter in fresh:
            self._entitled(letter)
        self._numbers_lead_nobody_astray()
        self._third_parties()
        self._nothing_in_hand()

    def _established_still_there(self) -> None:
        """Nobody established is off the list for good by one mailbox or one key: suspended at most, and asked about."""
        with self.desk.look() as session:
            entries = {
                one.person.email: one for one in session.scalars(select(Entry).where(Entry.tld == "nl"))
            }
            for who in (ann, bob):
                assert who.address in entries, f"{who.name} has another address, or none"
                entry = entries[who.address]
                assert entry.state in (people.LISTED, people.SUSPENDED), f"{who.name} is gone"
                if entry.state == people.SUSPENDED:
                    told = [
                        one
                        for one in self.desk.to(carol.address)
                        if one.template == "letters/decide_objection"
                    ]
                    assert told, "the committee was not told"
            for entry in entries.values():
                newcomer = entry.state == people.LISTED and entry.person.email not in (
                    ann.address,
                    bob.address,
                )
                assert self.thief_agreed or not newcomer, "a stranger got a seat by nobody's word"
                if newcomer:
                    days = (entry.probation_until - entry.since_at).days
                    assert days >= 2, "one mailbox opens the roster at once"

    def _keys_as_they_were(self) -> None:
        with self.desk.look() as session:
            for who in (*HONEST, rogue):
                found = people.by_address(session, who.address)
                assert found is not None
                assert found.fingerprint == who.fingerprint, f"{who.name} has another key"
                assert people.addresses_of(found) == (who.address,), f"{who.name} has another address"

    def _numbers_lead_nobody_astray(self) -> None:
        """A number that a thief changed is told to its owner, with the line that puts it back, and to who would call."""
        with self.desk.look() as session:
            changed = [
                who
                for who in (ann, bob)
                if (found := people.by_address(session, who.address)) and found.mobile_e164 != CANARY
            ]
        for who in changed:
            other = bob if who is ann else ann
            assert "letters/record_changed" in templates(self.desk, who.address), "the owner was not told"
            if (
                states(self.desk, "nl")[who.address]
                == people.LISTED
                == states(self.desk, "nl")[other.address]
            ):
                assert "letters/colleague_changed" in templates(self.desk, other.address), "nobody was told"

    def _entitled(self, letter: Letter) -> None:
        """Details of contacts go to members only, encrypted, at their stored address."""
        text = self.desk.text(letter)
        for to in letter.to:
            standing = self._standing(to.person_id)
            if letter.is_confidential:
                assert to.entitled is not Entitled.ADDRESS, letter.template
            if CANARY in text.replace(" ", "") or letter.template.startswith("query"):
                assert letter.is_confidential, f"{letter.template} in clear"
                # A candidate sees what was asked for in their name, encrypted to the key they offered.
                asked_back = letter.template in ("reply", "letters/prove")
                assert standing.is_member or asked_back, letter.template
        if (
            letter.template == "reply"
            and letter.values["status"] == "SUCCESS"
            and CANARY in text.replace(" ", "")
        ):
            (person_id,) = {to.person_id for to in letter.to}
            own = self._is_own_record(letter)
            assert own or self._standing(person_id).is_member, "a roster for somebody who is no member"

    @staticmethod
    def _is_own_record(letter: Letter) -> bool:
        return any("SHOW" in line for part in letter.values["parts"] for line in part["lines"])

    def _standing(self, person_id: int | None) -> Standing:
        with self.desk.look() as session:
            found = session.get(Person, person_id) if person_id else None
            return people.standing(session, found, self.desk.now)

    def _third_parties(self) -> None:
        """No address is asked to prove itself, or to vouch, more than three times a day."""
        day = self.desk.now - timedelta(days=1)
        with self.desk.look() as session:
            fresh = list(session.scalars(select(Token).where(Token.made_at > day)))
            for purpose in ("prove", "vouch", "leave"):
                counted: dict[str, int] = {}
                for one in fresh:
                    if one.purpose == purpose and not one.details.get("single"):
                        counted[one.address] = counted.get(one.address, 0) + 1
                assert max(counted.values(), default=0) <= 2 * PROOFS_A_DAY, counted

    def _nothing_in_hand(self) -> None:
        with self.desk.look() as session:
            left = session.scalars(select(InboxRow.state).where(InboxRow.state != "done")).all()
            assert list(left) == [], "a row is stuck"


@contextmanager
def town() -> Iterator[Town]:
    """A desk with everybody in place."""
    with open_desk(CONFIG) as desk:
        made = Town(desk)
        made.settle()
        yield made
