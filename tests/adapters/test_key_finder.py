"""Strangers can make the bot look for keys, but not often, and nobody's host can be scanned through it."""

import threading
from dataclasses import dataclass, field

from tldops_bot.adapters.key_finder import KeyFinder, Published
from tldops_bot.domain.key_discovery import NoKey


@dataclass
class Place:
    """One source that knows what it was told."""

    known: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        self.asked.append(address)
        return (self.known[address],) if address in self.known else NoKey("not_published")


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def finder(*places: Place, clock: Clock | None = None, **limits: int) -> KeyFinder:
    return KeyFinder(Published(places), clock or Clock(), **limits)


def test_the_web_is_asked_first_and_the_dns_only_when_it_has_nothing() -> None:
    web, dane = Place({"ann@nic.example": b"w"}), Place({"ann@nic.example": b"d", "bob@nic.example": b"e"})
    found = finder(web, dane)
    assert found.find("ann@nic.example") == (b"w",)
    assert found.find("bob@nic.example") == (b"e",)
    assert dane.asked == ["bob@nic.example"]


def test_the_same_address_is_asked_about_once_an_hour_whatever_was_found() -> None:
    place, clock = Place(), Clock()
    found = finder(place, clock=clock)
    assert [found.find("ann@nic.example") for _ in range(3)] == [(), (), ()]
    clock.seconds += 3600
    found.find("ANN@nic.example")
    assert len(place.asked) == 2


def test_strangers_can_make_it_ask_thirty_times_an_hour_and_no_more() -> None:
    place, clock = Place(), Clock()
    found = finder(place, clock=clock)
    for number in range(100):
        found.find(f"x@host{number}.example")
    assert len(place.asked) == 30
    clock.seconds += 3600
    found.find("x@later.example")
    assert len(place.asked) == 31


def test_one_domain_is_asked_six_times_an_hour_and_others_still_are() -> None:
    place = Place()
    found = finder(place)
    for number in range(20):
        found.find(f"x{number}@nic.example")
    found.find("x@other.example")
    assert len(place.asked) == 7


def test_what_is_no_address_is_not_asked_about() -> None:
    place = Place()
    assert finder(place).find("") == ()
    assert finder(place).find("nobody") == ()
    assert place.asked == []


def test_what_is_remembered_is_limited() -> None:
    found = finder(Place(), max_an_hour=10_000)
    for number in range(1000):
        found.find(f"x@host{number}.example")
    assert len(found._known) == 256


def test_one_slow_host_does_not_hold_up_everybody() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Place):
        def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
            inside.set()
            go_on.wait(60)
            return super().fetch(address)

    place = Slow()
    found = finder(place)
    thread = threading.Thread(target=found.find, args=("slow@evil.example",))
    thread.start()
    assert inside.wait(60)
    assert found.find("ann@nic.example") == ()
    assert place.asked == []
    go_on.set()
    thread.join()
    found.find("ann@nic.example")
    assert place.asked == ["slow@evil.example", "ann@nic.example"]


def test_without_sources_nothing_is_found() -> None:
    assert Published(()).find("ann@nic.example") == ()
