"""The simulated world: the clock, what is to happen when, IANA's records, and each day in its order."""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from benchmarks.year.offices import Officer, Secretary
from benchmarks.year.people import A_DAY, NO_SUCH_MAILBOX, PROMPT, SILENT, SLOW, Reader
from benchmarks.year.post import PostOffice
from benchmarks.year.registry import Contact, Registry, Role
from tests.desk import Desk, fresh_home
from tests.keys import KeyPair, person
from tldops_bot.app import App
from tldops_bot.config.tld_table import TldFacts
from tldops_bot.domain.address import address_key
from tldops_bot.domain.iana_record import IanaContact, IanaRecord, NotFound
from tldops_bot.jobs._all import JOBS

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
IANA_CHANGES_A_YEAR = 8.3  # of 309 ccTLDs: 6 changed an address in 38 weeks
ALL_CCTLDS = 309
VENDORS, DEAD_ROLES = 8, 0.03
OWN_TECHNICAL, SAME_FOR_BOTH = 0.79, 0.11  # the rest has a back-end operator's address


@dataclass(frozen=True, slots=True)
class Delivered:
    """One copy that went to somebody, by the person's number in the store where it is a stored person's."""

    at: datetime
    person: int | None
    address: str
    template: str


@dataclass(slots=True)
class Gone:
    """A contact who can't be reached any more, since when, and when the program or somebody noticed."""

    address: str
    how: str
    at: datetime
    noticed_at: datetime | None = None
    by: str = ""


@dataclass
class World:
    """Everything there is, beside the program."""

    app: App
    random: random.Random
    ticks: int = 4
    hurry: float = 1.0  # how many times as often as in life something happens to people, for a short run
    now: datetime = BEGINS
    boxes: dict[str, Reader] = field(default_factory=dict)
    registries: list[Registry] = field(default_factory=list)
    records: dict[str, IanaRecord | NotFound] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)  # at IANA, in this simulation
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.app.now = lambda: self.now
        self.post = PostOffice(self.app)
        self.runner = self.app.job_runner()

    # --- what people need

    def after(self, days: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._agenda, (self.now + timedelta(days=days), next(self._numbers), act))

    def enter(self, who: Reader) -> None:
        self.boxes[address_key(who.address)] = who

    def noticed_from(self, who: Contact, how: str) -> None:
        self.gone.append(Gone(address_key(who.address), how, self.now))

    def contact(self, address: str) -> Contact | None:
        found = self.boxes.get(address_key(address))
        return found if isinstance(found, Contact) else None

    def contact_named(self, name: str) -> Contact | None:
        return next((one.people[name] for one in self.registries if name in one.people), None)

    # --- a day

    def live_a_day(self) -> None:
        """Everything that happens in one day; IANA is asked at its beginning."""
        self._ask_iana()
        for _ in range(self.ticks):
            self._until(self.now + A_DAY / self.ticks)

    def _until(self, moment: datetime) -> None:
        while self._agenda and self._agenda[0][0] <= moment:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
        self.now = moment
        self.run_jobs()
        self._deliver()

    def run_jobs(self) -> int:
        """All jobs, once; how many letters they made."""
        return sum(self.runner.run(job) for job in JOBS.values())

    def _deliver(self) -> None:
        for got in self.post.fetch():
            self.delivered.append(Delivered(got.at, got.person, address_key(got.to), got.template))
            box = self.boxes.get(address_key(got.to))
            if box is not None and box.fails:
                self.after(0.04, lambda got=got, why=box.fails: self.post.come_back(got, why))  # type: ignore[misc]
            elif box is not None:
                box.read(got)

    # --- IANA

    def _ask_iana(self) -> None:
        """All at first, then a seventh of them a day and whatever has changed: asking for all takes the longest."""
        day = (self.now - BEGINS) // A_DAY
        due = {label for number, label in enumerate(self.records) if day == 0 or number % 7 == day % 7}
        due |= self.changed
        answers = [(self.app.tlds.by_a_label[label].tld, self.records[label]) for label in sorted(due)]
        self.app.iana_keeper.take(answers, "the clock")

    def change_at_iana(self) -> None:
        """A registry gets another administrative contact; the mailbox of the one before ends, or is read on."""
        one = self.random.choice(self.registries)
        before = one.admin
        role = Role(self, f"admin{next(self._numbers)}@nic-{one.country}.example", PROMPT, False, True)
        self.enter(role)
        role.registries, one.admin = before.registries, role
        for label in one.tlds:
            held = self.records[label]
            if isinstance(held, IanaRecord):
                self.changed.add(label)
                technical = held.contact("technical")
                self.records[label] = _record(
                    self.app, label, role.address, technical.email if technical else ""
                )
        if self.random.random() < 0.5:
            before.fails = NO_SUCH_MAILBOX
        self._plan_change()

    def _plan_change(self) -> None:
        share = len(self.records) / ALL_CCTLDS
        self.after(
            self.random.expovariate(IANA_CHANGES_A_YEAR * share * self.hurry) * 365, self.change_at_iana
        )

    def retire(self) -> None:
        """A TLD goes out of the root; its people stay listed, and are told."""
        one = next(iter(each for each in self.registries if each.people and len(each.tlds) == 1))
        self.records[one.tlds[0]] = NotFound(one.tlds[0])
        self.changed.add(one.tlds[0])


