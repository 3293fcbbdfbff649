"""Who mailed it: DKIM signatures made and checked, SPF, DMARC, our server's word; with a DNS on loopback."""

import base64
import hashlib
import subprocess
import time
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dns_server import HANG, SERVFAIL, Behaviour, LoopbackDns
from tldops_bot.adapters import dns_lookups
from tldops_bot.adapters.dkimpy_signatures import check_signatures
from tldops_bot.adapters.dns_lookups import Answer, DnsLookups, Kind, MailLookups
from tldops_bot.adapters.dns_questions import Allowance, Nameserver, Resolvers
from tldops_bot.adapters.mail_authentication import MailAuthentication
from tldops_bot.adapters.pyspf_check import check_sender
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.mail_authentication import NOT_LOOKED_AT, RESULTS, Authentication

AUTHOR, DOMAIN = "hostmaster@nic.example", "nic.example"
OUTSIDE = "192.0.2.25"
Table = dict[tuple[str, str], Behaviour]

MAIL = (
    b"From: Hostmaster <hostmaster@nic.example>\r\nTo: tld-ops@lists.example\r\nSubject: hello\r\n"
    b"Date: Sat, 21 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@nic.example>\r\n\r\nSUBSCRIBE aa\r\n"
)


@cache
def rsa_key(bits: int) -> tuple[bytes, str]:
    """A private key in PEM, and its record."""
    key = rsa.generate_private_key(65537, bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def signed(
    raw: bytes = MAIL, domain: str = DOMAIN, selector: str = "s1", bits: int = 2048, **more: object
) -> bytes:
    return dkim.sign(raw, selector.encode(), domain.encode(), rsa_key(bits)[0], **more) + raw


def zone(**more: Behaviour) -> Table:
    """nic.example: one RSA key, SPF for 192.0.2.25, and p=reject; `dmarc=` and so on replace a record."""
    records: dict[str, Behaviour] = {
        "spf": ["v=spf1 ip4:192.0.2.25 -all"],
        "dmarc": ["v=DMARC1; p=reject"],
        "key": [rsa_key(2048)[1]],
    } | more
    return {
        (DOMAIN, "TXT"): records["spf"],
        (f"_dmarc.{DOMAIN}", "TXT"): records["dmarc"],
        (f"s1._domainkey.{DOMAIN}", "TXT"): records["key"],
    }


def envelope(mail_from: str = "bounces@other.example", peer: str = OUTSIDE) -> Envelope:
    return Envelope(mail_from, ("tld-ops@lists.example",), peer, "", False, "ESMTP")


def asking(port: int) -> DnsLookups:
    """As the program asks, of one server on loopback."""
    return DnsLookups(Resolvers((Nameserver("127.0.0.1", port),), time.monotonic, Allowance()))


def check(
    raw: bytes, table: Table | None = None, sent: Envelope | None = None, trusted: tuple[str, ...] = ()
) -> Authentication:
    with LoopbackDns(zone() if table is None else table) as server:
        lookups = asking(server.port)
        return MailAuthentication(lookups, trusted).check(raw, sent or envelope())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookups, "MAX_SECONDS", 0.4)


# --- DKIM


def test_a_mail_signed_by_the_authors_domain_passes() -> None:
    assert check(signed()) == Authentication("none", "pass", "pass", "checked", "reject", DOMAIN)


@pytest.mark.parametrize("domain", ["mail.nic.example", "nic.example"])
def test_a_mail_of_a_subdomain_may_be_signed_by_the_organization(domain: str) -> None:
    raw = MAIL.replace(b"@nic.example>\r\nTo", b"@out.nic.example>\r\nTo")
    table = zone() | {(f"s1._domainkey.{domain}", "TXT"): [rsa_key(2048)[1]]}
    assert check(signed(raw, domain), table).aligned_domain == domain


