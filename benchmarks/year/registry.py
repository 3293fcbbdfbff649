"""A registry: the TLDs of a country, the role mailboxes that IANA shows for them, and the people who come and go."""

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from benchmarks.year.people import (
    A_DAY,
    LIST_LINE,
    MAILBOX_FULL,
    NO_SUCH_MAILBOX,
    PROMPT,
    SILENT,
    SLOW,
    Around,
    Reader,
)
from benchmarks.year.post import Mail
from tests.keys import KeyPair

_GIVEN = (
    "Ann",
    "Bob",
    "Carl",
    "Dora",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jana",
    "Kim",
    "Lea",
    "Max",
    "Nora",
)
_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "wa")
A_YEAR = 365.0
# How often in a year what happens to a contact.
MOVES, NEW_ADDRESS, NEW_KEY, LOSES_KEY, LEAVES = 0.15, 0.05, 0.1, 0.03, 0.06
DIES, GOES_UNSEEN, FULL_MAILBOX, FALLS_SILENT = 0.05, 0.04, 0.05, 0.04
WITH_KEY, KEY_ENDS = 0.2, 0.5


class World(Around, Protocol):
    """What a registry needs of the world, beyond what everybody does."""

    def enter(self, who: Reader) -> None: ...
    def noticed_from(self, who: "Contact", how: str) -> None: ...


class Registry:
    """Who works there, and who looks after it."""

    def __init__(self, world: World, country: str, tlds: Sequence[str], admin: "Role") -> None:
        self.world, self.country, self.tlds, self.admin = world, country, tuple(tlds), admin
        self.people: dict[str, Contact] = {}
        self.hired = 0
        admin.registries.append(self)

    def hire(self) -> "Contact":
        """Somebody new, with an address of their own; one in a few has one that looks like a role's."""
        chance, number = self.world.random, self.hired
        self.hired += 1
        words = f"{chance.choice(_SYLLABLES)}{chance.choice(_SYLLABLES)}{chance.choice(_SYLLABLES)}"
        name = f"{chance.choice(_GIVEN)} {words.capitalize()} Example"
        local = (
            chance.choice(("noc", "security")) if chance.random() < 0.03 else name.lower().replace(" ", ".")
        )
        address = f"{local}{number or ''}@nic-{self.country}.example"
        one = Contact(self.world, self, name, address, chance.choices((PROMPT, SLOW, SILENT), (6, 3, 1))[0])
        self.people[name] = one
        self.world.enter(one)
        return one

    def form(self, tlds: str, newcomers: Sequence["Contact"], replaces: str = "") -> str:
        """SUBSCRIBE as the example in the mails shows it."""
        blocks = [
            f"Name: {one.name}\nEmail: {one.address}\nMobile: +44 20 7946 0{self.world.random.randrange(1000):03}\n"
            + f"Organisation: Registry of {self.country}\n"
            + (f"Replaces: {replaces}\n" if replaces else "")
            for one in newcomers
        ]
        return f"SUBSCRIBE {tlds}\n{LIST_LINE}\n" + "".join(blocks)

    def replace(self, who: "Contact") -> None:
        """Somebody is found for a post that is empty, once; and the list is told, as its mails say how."""
        if who.is_replaced:
            return
        who.is_replaced = True
        replaces = who.address if not who.has_said_goodbye else ""

        def enter() -> None:
            self.admin.ask_for(self, self.form(" ".join(self.tlds), [self.hire()], replaces))

        self.world.after(self.world.random.uniform(3, 40), enter)

    def deal_with(self, who: "Contact") -> None:
        """Somebody has told the registry that one of its people is gone: they are taken off, and replaced."""
        if who.is_replaced or self.admin.pace == SILENT:
            return
        for tld in self.tlds:
            self.admin.remove(tld, who.address)
        self.replace(who)


