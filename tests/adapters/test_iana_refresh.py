"""A sync: what is kept, what waits for a second look, who is told; whatever whois.iana.org (or somebody else) says."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import subscribe
from tests.whois_server import HANG, Behaviour, LoopbackWhois
from tldops_bot.adapters.iana_refresh import IanaRefresh
from tldops_bot.adapters.iana_whois import WhoisServer, sync
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.tld import parse_tld
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import iana, people
from tldops_bot.store.tables import AuditEntry, Delivery, Entry, IanaHeld, Message

RECORD = """\
% IANA WHOIS server
% This query returned 1 object

domain:       {tld}

organisation: {organisation}

{contacts}status:       {status}
source:       IANA
"""
CONTACT = """contact:      {kind}
name:         {name}
organisation: Example Registry
phone:        {phone}
e-mail:       {email}

"""
DAY = timedelta(days=1)


def answer(
    tld: str,
    email: str = "",
    tech: str | None = "noc@back-end.example",
    organisation: str = "Example Registry",
    name: str = "Role",
    phone: str = "+99 1 555 0100",
) -> bytes:
    pairs = [("administrative", email or f"admin@{tld}.example"), ("technical", tech)]
    contacts = "".join(
        CONTACT.format(kind=kind, email=address, name=name, phone=phone)
        for kind, address in pairs
        if address is not None
    )
    return RECORD.format(
        tld=tld.upper(), organisation=organisation, contacts=contacts, status="ACTIVE"
    ).encode()


def not_assigned(tld: str) -> bytes:
    return RECORD.format(tld=tld.upper(), organisation="Not assigned", contacts="", status="").encode()


@dataclass
class Watch:
    """A desk whose IANA is a server here, answering as a test says."""

    desk: Desk
    server: LoopbackWhois
    answers: dict[str, Behaviour]
    woken: list[int] = field(default_factory=list)

    def sync(self, **later: float) -> IanaRefresh:
        """The clock's sync, some time later."""
        self.desk.later(**(later or {"days": 1}))
        refresh = IanaRefresh(
            self.desk.app.iana_keeper,
            TldTable({}),
            WhoisServer("127.0.0.1", self.server.port, time.monotonic, 1.0),
            timedelta(hours=20),
            sleep=lambda _: None,
            after=lambda: self.woken.append(1),
        )
        refresh.run()
        return refresh

    def know(self, *tlds: str, **more: Any) -> None:
        """The first sync of these TLDs."""
        for tld in tlds:
            self.answers[tld] = answer(tld, **more)
        taken = self.desk.app.iana_keeper.take(list(self.ask(*tlds)), "the clock")
        assert taken.letters == []

    def ask(self, *tlds: str) -> Iterator[Any]:
        where = WhoisServer("127.0.0.1", self.server.port, time.monotonic)
        return sync([one for tld in tlds if (one := parse_tld(tld))], where, lambda _: None)

    def mails(self) -> dict[str, list[str]]:
        """What waits in the outbox: subject and text by recipient; a look empties nothing."""
        found: dict[str, list[str]] = {}
        with self.desk.look() as session:
            query = select(Message, Delivery).join(Delivery, Delivery.message_id == Message.id)
            for message, delivery in session.execute(query.order_by(Delivery.id)):
                text = f"{message.subject}\n{(message.entity or b'').decode()}"
                found.setdefault(delivery.rcpt_to, []).append(re.sub(r"=\n", "", text))
        return found

    def admin(self, tld: str) -> str:
        with self.desk.look() as session:
            return iana.current_contacts(session, tld)[0].email

    def entry(self, tld: str) -> tuple[str, datetime | None]:
        """State of the first entry of a TLD, and since when its voucher is gone."""
        with self.desk.look() as session:
            found = session.scalars(select(Entry).where(Entry.tld == tld)).first()
            assert found is not None
            return found.state, found.voucher_gone_at

    def job(self) -> list[Any]:
        app = self.desk.app
        with app.database.write() as session:
            return list(
                JOBS["watch_iana"].run(
                    JobContext(session, self.desk.now, app.config, app.tlds, app.random_octets)
                )
            )


@pytest.fixture
def watch() -> Iterator[Watch]:
    answers: dict[str, Behaviour] = {}
    with open_desk() as desk, LoopbackWhois(answers) as server:
        yield Watch(desk, server, answers, [])