def test_an_ed25519_signature_passes() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    raw_key = serialization.Encoding.Raw
    private = key.private_bytes(raw_key, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = base64.b64encode(key.public_key().public_bytes(raw_key, serialization.PublicFormat.Raw)).decode()
    header = dkim.sign(
        MAIL, b"s1", b"nic.example", base64.b64encode(private), signature_algorithm=b"ed25519-sha256"
    )
    assert check(header + MAIL, zone(key=[f"v=DKIM1; k=ed25519; p={public}"])).dkim == "pass"
    other = base64.b64encode(b"\1" * 32).decode()
    assert check(header + MAIL, zone(key=[f"v=DKIM1; k=ed25519; p={other}"])).dkim != "pass"


def test_a_mail_changed_on_the_way_fails() -> None:
    for changed in (
        signed().replace(b"SUBSCRIBE aa", b"SUBSCRIBE bb"),
        signed().replace(b": hello", b": hallo"),
    ):
        assert check(changed) == Authentication("none", "fail", "fail", "checked", "reject")


def test_without_a_signature_a_mail_fails_the_domains_policy() -> None:
    made = check(MAIL)
    assert made == Authentication("none", "none", "fail", "checked", "reject")
    assert made.is_spoof


def test_the_signature_of_somebody_elses_domain_is_not_even_looked_up() -> None:
    with LoopbackDns(zone() | {("s1._domainkey.evil.example", "TXT"): [rsa_key(2048)[1]]}) as server:
        lookups = asking(server.port)
        assert MailAuthentication(lookups).check(signed(domain="evil.example"), envelope()).dmarc == "fail"
        assert all("evil" not in name for name, _ in server.asked)


@pytest.mark.parametrize(
    "key",
    [
        [],
        ["v=DKIM1; p="],
        ["v=DKIM1; k=rsa; p=AAAA"],
        ["rubbish"],
        ["v=DKIM1; k=ed25519; p=AAAA"],
        ["x" * 3000],
    ],
)
def test_a_key_that_is_revoked_missing_or_rubbish_is_no_pass(key: list[str]) -> None:
    made = check(signed(), zone(key=key))
    assert made.dkim in ("permerror", "fail")
    assert made.is_spoof


def test_two_keys_under_one_name_are_none() -> None:
    assert check(signed(), zone(key=[rsa_key(2048)[1], "v=DKIM1; k=rsa; p=AAAA"])).dkim == "permerror"


def test_sha1_and_short_keys_are_no_more() -> None:
    sha1 = dkim.sign(MAIL, b"s1", b"nic.example", rsa_key(2048)[0], signature_algorithm=b"rsa-sha1") + MAIL
    assert check(sha1) == Authentication("none", "permerror", "fail", "checked", "reject")
    short = _signed_by_short_key()
    assert check(short[0], zone(key=[short[1]])) == Authentication(
        "none", "permerror", "fail", "checked", "reject"
    )


def _signed_by_short_key() -> tuple[bytes, str]:
    """768 bits, which only openssl still makes."""
    made = subprocess.run(
        ["openssl", "genrsa", "-traditional", "768"], capture_output=True, check=True
    ).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=made, capture_output=True, check=True
    ).stdout
    record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    return dkim.sign(MAIL, b"s1", b"nic.example", made) + MAIL, record


def test_a_signature_over_a_part_of_the_body_does_not_count() -> None:
    raw = signed(length=True) + b"SUBSCRIBE bb\r\n"
    assert check(raw) == Authentication("none", "neutral", "fail", "checked", "reject")


def test_a_signature_that_leaves_from_out_does_not_count() -> None:
    assert check(_signed_over("from:subject")).dkim == "pass"
    assert check(_signed_over("subject")) == Authentication("none", "permerror", "fail", "checked", "reject")


def _signed_over(names: str) -> bytes:
    """By hand, with simple canonicalization, over Subject and whatever else `names` claims to hold."""
    body_hash = base64.b64encode(hashlib.sha256(b"SUBSCRIBE aa\r\n").digest()).decode()
    field = f"DKIM-Signature: v=1; a=rsa-sha256; d=nic.example; s=s1; h={names}; bh={body_hash}; b=".encode()
    key = serialization.load_pem_private_key(rsa_key(2048)[0], None)
    assert isinstance(key, rsa.RSAPrivateKey)
    covered = b"".join(
        line + b"\r\n"
        for name in names.lower().split(":")
        for line in MAIL.split(b"\r\n")
        if line.lower().startswith(name.encode() + b":")
    )
    signature = key.sign(covered + field, padding.PKCS1v15(), hashes.SHA256())
    return field + base64.b64encode(signature) + b"\r\n" + MAIL


