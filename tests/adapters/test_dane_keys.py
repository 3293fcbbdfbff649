"""OPENPGPKEY records count only when DNSSEC proves them from the trust anchor down."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.rdatatype
import dns.rrset
import pytest

from tests.dnssec_server import DAY, TTL, SignedDns, Zone, absolute, openpgpkey, signed_dns
from tldops_bot.adapters import dnssec_chain
from tldops_bot.adapters.dane_keys import DaneKeys
from tldops_bot.adapters.dns_questions import Nameserver, Resolvers
from tldops_bot.adapters.dnssec_chain import Chain, anchors
from tldops_bot.domain.key_discovery import NoKey, openpgpkey_name

ANN = "ann@nic.example"
NAME = openpgpkey_name(ANN)
KEY = b"\x99octets of a key"
OTHER = b"\x99octets of another key"


@pytest.fixture
def dns_() -> Iterator[SignedDns]:
    with signed_dns() as one:
        yield one


def fetch(served: SignedDns, address: str = ANN, **changed) -> tuple[bytes, ...] | NoKey:
    settings = {
        "trusted": served.anchors,
        "now": lambda: datetime.now(UTC),
        "timeout_seconds": 60.0,
    } | changed
    return DaneKeys(Resolvers((served.nameserver,), time.monotonic), **settings).fetch(address)


def publish(served: SignedDns, *keys: bytes, **more) -> None:
    served.add("nic.example", NAME, "OPENPGPKEY", *(openpgpkey(key) for key in keys), **more)


def test_a_record_that_is_proven_is_found(dns_: SignedDns) -> None:
    publish(dns_, KEY)
    assert fetch(dns_) == (KEY,)


def test_all_records_are_found_even_when_they_need_tcp(dns_: SignedDns) -> None:
    large = b"\x99" + bytes(3000)
    publish(dns_, KEY, large)
    assert set(fetch(dns_)) == {KEY, large}


def test_nothing_is_published_for_most_people(dns_: SignedDns) -> None:
    assert fetch(dns_) == NoKey("not_published")
    assert fetch(dns_, "no address") == NoKey("not_published")
    assert fetch(dns_, f"ann@{'a.' * 110}example") == NoKey("not_published")  # the name would be too long


def test_a_record_without_signature_is_worth_nothing(dns_: SignedDns) -> None:
    dns_.unsigned(NAME, "OPENPGPKEY", openpgpkey(KEY))
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_changed_record_is_worth_nothing(dns_: SignedDns) -> None:
    publish(dns_, KEY)
    name, kind = absolute(NAME), dns.rdatatype.OPENPGPKEY
    _, signature = dns_.answers[name, kind]
    forged = dns.rrset.from_text(name, TTL, "IN", "OPENPGPKEY", openpgpkey(OTHER))
    dns_.answers[name, kind] = [forged, signature]
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_zone_that_makes_its_own_keys_is_worth_nothing(dns_: SignedDns) -> None:
    dns_.zones["nic.example"] = Zone(absolute("nic.example"))  # and the parent's DS stays
    dns_.own_key("nic.example")
    publish(dns_, KEY)
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_zone_that_signs_its_own_ds_is_worth_nothing(dns_: SignedDns) -> None:
    dns_.zones["nic.example"] = Zone(absolute("nic.example"))
    dns_.own_key("nic.example")
    dns_.add("nic.example", "nic.example", "DS", dns_.zones["nic.example"].ds().to_text())
    publish(dns_, KEY)
    assert fetch(dns_) == NoKey("not_trusted")


def test_an_unsigned_zone_below_a_signed_one_is_worth_nothing(dns_: SignedDns) -> None:
    del dns_.answers[absolute("nic.example"), dns.rdatatype.DS]
    publish(dns_, KEY)
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_neighbour_can_not_sign_for_us(dns_: SignedDns) -> None:
    dns_.zones["evil.example"] = Zone(absolute("evil.example"))
    dns_.link("evil.example", "example")
    dns_.add("evil.example", NAME, "OPENPGPKEY", openpgpkey(KEY))
    assert fetch(dns_) == NoKey("not_trusted")


def test_another_trust_anchor_trusts_nothing_of_it(dns_: SignedDns) -> None:
    publish(dns_, KEY)
    assert fetch(dns_, trusted=anchors()) == NoKey("not_trusted")


def test_an_expired_signature_is_worth_nothing(dns_: SignedDns) -> None:
    publish(dns_, KEY, ends=datetime.now(UTC) - DAY)
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_signature_counts_by_the_clock_it_is_given(dns_: SignedDns) -> None:
    publish(dns_, KEY)
    assert fetch(dns_, now=lambda: datetime.now(UTC) + timedelta(days=400)) == NoKey("not_trusted")


def test_a_digest_with_sha_1_links_nothing(dns_: SignedDns) -> None:
    # A DS with SHA-1 can't be made by dnspython any more; what one looks like is enough.
    held = dns_.zones["nic.example"].ds().to_text().split()
    dns_.add("example", "nic.example", "DS", f"{held[0]} {held[1]} 1 {'0' * 40}")
    publish(dns_, KEY)
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_record_made_from_a_wildcard_is_not_for_this_mailbox(dns_: SignedDns) -> None:
    wild = f"*.{NAME.partition('.')[2]}"
    dns_.add("nic.example", wild, "OPENPGPKEY", openpgpkey(KEY))
    records, signature = dns_.answers.pop((absolute(wild), dns.rdatatype.OPENPGPKEY))
    name = absolute(NAME)
    dns_.answers[name, dns.rdatatype.OPENPGPKEY] = [
        dns.rrset.from_rdata_list(name, TTL, list(records)),
        dns.rrset.from_rdata_list(name, TTL, list(signature)),
    ]
    assert fetch(dns_) == NoKey("not_trusted")


def test_a_name_with_many_labels_does_not_make_us_ask_without_end(dns_: SignedDns) -> None:
    labels = "a." * 60
    parent, zones = "nic.example", [f"{labels[: 2 * depth]}nic.example" for depth in range(1, 61)]
    for zone in zones:
        dns_.zones[zone] = Zone(absolute(zone))
        dns_.link(zone, parent)
        parent = zone
    address = f"x@{zones[-1]}"
    dns_.add(zones[-1], openpgpkey_name(address), "OPENPGPKEY", openpgpkey(KEY))
    assert fetch(dns_, address) == NoKey("not_trusted")
    assert len(dns_.asked) <= 41


def test_records_that_are_too_large_are_left_alone(dns_: SignedDns) -> None:
    publish(dns_, b"\x99" + bytes(30_000), b"\x98" + bytes(5_000))
    assert fetch(dns_) == NoKey("too_large")


def test_of_many_records_four_are_taken(dns_: SignedDns) -> None:
    publish(dns_, *(KEY + bytes([number]) for number in range(6)))
    assert len(fetch(dns_)) == 4


def test_few_keys_and_signatures_are_tried_however_many_a_zone_has(
    dns_: SignedDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2023-50387: with a hundred of each, ten thousand signatures would be computed for one name."""
    publish(dns_, KEY)
    crowd = [dns_.zones["nic.example"], *(Zone(absolute("nic.example")) for _ in range(20))]
    dns_.add("nic.example", "nic.example", "DNSKEY", *(one.key.to_text() for one in crowd))
    dns_.add("example", "nic.example", "DS", *(one.ds().to_text() for one in crowd))
    for records, signatures in dns_.answers.values():
        zone = dns_.zones[signatures[0].signer.to_text(omit_final_dot=True) if records.name else "."]
        for day in range(1, 9):
            signatures.update(zone.sign(records, dns_.ends + day * DAY))
    tried: list[tuple[int, int]] = []
    compared: list[int] = []
    validate, matches = dns.dnssec.validate, dnssec_chain._matches

    def counted(records, held, keys, **more) -> None:
        tried.append((len(held[1]), sum(map(len, keys.values()))))
        validate(records, held, keys, **more)

    monkeypatch.setattr(dns.dnssec, "validate", counted)
    monkeypatch.setattr(dnssec_chain, "_matches", lambda *pair: compared.append(1) or matches(*pair))
    chain = Chain(dns_.at_once, dns_.anchors, datetime.now(UTC).timestamp())
    assert len(chain.proven(absolute(NAME), dns.rdatatype.OPENPGPKEY)) == 1
    assert max(signatures for signatures, _ in tried) == 4
    assert max(keys for _, keys in tried) == 16
    assert len(compared) <= 16 * 16 + 2