def vouched(watch: Watch, tld: str, by: str) -> None:
    with watch.desk.app.database.write() as session:
        people.contacts_of(session, tld)[0].voucher_key = by


# --- who is told


def test_a_changed_address_is_told_to_contacts_committee_and_the_former_one_once(
    watch: Watch, ann: KeyPair, carol: KeyPair
) -> None:
    watch.know("nl", "be")
    watch.desk.member(ann, "nl", "be")
    watch.desk.member(carol, office="committee")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.answers["be"] = answer("be", "new@be.example")
    watch.sync()
    mails = watch.mails()
    assert {to: len(those) for to, those in mails.items()} == {
        ann.address: 1,
        carol.address: 1,
        "admin@nl.example": 1,
        "admin@be.example": 1,
    }, "one letter each, and none to whoever is new"
    assert "was: admin@nl.example" in mails[ann.address][0]
    assert "now: new@be.example" in mails[ann.address][0]
    assert "2 of your TLDs" in mails[ann.address][0]
    assert ann.name not in mails["admin@nl.example"][0]
    assert watch.woken == [1]


def test_the_same_answer_again_tells_nothing_again(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.sync()
    before = watch.mails()
    watch.sync()
    watch.sync(hours=1)
    assert watch.mails() == before


def test_a_contact_hears_of_their_own_tlds_only(watch: Watch, ann: KeyPair, bob: KeyPair) -> None:
    watch.know("nl", "be")
    watch.desk.member(ann, "nl")
    watch.desk.member(bob, "be")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.answers["be"] = answer("be", phone="+99 2 555 0100")
    watch.sync()
    assert "be.example" not in watch.mails()[ann.address][0]
    assert "nl.example" not in watch.mails()[bob.address][0]
    assert "+99 2 555 0100" in watch.mails()[bob.address][0]


def test_before_there_is_a_committee_the_operator_hears_and_reads_no_names(
    watch: Watch, ann: KeyPair
) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    vouched(watch, "nl", "admin@nl.example")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.sync()
    (text,) = watch.mails()["root@lists.example"]
    assert "new@nl.example" in text
    assert ann.name not in text


def test_nobody_is_told_of_a_tld_that_takes_no_part_but_the_committee(watch: Watch, carol: KeyPair) -> None:
    watch.know("nl")
    watch.desk.member(carol, office="committee")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.sync()
    assert set(watch.mails()) == {carol.address}


# --- the voucher


def test_a_voucher_listed_no_more_is_noted_not_punished_and_comes_back(
    watch: Watch, ann: KeyPair, carol: KeyPair
) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    watch.desk.member(carol, office="committee")
    vouched(watch, "nl", "admin@nl.example")
    watch.answers["nl"] = answer("nl", "new@nl.example")
    watch.sync()
    assert watch.entry("nl") == (people.LISTED, watch.desk.now)
    assert "vouched for you is no longer listed" in watch.mails()[ann.address][0]
    assert ann.name in watch.mails()[carol.address][0]
    watch.answers["nl"] = answer("nl", "admin@nl.example")
    watch.sync()
    assert watch.entry("nl") == (people.LISTED, None)


def test_a_voucher_that_only_became_the_technical_contact_is_still_there(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    vouched(watch, "nl", "admin@nl.example")
    watch.answers["nl"] = answer("nl", "new@nl.example", tech="admin@nl.example")
    watch.sync()
    assert watch.entry("nl") == (people.LISTED, None)


def test_a_person_who_joined_by_mail_carries_their_voucher(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@nl.example", at=desk.now - 30 * DAY)
    subscribe(desk, ann)
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    desk.write("admin@nl.example", f"CONFIRM {desk.token_for('admin@nl.example')}")
    with desk.look() as session:
        assert [one.voucher_key for one in people.contacts_of(session, "nl")] == ["admin@nl.example"]


# --- what takes away waits


@pytest.mark.parametrize("gone", [not_assigned("nl"), None])
def test_a_tld_that_is_gone_is_believed_the_second_time_and_its_contacts_stay(
    watch: Watch, ann: KeyPair, gone: bytes | None
) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    if gone is None:
        del watch.answers["nl"]  # "This query returned 0 objects"
    else:
        watch.answers["nl"] = gone
    watch.sync()
    assert watch.mails() == {}
    assert watch.admin("nl") == "admin@nl.example"
    watch.sync()
    assert "assigned to nobody any more" in watch.mails()[ann.address][0]
    assert watch.entry("nl") == (people.LISTED, None)
    with watch.desk.look() as session:
        row = iana.tld_row(session, "nl")
        assert row is not None
        assert not row.is_assigned
        assert iana.current_contacts(session, "nl") == []
        assert session.scalars(select(IanaHeld)).all() == []
    before = watch.mails()
    watch.sync()
    assert watch.mails() == before


def test_a_contact_without_successor_is_believed_the_second_time(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    watch.answers["nl"] = answer("nl", tech=None)
    watch.sync()
    assert watch.mails() == {}
    watch.sync()
    assert "no technical contact any more" in watch.mails()[ann.address][0]


def test_asking_twice_in_a_row_confirms_nothing(watch: Watch) -> None:
    watch.know("nl")
    del watch.answers["nl"]
    watch.sync()
    where = watch.desk.app.iana_keeper
    for _ in range(3):
        watch.desk.later(hours=1)
        taken = where.take(list(watch.ask("nl")), "the operator")
        assert (taken.kept, taken.believed, taken.held_back) == ([], [], [])
    assert watch.admin("nl") == "admin@nl.example"


def test_an_answer_that_was_taken_back_leaves_no_trace(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl")
    watch.desk.member(ann, "nl")
    del watch.answers["nl"]
    watch.sync()
    watch.answers["nl"] = answer("nl")
    watch.sync()
    del watch.answers["nl"]
    watch.sync()
    assert watch.mails() == {}, "it has to be said twice in a row"
    assert watch.admin("nl") == "admin@nl.example"


# --- floods


def many(count: int) -> list[str]:
    return [f"{first}{second}" for first in "abcd" for second in "abcdefghijklmnopqrstuvwxyz"][:count]


def forged(watch: Watch, tlds: list[str], email: str = "evil@evil.example") -> None:
    for tld in tlds:
        watch.answers[tld] = answer(tld, email)


def test_a_flood_is_held_back_told_and_believed_only_when_it_lasts(
    watch: Watch, ann: KeyPair, carol: KeyPair
) -> None:
    tlds = many(40)
    watch.know(*tlds)
    watch.desk.member(ann, *tlds[:2])
    watch.desk.member(carol, office="committee")
    forged(watch, tlds[:31])
    watch.sync()
    assert {watch.admin(tld) for tld in tlds} == {f"admin@{tld}.example" for tld in tlds}
    mails = watch.mails()
    assert set(mails) == {carol.address, "root@lists.example"}
    assert "31 TLDs" in mails["root@lists.example"][0]
    watch.sync()
    assert {watch.admin(tld) for tld in tlds[:31]} == {"evil@evil.example"}
    mails = watch.mails()
    assert len(mails[ann.address]) == 1
    with watch.desk.look() as session:
        assert iana.is_freshly_changed(session, tlds[0], "evil@evil.example", watch.desk.now), (
            "and even then it vouches for nobody"
        )


def test_a_flood_that_is_over_the_next_day_changed_nothing(watch: Watch) -> None:
    tlds = many(40)
    watch.know(*tlds)
    forged(watch, tlds)
    watch.sync()
    forged(watch, tlds, "")
    watch.sync()
    assert {watch.admin(tld) for tld in tlds} == {f"admin@{tld}.example" for tld in tlds}
    with watch.desk.look() as session:
        assert session.scalars(select(IanaHeld)).all() == []


def test_a_liar_who_changes_the_lie_every_day_is_never_believed(watch: Watch) -> None:
    tlds = many(40)
    watch.know(*tlds)
    for day in range(3):
        forged(watch, tlds, f"evil{day}@evil.example")
        watch.sync()
    assert {watch.admin(tld) for tld in tlds} == {f"admin@{tld}.example" for tld in tlds}


def test_a_flood_in_small_portions_is_one_too(watch: Watch) -> None:
    tlds = many(60)
    watch.know(*tlds)
    forged(watch, tlds[:30])
    watch.sync(days=1)
    assert watch.admin(tlds[0]) == "evil@evil.example", "thirty are believed"
    forged(watch, tlds[:60])
    watch.sync(hours=21)
    assert watch.admin(tlds[59]) == f"admin@{tlds[59]}.example"


def test_a_server_that_knows_nothing_any_more_takes_nothing_away(watch: Watch) -> None:
    tlds = many(8)
    watch.know(*tlds)
    watch.answers.clear()
    watch.sync()
    assert {watch.admin(tld) for tld in tlds} == {f"admin@{tld}.example" for tld in tlds}
    assert "8 TLDs" in watch.mails()["root@lists.example"][0]


@pytest.mark.parametrize("garbage", [b"", b"<html>busy</html>", b"%" * 70_000, HANG])
def test_garbage_changes_nothing_and_is_asked_for_again(watch: Watch, garbage: Behaviour) -> None:
    watch.know("nl")
    watch.answers["nl"] = garbage
    refresh = watch.sync()
    assert watch.admin("nl") == "admin@nl.example"
    assert [tld.a_label for tld in refresh.due()] == ["nl"]


# --- later


def test_a_new_iana_contact_hears_who_is_listed_only_when_its_word_counts(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl", "be")
    watch.desk.member(ann, "nl", "be")
    watch.answers["nl"] = answer("nl", "new@registry.example")
    watch.answers["be"] = answer("be", "new@registry.example")
    watch.sync()
    watch.sync(days=13)
    assert watch.job() == []
    watch.desk.later(days=1)
    (letter,) = watch.job()
    assert [to.address for to in letter.to] == ["new@registry.example"]
    text = watch.desk.text(letter)
    assert ann.name in text
    assert ann.address not in text
    assert "7700" not in text
    assert watch.job() == []
    watch.answers["nl"] = answer("nl", "new@registry.example", phone="+99 2 555 0100")
    watch.sync()
    watch.sync(days=15)
    assert watch.job() == [], "another phone number makes nobody new"


def test_who_changes_roles_or_serves_a_tld_without_contacts_is_not_welcomed(
    watch: Watch, ann: KeyPair
) -> None:
    watch.know("nl", "be")
    watch.desk.member(ann, "nl")
    watch.answers["nl"] = answer("nl", "noc@back-end.example", tech="admin@nl.example")
    watch.answers["be"] = answer("be", "new@be.example")
    watch.sync()
    watch.sync(days=20)
    assert watch.job() == []


def test_the_operator_hears_once_of_three_days_of_silence(watch: Watch) -> None:
    watch.know("nl")
    watch.desk.later(days=2, hours=23)
    assert watch.job() == []
    watch.desk.later(hours=1)
    (letter,) = watch.job()
    assert [to.address for to in letter.to] == ["root@lists.example"]
    watch.desk.text(letter)
    watch.desk.later(days=5)
    assert watch.job() == []
    watch.sync()
    assert watch.job() == []
    watch.desk.later(days=3)
    assert len(watch.job()) == 1, "another silence"


def test_silence_from_the_very_start_is_told_too(watch: Watch) -> None:
    assert watch.job() == []
    watch.desk.later(days=3)
    assert len(watch.job()) == 1
    assert watch.job() == []


def test_a_service_that_stops_keeps_what_has_come_and_asks_no_further(watch: Watch) -> None:
    watch.know("nl", "be")
    watch.desk.later(days=1)
    refresh = IanaRefresh(
        watch.desk.app.iana_keeper,
        TldTable({}),
        WhoisServer("127.0.0.1", watch.server.port, time.monotonic, 1.0),
        timedelta(hours=20),
        sleep=lambda _: None,
        is_stopping=lambda: True,
    )
    before = len(watch.server.asked)
    assert len(refresh.due()) == 2
    assert len(list(refresh.ask(refresh.due()))) == 1
    assert len(watch.server.asked) <= before + 1


def test_what_the_list_serves_is_asked_about_and_no_more() -> None:
    both = '[membership]\nconstituencies = ["cctld", "gtld", "cert"]\n'
    with open_desk() as narrow, open_desk(both) as wide:
        few = {tld.a_label for tld in narrow.app.iana_refresh().due()}
        many = {tld.a_label for tld in wide.app.iana_refresh().due()}
    assert "nl" in few
    assert "com" not in few
    assert {"nl", "com"} <= many
    assert "arpa" not in many


# --- the record of it


def test_what_changed_is_audited_without_names_or_addresses(watch: Watch, ann: KeyPair) -> None:
    watch.know("nl")
    watch.answers["nl"] = answer("nl", "new@nl.example", organisation="Sample Registry", name="Bob")
    watch.sync()
    with watch.desk.look() as session:
        found = list(session.scalars(select(AuditEntry.details).where(AuditEntry.action == "iana_changed")))
    assert len(found) == 3
    assert not any(word in details for details in found for word in ("example", "Bob", "Sample"))