def test_two_from_fields_are_nobodys() -> None:
    assert check(b"From: ann@other.example\r\n" + signed()) == NOT_LOOKED_AT


def test_trouble_with_the_authors_own_key_is_trouble_and_no_refusal() -> None:
    assert check(signed(), zone(key=SERVFAIL)) == Authentication(
        "none", "temperror", "temperror", "checked", "reject"
    )


def test_trouble_that_the_sender_arranged_elsewhere_excuses_nothing() -> None:
    table = zone() | {("s1._domainkey.evil.example", "TXT"): SERVFAIL, ("evil.example", "TXT"): SERVFAIL}
    assert check(signed(domain="evil.example"), table, envelope("a@evil.example")).is_spoof
    too_long = signed().replace(b"s=s1;", b"s=" + b"x" * 70 + b";", 1)
    assert check(too_long).is_spoof


def test_a_thousand_signatures_cost_five_look_ups() -> None:
    line = signed()[: len(signed()) - len(MAIL)]
    many = b"".join(line.replace(b"s=s1;", b"s=k%d;" % number) for number in range(1000))
    with LoopbackDns(zone()) as server:
        lookups = asking(server.port)
        made = MailAuthentication(lookups).check(
            many[:120_000].rpartition(b"DKIM-Signature")[0] + MAIL, envelope()
        )
        assert len([name for name, _ in server.asked if "_domainkey" in name]) == 5
    assert made.is_spoof


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b" From: ann@nic.example\r\n\r\n",
        MAIL[:40],
        b"DKIM-Signature: a=rsa-sha256; d=nic.example; h=from; s=s1\r\n" + MAIL,
        b"DKIM-Signature: ;;==;d=nic.example;d=nic.example\r\n" + MAIL,
        b"DKIM-Signature: v=1; a=rsa-sha256; c=x/y; d=nic.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n" + MAIL,
        b"DKIM-Signature: v=1; a=rsa-sha256; d=nic.example; s=s1; h=from; bh=A; b=A===\r\n" + MAIL,
        b"DKIM-Signature: v=1; a=rsa-sha256; d=nic.example; s=\xff\xfe; h=from; bh=AAAA; b=AAAA\r\n" + MAIL,
        b"DKIM-Signature: v=1; a=rsa-sha256; d=nic.example; t="
        + b"9" * 4000
        + b"; s=s1; h=from; bh=AAAA; b=AA==\r\n"
        + MAIL,
        b"\x00: x\r\n" + signed(),
        b"No colon here\r\n" + signed(),
    ],
)
def test_malformed_mail_is_checked_without_stumbling(raw: bytes) -> None:
    assert check(raw).dkim != "pass"


def test_mail_made_to_be_slow_is_checked_in_no_time() -> None:
    relaxed = (b"relaxed", b"relaxed")
    began = time.thread_time()
    for body in (b" " * 900_000 + b"x", (b" " * 900 + b"x\r\n") * 1000, b"\r\n" * 400_000, b"x" * 2_000_000):
        raw = signed(canonicalize=relaxed).replace(b"SUBSCRIBE aa\r\n", body)
        assert check(raw).dkim != "pass"
    assert check(b"DKIM-Signature: v=1; b" + b" \r\n" * 40_000 + b"=x\r\n" + MAIL).dkim != "pass"
    assert time.thread_time() - began < 20


@pytest.mark.parametrize(("within", "result"), [(True, "pass"), (False, "permerror")])
def test_what_is_larger_than_any_honest_mail_header_or_key_is_left_alone(within: bool, result: str) -> None:
    assert check(signed(MAIL + b"x\r\n" * (300_000 if within else 400_000))).dkim == result
    assert check(signed(b"X-More: x\r\n" * (11_000 if within else 12_000) + MAIL)).dkim == result
    key = f"{rsa_key(2048)[1]}; n={'x' * (1_500 if within else 2_000)}"
    assert check(signed(), zone(key=[key])).dkim == result