class Contact(Reader):
    """A person of a registry, from the day somebody names them to the day they go."""

    rules: ClassVar[Sequence[tuple[str, str]]] = (
        (r"Is this you\?|Is this your new|Your address is to change|WAITING|Do you want to leave", "agree"),
        (r"Is your entry|Reminder: is your entry|Not confirmed|Does this mailbox", "answer"),
        (r"Is this contact", "tell_of_colleague"),
        (r"Welcome", "settle"),
        (r"Your OpenPGP key expire|Your OpenPGP key has", "prolong"),
    )

    def __init__(self, world: World, registry: Registry, name: str, address: str, pace: str) -> None:
        super().__init__(world, name, address, pace)
        self.at, self.registry = world, registry
        self.is_settled = self.is_replaced = self.has_said_goodbye = False

    def settle(self, _got: Mail) -> None:
        """Listed: life begins, and perhaps a key is made, as the welcome asks for."""
        if self.is_settled:
            return
        self.is_settled = True
        chance = self.world.random
        if chance.random() < WITH_KEY:
            self.world.after(chance.uniform(0.2, 20), lambda: self.make_key("KEY"))
            self.sometimes(NEW_KEY, self.change_key)
            self.sometimes(LOSES_KEY, self.lose_key)
        for often, act in (
            (MOVES, self.move),
            (NEW_ADDRESS, self.change_address),
            (LEAVES, self.leave),
            (DIES, lambda: self.go(NO_SUCH_MAILBOX)),
            (GOES_UNSEEN, lambda: self.go("")),
            (FULL_MAILBOX, self.fill_mailbox),
            (FALLS_SILENT, self.fall_silent),
        ):
            self.sometimes(often, act)

    def sometimes(self, often: float, act: Callable[[], object]) -> None:
        wait = self.world.random.expovariate(often * self.world.hurry) * A_YEAR
        self.world.after(wait, lambda: self.still() and act())

    # --- keys

    def make_key(self, verb: str) -> None:
        """A first key, or one after a loss: signed by itself, attached."""
        if not self.still():
            return
        ends = (
            f"{self.world.random.randrange(100, 500)}d" if self.world.random.random() < KEY_ENDS else "never"
        )
        self.key = KeyPair.make(self.name, self.address, expire=ends, made_at=self.world.now - A_DAY)
        self.key_ends = self.world.now - A_DAY + int(ends[:-1]) * A_DAY if ends != "never" else None
        self.keys.add(self.key.fingerprint)
        self.say(f"{verb}\n{LIST_LINE}", "my key", signs=True, files=[self.key.key_attachment()])

    def prolong(self, _got: Mail) -> None:
        delay = self.patience()
        if delay is not None:
            self.world.after(delay, lambda: self.still() and self.send_longer_key())

    def send_longer_key(self) -> None:
        if self.key is not None:
            self.key.extended("2y", self.world.now)
            self.key_ends = self.world.now + 730 * A_DAY
            self.say(f"KEY\n{LIST_LINE}", "a longer life", signs=True, files=[self.key.key_attachment()])

    def change_key(self) -> None:
        """The old key signs, the new one lies inside what is signed."""
        if self.key is None or not self.can_sign:
            return
        old, new = self.key, KeyPair.make(self.name, self.address, made_at=self.world.now - A_DAY)
        self.say(f"KEY\n{LIST_LINE}", "a new key", signs=True, files=[new.key_attachment()])
        self.key, self.key_ends = new, None
        self.keys |= {old.fingerprint, new.fingerprint}

    def lose_key(self) -> None:
        if self.key is None:
            return
        self.key, self.keys = None, set()
        self.say("KEY LOST", "lost")
        self.world.after(self.world.random.uniform(1, 10), lambda: self.make_key("KEY"))

    # --- what happens to people

    def move(self) -> None:
        number = self.world.random.randrange(1000)
        text = f"UPDATE\n{LIST_LINE}\nMobile: +44 20 7946 0{number:03}\nOrganisation: Moved to {number}\n"
        self.say(text, "I have moved", signs=True)

    def change_address(self) -> None:
        """Both mailboxes are read, and asked."""
        other = Contact(self.at, self.registry, self.name, f"new.{self.address}", self.pace)
        other.key, other.keys, other.key_ends = self.key, self.keys, self.key_ends
        other.is_settled = True
        self.at.enter(other)
        self.registry.people[self.name] = other
        self.say(f"UPDATE\n{LIST_LINE}\nEmail: {other.address}\n", "another address", signs=True)

    def leave(self) -> None:
        """In good order: they say so, and the registry finds somebody else."""
        self.has_said_goodbye = True
        self.say(f"UNSUBSCRIBE ALL\n{LIST_LINE}", "goodbye", signs=True)
        self.registry.replace(self)
        self.world.after(20, self._close)

    def _close(self) -> None:
        self.is_read, self.fails = False, NO_SUCH_MAILBOX

    def go(self, fails: str) -> None:
        """Without a word: the mailbox ends with the job, or is there and nobody reads it."""
        self.is_read, self.fails = False, fails
        self.at.noticed_from(self, "mailbox dead" if fails else "nobody reads it")
        if self.world.random.random() < 0.3:  # the registry thinks of it by itself
            self.registry.replace(self)

    def fill_mailbox(self) -> None:
        self.fails = MAILBOX_FULL

        def empty() -> None:
            self.fails = "" if self.fails == MAILBOX_FULL else self.fails

        self.world.after(self.world.random.uniform(1, 25), empty)

    def fall_silent(self) -> None:
        self.pace = SILENT
        self.at.noticed_from(self, "silent")

    # --- about others

    def tell_of_colleague(self, got: Mail) -> None:
        tell_of(self, [self.registry], got)

    def be_phoned(self) -> None:
        """The secretariat called: who is there wakes up."""
        self.pace = SLOW if self.pace == SILENT else self.pace
        if got := self.last.get("answer"):
            self.hand_back(got, eager=True)


