"""Who mailed it, from mail to outcome: what is refused, what is kept for those who decide, and what is never asked."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests.desk import Desk
from tests.dns_server import SERVFAIL, Behaviour, LoopbackDns
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, states, subscribe
from tldops_bot.adapters.dns_lookups import DnsLookups
from tldops_bot.adapters.dns_questions import Nameserver, Resolvers
from tldops_bot.adapters.mail_authentication import MailAuthentication
from tldops_bot.app import App
from tldops_bot.config import load_config
from tldops_bot.store.tables import AuditEntry, Request

ADMIN = "admin@registry.example"
ASKING = "SUBSCRIBE nl\nName: Carl Example\nEmail: carl@nic.example\nMobile: +44 20 7946 0456\n"


@dataclass
class Counting:
    """A desk whose DNS answers for registry.example, and counts."""

    desk: Desk
    server: LoopbackDns

    def says(self, name: str, behaviour: Behaviour) -> None:
        self.server.table[(name, "TXT")] = behaviour
        lookups = DnsLookups(Resolvers((Nameserver("127.0.0.1", self.server.port),), time.monotonic))
        self.desk.app.intake._who_mailed = MailAuthentication(lookups).check  # a fresh cache

    @property
    def requests(self) -> list[Request]:
        return all_of(self.desk, Request)

    def audited(self, action: str) -> list[str]:
        with self.desk.look() as session:
            return list(session.scalars(select(AuditEntry.details).where(AuditEntry.action == action)))


@pytest.fixture
def world(desk: Desk) -> Iterator[Counting]:
    with LoopbackDns({}) as server:
        desk.iana("nl", ADMIN)
        made = Counting(desk, server)
        made.says("_dmarc.registry.example", ["v=DMARC1; p=reject"])
        made.says("registry.example", ["v=spf1 ip4:198.51.100.0/24 -all"])
        yield made


def test_an_unsigned_mail_that_the_iana_addresss_own_domain_disowns_is_refused(world: Counting) -> None:
    handled = world.desk.write(ADMIN, ASKING)
    assert outcome(handled) == "dmarc_failed"
    assert (
        handled.judged.authentication.words == "DMARC fail (policy reject), DKIM none, SPF fail; checked here"
    )
    assert world.requests == []
    assert world.audited("spoof_refused") == [
        '{"authentication": "DMARC fail (policy reject), DKIM none, SPF fail; checked here"}'
    ]


def test_the_owner_of_the_address_hears_of_it_once_a_day_at_most(world: Counting) -> None:
    for _ in range(5):
        world.desk.write(ADMIN, ASKING)
    assert len(world.desk.to(ADMIN)) == 1
    assert len(world.audited("spoof_refused")) == 1
    text = world.desk.text(world.desk.last(ADMIN))
    assert "FAILED" in text
    assert "somebody used your address" in text


@pytest.mark.parametrize(
    "record",
    [["v=DMARC1; p=none"], [], ["v=DMARC1; p=quarantine; t=y"], SERVFAIL],
    ids=["none", "no", "test", "trouble"],
)
def test_without_such_a_policy_or_when_it_cannot_be_known_nobody_is_refused(
    world: Counting, record: Behaviour
) -> None:
    world.says("_dmarc.registry.example", record)
    assert outcome(world.desk.write(ADMIN, ASKING)) == "waiting"


def test_the_same_mail_from_the_domains_own_server_is_taken(world: Counting) -> None:
    world.says("registry.example", ["v=spf1 ip4:192.0.2.1 -all"])
    assert outcome(world.desk.write(ADMIN, ASKING)) == "waiting"
    words = "DMARC pass (policy reject), DKIM none, SPF pass; checked here"
    assert world.requests[0].details["authentication"] == words
    assert words in world.audited("requested")[0]


def test_an_address_that_iana_does_not_list_is_not_refused_but_the_result_is_kept(world: Counting) -> None:
    assert outcome(world.desk.write("bo@registry.example", ASKING)) == "waiting"
    assert world.requests[0].details["authentication"].startswith("DMARC fail (policy reject)")


def test_a_forged_word_of_the_voucher_is_refused_and_the_token_still_works(world: Counting) -> None:
    desk = world.desk
    desk.write("carl@nic.example", ASKING)
    desk.write("carl@nic.example", f"CONFIRM {desk.token_for('carl@nic.example')}")
    token = desk.token_for(ADMIN)
    assert outcome(desk.write(ADMIN, f"CONFIRM {token}")) == "dmarc_failed"
    assert outcome(desk.write("dora@other.example", f"CONFIRM {token}")) == "vouched"


def test_a_mail_signed_by_an_unknown_key_is_not_refused_and_who_decides_sees_the_result(
    world: Counting, ann: KeyPair, carol: KeyPair
) -> None:
    world.says("_dmarc.nic.example", ["v=DMARC1; p=quarantine"])
    subscribe(world.desk, ann)
    words = "DMARC fail (policy quarantine), DKIM none, SPF none; checked here"
    assert world.requests[0].details["authentication"] == words
    desk = world.desk
    desk.member(carol, "be", office="committee")
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    desk.write("dora@other.example", f"DECLINE {desk.token_for(ADMIN)} never heard of her")
    assert words in " ".join(desk.text(desk.last(carol.address)).split())
    desk.say(carol, "PENDING")
    assert words in " ".join(desk.text(desk.last(carol.address)).split())


def test_what_the_voucher_reads_says_nothing_of_it(world: Counting, ann: KeyPair) -> None:
    subscribe(world.desk, ann)
    world.desk.say(ann, f"CONFIRM {world.desk.token_for(ann.address)}")
    assert "DMARC" not in world.desk.text(world.desk.last(ADMIN))


def member_asks(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "ALERT\n\nsomething is wrong")
    desk.say(ann, "KEY", attachments=[ann.key_attachment()])


def stranger_asks(desk: Desk, _: KeyPair) -> None:
    desk.write("dora@other.example", "HELP")
    desk.write("dora@other.example", "QUERY nl")


def machine_writes(desk: Desk, _: KeyPair) -> None:
    desk.write(ADMIN, ASKING, **{"Auto-Submitted": "auto-replied"})


@pytest.mark.parametrize("deed", [member_asks, stranger_asks, machine_writes])
def test_nothing_is_asked_for_members_idle_strangers_and_machines(
    world: Counting, ann: KeyPair, deed: Callable[[Desk, KeyPair], None]
) -> None:
    deed(world.desk, ann)
    assert world.server.asked == []


def test_a_mail_that_its_token_bound_to_the_mailbox_is_not_judged_again(
    world: Counting, ann: KeyPair
) -> None:
    world.says("registry.example", ["v=spf1 ip4:192.0.2.1 -all"])
    world.desk.member(ann, "nl")
    assert world.desk.write(ADMIN, f"REMOVE nl {ann.address}").decision.kind == "held"
    token = world.desk.token_for(ADMIN)
    world.says("registry.example", ["v=spf1 -all"])
    asked = len(world.server.asked)
    world.desk.write("dora@other.example", f"CONFIRM {token}")
    assert states(world.desk, "nl") == {ann.address: "suspended"}
    assert len(world.server.asked) == asked


@pytest.mark.parametrize(
    ("resolver", "expected"), [("127.0.0.1:5300", ["127.0.0.1"]), ("[::1]:53", ["::1"]), ("none", None)]
)
def test_the_resolver_is_the_configured_one(desk: Desk, resolver: str, expected: list[str] | None) -> None:
    file = desk.app.config.file
    file.write_text(file.read_text().replace('resolver = "none"', f'resolver = "{resolver}"'))
    app = App(load_config(file))
    made = app.net.mail_authentication.dns
    found = None if made is None else [one.host for one in made._resolvers.servers]
    assert found == expected