@pytest.mark.parametrize(("names", "result"), [(200, "pass"), (500, "none")])
def test_a_signature_that_is_longer_than_any_honest_one_is_none(names: int, result: str) -> None:
    headers = [b"from", *(b"x-%d" % number for number in range(names))]
    assert check(signed(include_headers=headers)).dkim == result


# --- SPF


def test_mail_from_the_domains_own_server_passes_where_we_are_the_first_hop() -> None:
    made = check(MAIL, sent=envelope("ann@nic.example"))
    assert made == Authentication("pass", "none", "pass", "checked", "reject", DOMAIN)


def test_mail_from_elsewhere_fails() -> None:
    made = check(MAIL, sent=envelope("ann@nic.example", "198.51.100.7"))
    assert made == Authentication("fail", "none", "fail", "checked", "reject")


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "::ffff:10.0.0.1", "fe80::1%eth0", "", "x"]
)
def test_a_server_of_our_own_is_not_the_sender(peer: str) -> None:
    table = zone(spf=["v=spf1 +all"])
    assert check(MAIL, table, envelope("ann@nic.example", peer)).spf == "none"


def test_a_domain_that_lets_everybody_send_stands_only_for_itself() -> None:
    table = zone() | {("evil.example", "TXT"): ["v=spf1 +all"]}
    assert check(MAIL, table, envelope("a@evil.example")).is_spoof


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 a mx include:spf.nic.example -all", "pass"),
        ("v=spf1 redirect=spf.nic.example", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr:nic.example -all", "pass"),
        ("v=spf1 exists:%{ir}.list.nic.example -all", "pass"),
        ("v=spf1 rubbish -all", "permerror"),
        ("v=spf1 include:no.nic.example -all", "permerror"),
        ("v=spf1 include:nic.example -all", "permerror"),
        ("v=spf1 include:loop.nic.example -all", "permerror"),
        ("v=spf1 a:v1.example a:v2.example a:v3.example a:v4.example -all", "permerror"),
        ("v=spf1 include:broken.nic.example -all", "temperror"),
        ("v=spf1 a:%{z}.x -all", "permerror"),
        ("v=spf1 ip4:192.0.2.25/99 -all", "permerror"),
        ("v=spf1 ip6:zz -all", "permerror"),
        ("v=spf1 a:ü.example -all", "permerror"),
        ("", "none"),
    ],
)
def test_spf_records_are_followed(record: str, result: str) -> None:
    table = zone(spf=[record] if record else []) | {
        ("spf.nic.example", "TXT"): ["v=spf1 ip4:192.0.2.0/24"],
        ("loop.nic.example", "TXT"): ["v=spf1 include:pool.nic.example"],
        ("pool.nic.example", "TXT"): ["v=spf1 include:loop.nic.example"],
        ("broken.nic.example", "TXT"): SERVFAIL,
        ("nic.example", "A"): ["192.0.2.80"],
        ("nic.example", "MX"): ["20 mx2.nic.example.", "10 mx.nic.example."],
        ("mx.nic.example", "A"): ["192.0.2.25"],
        ("mx2.nic.example", "A"): ["192.0.2.26"],
        ("25.2.0.192.in-addr.arpa", "PTR"): ["mx.nic.example."],
        ("25.2.0.192.list.nic.example", "A"): ["127.0.0.2"],
    }
    assert check(MAIL, table, envelope("ann@nic.example")).spf == result


def test_a_peer_that_is_no_address_is_an_error_and_not_a_pass() -> None:
    assert (
        check_sender("x", "ann@nic.example", "", Everything(Answer(texts=(b"v=spf1 +all",)))) == "permerror"
    )


def test_an_ipv6_sender_is_checked() -> None:
    table = zone(spf=["v=spf1 ip6:2001:db8:25::/48 -all"])
    assert check(MAIL, table, envelope("ann@nic.example", "2001:db8:25::1")).spf == "pass"
    assert check(MAIL, table, envelope("ann@nic.example", "2001:db8:26::1")).spf == "fail"


