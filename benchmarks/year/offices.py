"""Committee and secretariat of the simulated year: what they are told once a week, once a month, and on the phone."""

import re
from collections.abc import Sequence
from typing import ClassVar, Protocol

from benchmarks.year.people import LIST_LINE, PROMPT, Around, Reader
from benchmarks.year.post import Mail
from benchmarks.year.registry import Contact
from tests.keys import KeyPair

_CASE = re.compile(r"^(R-\d+): (.+)$", re.MULTILINE)
FULL = "as many contacts as it may have"
REPLACED = "replaced by"  # to put this one back would give the TLD a fourth
SAID_NO = "contact of the TLD said no"


class Phone(Protocol):
    """Whom the secretariat can call."""

    def contact(self, address: str) -> Contact | None: ...
    def contact_named(self, name: str) -> Contact | None: ...


class Officer(Reader):
    """Somebody with a key and an office."""

    rules: ClassVar[Sequence[tuple[str, str]]] = (
        (r"SUCCESS: what waits", "decide"),
        (r"Is your entry", "answer"),
    )

    def __init__(self, world: Around, key: KeyPair) -> None:
        super().__init__(world, key.name, key.address, PROMPT)
        self.key, self.keys = key, {key.fingerprint}

    def weekly(self) -> None:
        """What waits for the committee?"""
        self.say("PENDING", "what waits", signs=True)
        self.world.after(7, self.weekly)

    def decide(self, got: Mail) -> None:
        """Each case, by what stands in it: nobody gets a fourth seat, and who is unknown to their own registry none."""
        waiting = got.text.partition("TO DECIDE")[2].partition("WAITING FOR SOMEBODY ELSE")[0]
        if not (cases := list(_CASE.finditer(waiting))):
            return
        ends = [one.start() for one in cases[1:]] + [len(waiting)]
        yes = []
        for case, end in zip(cases, ends, strict=True):
            words = " ".join(waiting[case.start() : end].split())
            if FULL in words or REPLACED in words:
                self._no(case[1], "three contacts are enough")
            elif SAID_NO in words and "objection" not in words:
                self._no(case[1], "not known at the registry")
            else:
                yes.append(case[1])
        for at in range(0, len(yes), 7):
            line = f"APPROVE {' '.join(yes[at : at + 7])}\n{LIST_LINE}"
            self.world.after(0.1 + at / 1000, lambda line=line: self.say(line, "yes", signs=True))  # type: ignore[misc]

    def _no(self, number: str, why: str) -> None:
        self.world.after(0.1, lambda: self.say(f"REJECT {number} {why}\n{LIST_LINE}", "no", signs=True))


class Secretary(Officer):
    """Invites who is missing, and phones those of whom the program says that they are silent."""

    rules: ClassVar[Sequence[tuple[str, str]]] = (
        (r"(A contact has|\d+ contacts have) fallen silent", "phone_the_silent"),
        (r"Mail to a contact", "phone_about_mailbox"),
    )

    def __init__(self, world: Around, key: KeyPair, phone: Phone) -> None:
        super().__init__(world, key)
        self.phone = phone

    def monthly(self) -> None:
        """Ask those who are missing."""
        self.say(f"INVITE MISSING\n{LIST_LINE}", "who is missing", signs=True)
        self.world.after(30, self.monthly)

    def phone_the_silent(self, got: Mail) -> None:
        for address in re.findall(r"^ +Email +(\S+)$", got.text, re.MULTILINE):
            self._call(self.phone.contact(address))

    def phone_about_mailbox(self, got: Mail) -> None:
        found = re.search(r"Mail to (.+) comes back, and our", " ".join(got.text.split()))
        if found:
            self._call(self.phone.contact_named(found[1]))

    def _call(self, who: Contact | None) -> None:
        if who is None or self.world.random.random() < 0.4:  # nobody picks it up
            return
        act = who.be_phoned if who.is_read else lambda: who.registry.deal_with(who)
        self.world.after(self.world.random.uniform(1, 5), act)