def test_a_resolver_in_trouble_is_told_from_no_key(dns_: SignedDns) -> None:
    dns_.broken.add(NAME)
    assert fetch(dns_) == NoKey("unreachable")


def test_a_silent_resolver_holds_us_up_only_so_long(dns_: SignedDns) -> None:
    dns_.silent = True
    assert fetch(dns_, timeout_seconds=0.3) == NoKey("timed_out")


def test_the_second_resolver_is_asked_when_the_first_is_broken(dns_: SignedDns) -> None:
    publish(dns_, KEY)
    dead = Nameserver("127.0.0.1", 0)
    found = DaneKeys(
        Resolvers((dead, dns_.nameserver), time.monotonic), dns_.anchors, lambda: datetime.now(UTC), 60.0
    ).fetch(ANN)
    assert found == (KEY,)


def test_without_any_resolver_nothing_is_found() -> None:
    nobody = Resolvers((), time.monotonic)
    assert DaneKeys(nobody, anchors(), lambda: datetime.now(UTC)).fetch(ANN) == NoKey("unreachable")


def test_the_anchors_that_are_shipped_are_those_of_the_root() -> None:
    assert [(one.key_tag, one.algorithm, one.digest_type) for one in anchors()] == [
        (20326, 8, 2),
        (38696, 8, 2),
    ]