def test_a_record_made_to_ask_a_hundred_questions_is_cut_off() -> None:
    names = " ".join(f"mx:m{number}.nic.example" for number in range(10))
    table = zone(spf=[f"v=spf1 {names} -all"])
    for number in range(10):
        table[(f"m{number}.nic.example", "MX")] = [f"10 h{number}-{one}.nic.example." for one in range(10)]
        table |= {(f"h{number}-{one}.nic.example", "A"): ["198.51.100.1"] for one in range(10)}
    with LoopbackDns(table) as server:
        lookups = asking(server.port)
        MailAuthentication(lookups).check(MAIL, envelope("ann@nic.example"))
        assert len(server.asked) <= dns_lookups.MAX_QUESTIONS


# --- DMARC and trouble


def test_a_domain_without_a_policy_fails_nothing() -> None:
    assert check(MAIL, zone(dmarc=[])) == Authentication("none", "none", "none", "checked")


def test_np_is_for_subdomains_that_do_not_exist() -> None:
    raw = MAIL.replace(b"hostmaster@nic.example", b"hostmaster@no.nic.example")
    table = zone(dmarc=["v=DMARC1; p=none; np=reject"])
    assert check(raw, table).policy == "reject"
    assert check(raw, table | {("no.nic.example", "MX"): ["10 mx.nic.example."]}).policy == "none"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("behaviour", [SERVFAIL, HANG])
def test_a_dns_in_trouble_refuses_nobody(behaviour: str) -> None:
    made = check(signed(), zone(dmarc=behaviour, key=behaviour, spf=behaviour), envelope("ann@nic.example"))
    assert made.dmarc == "temperror"
    assert not made.is_spoof


def test_without_dns_nothing_is_known() -> None:
    assert MailAuthentication(None).check(signed(), envelope()) == NOT_LOOKED_AT


# --- the word of our own mail server

TRUSTED = ("mx.lists.example",)
RECEIVED = b"Received: from nic.example by mx.lists.example; Sat, 21 Nov 2026 06:00:00 +0000\r\n"


def reported(results: bytes, table: Table | None = None, raw: bytes = MAIL) -> Authentication:
    field = b"Authentication-Results: mx.lists.example; " + results + b"\r\n"
    return check(field + RECEIVED + raw, table, trusted=TRUSTED)


def test_our_servers_word_is_taken_without_asking_anybody() -> None:
    field = b"Authentication-Results: mx.lists.example; spf=pass; dkim=fail; dmarc=pass header.from=nic.example\r\n"
    made = MailAuthentication(None, TRUSTED).check(field + RECEIVED + MAIL, envelope())
    assert made == Authentication("pass", "fail", "pass", "trusted header", "", DOMAIN)


def test_our_servers_failure_takes_its_policy_from_the_field_or_from_the_dns() -> None:
    assert reported(b"dmarc=fail policy.dmarc=quarantine").policy == "quarantine"
    assert reported(b"dmarc=fail").is_spoof
    assert not reported(b"dmarc=fail", zone(dmarc=["v=DMARC1; p=none"])).is_spoof


def test_where_our_server_says_nothing_of_dmarc_it_is_worked_out_from_what_it_says() -> None:
    assert reported(b"spf=pass smtp.mailfrom=a@nic.example").dmarc == "pass"
    assert reported(b"dkim=pass header.d=nic.example").aligned_domain == DOMAIN
    assert reported(b"spf=pass smtp.mailfrom=a@evil.example; dkim=pass header.d=evil.example").is_spoof
    assert reported(b"dkim=temperror header.d=nic.example").dmarc == "temperror"
    assert reported(b"spf=temperror smtp.mailfrom=nic.example").dmarc == "temperror"


def test_a_server_that_read_another_from_than_we_is_not_believed_on_dmarc() -> None:
    assert reported(b"dmarc=pass header.from=evil.example").dmarc == "permerror"