def _record(app: App, label: str, admin: str, technical: str) -> IanaRecord:
    tld = app.tlds.by_a_label[label].tld
    pairs = (("administrative", admin), ("technical", technical))
    contacts = tuple(IanaContact(kind, "Role", f"Registry of {label}", "", "", one) for kind, one in pairs)  # type: ignore[arg-type]
    return IanaRecord(tld, True, (f"Registry of {label}",), "ACTIVE", None, None, contacts, "")


@contextmanager
def a_world(seed: int, tlds: int, ticks: int, hurry: float = 1.0, more: str = "") -> Iterator[World]:
    """A world on its first morning: registries at IANA, a committee of three, a secretary, and no contact yet.

    `more` stands in the configuration.
    """
    with fresh_home(more=more) as config:
        chance = random.Random(seed)
        world = World(App(config, random_octets=chance.randbytes), chance, ticks, hurry)
        try:
            _found_registries(world, world.app.tlds.of_kind("cctld")[:tlds])
            _found_offices(world)
            world._plan_change()
            world.after(200 / hurry, world.retire)
            yield world
        finally:
            world.app.close()


def _found_registries(world: World, facts: Sequence[TldFacts]) -> None:
    """One for each country: its ASCII ccTLD and those in other scripts share their addresses at IANA."""
    countries: dict[str, list[str]] = defaultdict(list)
    for one in facts:
        countries[one.country.lower() or one.tld.a_label].append(one.tld.a_label)
    vendors = [_role(world, f"tech@vendor-{number}.example", True) for number in range(VENDORS)]
    for country, labels in countries.items():
        admin = _role(world, f"admin@nic-{country}.example", False)
        registry = Registry(world, country, labels, admin)
        world.registries.append(registry)
        draw = world.random.random()
        if draw < OWN_TECHNICAL:
            technical = _role(world, f"tech@nic-{country}.example", False)
        else:
            technical = admin if draw < OWN_TECHNICAL + SAME_FOR_BOTH else world.random.choice(vendors)
        if technical is not admin:
            technical.registries.append(registry)
        for label in labels:
            world.records[label] = _record(world.app, label, admin.address, technical.address)


def _role(world: World, address: str, is_vendor: bool) -> Role:
    pace = world.random.choices((PROMPT, SLOW, SILENT), (55, 30, 15))[0]
    role = Role(world, address, pace, is_vendor, world.random.random() < 0.8)
    role.fails = NO_SUCH_MAILBOX if world.random.random() < DEAD_ROLES else ""
    world.enter(role)
    return role


def _found_offices(world: World) -> None:
    desk = Desk(world.app, world.now)
    for name in ("Carol", "Cleo", "Cyril"):
        key = person(f"{name} Example", f"{name.lower()}.sample@committee.example")
        _seat(world, desk, Officer(world, key), key, "committee")
    key = person("Sid Example", "sid.sample@secretariat.example")
    secretary = Secretary(world, key, world)
    _seat(world, desk, secretary, key, "secretariat")
    world.after(1.1, next(one for one in world.boxes.values() if type(one) is Officer).weekly)
    world.after(1.0, secretary.monthly)


def _seat(world: World, desk: Desk, who: Officer, key: KeyPair, office: str) -> None:
    desk.member(key, office=office)
    world.enter(who)