class Role(Reader):
    """A mailbox that IANA shows for TLDs; several people may read it, or nobody."""

    rules: ClassVar[Sequence[tuple[str, str]]] = (
        (r"Who answers for", "be_invited"),
        (r"SUCCESS: Re: Who answers for", "fill_in"),
        (r"(Reminder: )?Yes or no", "vouch"),
        (r"Is this contact", "tell_of_somebody"),
        (r"Is this you\?|WAITING", "agree"),
        (r"New contact for", "look"),
        (r"Mail to a contact", "hear_of_failure"),
    )

    def __init__(self, world: Around, address: str, pace: str, is_vendor: bool, is_willing: bool) -> None:
        super().__init__(world, "Role", address, pace)
        self.registries: list[Registry] = []
        self.is_vendor, self.is_willing = is_vendor, is_willing
        self.newcomers: dict[str, list[Contact]] = {}

    def be_invited(self, got: Mail) -> None:
        if self.is_vendor:
            return
        if self.is_willing:
            self.hand_back(got)
        elif self.world.random.random() < 0.3:
            self.hand_back(got, "DECLINE", "we have no time for that")

    def fill_in(self, got: Mail) -> None:
        """The form that follows a yes: one to three people, whoever of them has a key will say so later."""
        found = re.search(r"^SUBSCRIBE (.+)$", got.text, re.MULTILINE)
        delay = self.patience(eager=True)
        if found is None or delay is None or self.is_vendor:
            return
        wanted = found[1].split()
        for registry in self.registries:
            mine = [tld for tld in wanted if tld in registry.tlds]
            if mine and not registry.people:
                people = [registry.hire() for _ in range(self.world.random.choices((1, 2, 3), (3, 5, 2))[0])]
                text = registry.form(" ".join(mine), people)
                self.world.after(delay, lambda text=text: self.still() and self.say(text, "our contacts"))  # type: ignore[misc]

    def ask_for(self, registry: Registry, text: str) -> None:
        """SUBSCRIBE for somebody new; a colleague does it where nobody reads this mailbox."""
        for one in (self, *registry.people.values()):
            if one.still() and one.pace != SILENT:
                one.say(text, "a new contact")
                return

    def vouch(self, got: Mail) -> None:
        names = re.search(r"^ +Name: +(.+)$", got.text, re.MULTILINE)
        known = names is not None and any(names[1].strip() in one.people for one in self.registries)
        if self.is_vendor and self.world.random.random() < 0.6:
            return
        if known or self.is_vendor:
            self.hand_back(got)
        else:
            self.hand_back(got, "DECLINE", "not known here")

    def tell_of_somebody(self, got: Mail) -> None:
        if not self.is_vendor:
            tell_of(self, self.registries, got)

    def remove(self, tld: str, address: str) -> None:
        delay = self.patience(eager=True)
        if delay is not None:
            text = f"REMOVE {tld} {address}\n{LIST_LINE}"
            self.world.after(delay, lambda: self.still() and self.say(text, f"no longer for {tld}"))

    def look(self, got: Mail) -> None:
        """Now and then somebody who reads the mailbox does not know of it, and says so."""
        if self.world.random.random() < 0.01:
            self.hand_back(got, "OBJECT", "we were not asked")

    def hear_of_failure(self, got: Mail) -> None:
        found = re.search(r"Mail to (.+) comes back, and our", " ".join(got.text.split()))
        for registry in self.registries:
            who = registry.people.get(found[1]) if found else None
            if who is not None and not who.is_read and self.patience() is not None:
                registry.deal_with(who)


def tell_of(who: Reader, registries: Sequence[Registry], got: Mail) -> None:
    """Still there, or gone? Who says gone, is told how to take them off, and mostly does."""
    found = re.search(r"^ +Name: +(.+)$", got.text, re.MULTILINE)
    for registry in registries:
        meant = registry.people.get(found[1].strip()) if found else None
        if meant is None:
            continue
        if meant.is_read:
            who.hand_back(got)
        elif (delay := who.patience()) is not None:
            who.hand_back(got, "DECLINE", "has left us", eager=True)
            if who.world.random.random() < 0.7:
                who.world.after(delay, lambda r=registry, m=meant: r.deal_with(m))  # type: ignore[misc]
        return