def test_a_forged_word_of_our_server_helps_nobody() -> None:
    forged = b"Authentication-Results: mx.lists.example; dmarc=pass header.from=nic.example\r\n" + MAIL
    assert check(forged).is_spoof  # no server is configured
    assert check(RECEIVED + b"Received: by evil.example\r\n" + forged, trusted=TRUSTED).is_spoof


def test_behind_a_server_of_ours_the_peer_is_never_the_sender() -> None:
    table = zone(spf=["v=spf1 +all"])
    assert check(MAIL, table, envelope("ann@nic.example"), TRUSTED).spf == "none"


# --- anything at all


class Everything(MailLookups):
    """A DNS that says the same of every name."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def ask(self, name: str, kind: Kind) -> Answer:
        if kind == "TXT":
            return Answer(texts=self.answer.texts)
        return Answer(values=tuple(f"10 {one}" if kind == "MX" else one for one in self.answer.values))


TERMS = st.sampled_from(
    [
        "a",
        "mx",
        "ptr",
        "exists:",
        "include:",
        "redirect=",
        "exp=",
        "ip4:",
        "ip6:",
        "all",
        "-all",
        "%{",
        "}",
        "%{d",
        "%{l9r-}",
        "%{ir}",
        "%{p}",
        "%{h}",
        "%{t}",
        "nic.example",
        "/33",
        "//129",
        ":",
        ".",
        " ",
        "=",
        "%",
        "%%",
        "%_",
        "\x00",
        "ü",
        "v=spf1 ",
    ]
)
RECORDS = st.lists(TERMS, max_size=12).map("".join) | st.text(max_size=60)
HOSTS = st.sampled_from(["192.0.2.25", "mx.nic.example", "", ".", "2001:db8::1", "x" * 70, "a..b"])


@settings(max_examples=400, deadline=None)
@given(RECORDS, HOSTS, st.sampled_from(["ann@nic.example", "a%{d}b@nic.example", "@", "x", ""]))
def test_any_spf_record_gives_one_of_the_seven_results(record: str, host: str, sender: str) -> None:
    everything = Everything(Answer(texts=(f"v=spf1 {record}".encode(),), values=(host,)))
    for peer in ("192.0.2.25", "2001:db8::1"):
        assert check_sender(peer, sender, "", everything) in RESULTS


TAGS = st.sampled_from(
    [
        b"v=1;",
        b"a=rsa-sha256;",
        b"a=ed25519-sha256;",
        b"c=relaxed/relaxed;",
        b"c=simple;",
        b"c=/;",
        b"d=nic.example;",
        b"s=s1;",
        b"h=from;",
        b"h=from:to:;",
        b"bh=AAAA;",
        b"b=AAAA;",
        b"b=;",
        b"b=A A=;",
        b"t=1;",
        b"t=x;",
        b"x=1;",
        b"q=dns;",
        b"i=@nic.example;",
        b"i=;",
        b"z=\xff;",
        b"=;",
        b";",
        b"\r\n ",
        b"h;",
        b"l=3;",
    ]
)
SOUND = b"v=1; a=rsa-sha256; d=nic.example; s=s1; h=from; bh=AAAA; b=AAAA; "
KEYS = st.binary(max_size=80) | st.sampled_from(
    [
        b"v=DKIM1; k=rsa; p=MAA=",
        b"k=rsa; p=MAMCAQA=",
        b"k=ed25519; p=AAAA",
        b"k=rsa;p=MAYCAQACAQA=",
        b"s=x; p=MAA=",
        b"k=",
        b"v=DKIM1; k=rsa; p=" + base64.b64encode(b"0\x06\x02\x01\x00\x02\x01\x00"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(TAGS, max_size=14).map(b"".join) | st.lists(TAGS, max_size=3).map(lambda x: SOUND + b"".join(x)),
    KEYS,
)
def test_any_signature_and_any_key_give_one_of_the_seven_results_and_never_pass(
    field: bytes, key: bytes
) -> None:
    found = check_signatures(
        b"DKIM-Signature: " + field + b"\r\n" + MAIL, bool, Everything(Answer(texts=(key,)))
    )
    assert found.result in RESULTS - {"pass"}
