"""Authentication-Results: believed only from a server of ours, and only where a sender cannot have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.mail.authentication_results import Reported, trusted_results
from tldops_bot.mail.headers import split_entity

OURS = ("MX.lists.example",)
RECEIVED = "Received: from nic.example by mx.lists.example; Sat, 21 Nov 2026 06:00:00 +0000"
PASSED = "Authentication-Results: mx.lists.example; dmarc=pass header.from=nic.example"
FAILED = "Authentication-Results: mx.lists.example; dmarc=fail header.from=nic.example"
FROM = "From: ann@nic.example"


def read(*lines: str) -> Reported | None:
    headers, _ = split_entity("\r\n".join([*lines, "", "hello"]).encode())
    return trusted_results(headers, OURS)


def results(text: str) -> Reported:
    found = read(f"Authentication-Results: mx.lists.example; {text}", RECEIVED, FROM)
    assert found is not None
    return found


def test_everything_that_is_said_is_read() -> None:
    assert results(
        'spf=pass (sender is (really) fine; dmarc=fail) smtp.mailfrom="ann"@Mail.nic.example;\r\n'
        " dkim=fail header.d=other.example header.s=s1; dkim=pass (2048-bit key) header.i=@nic.example;"
        "\r\n dmarc=fail (p=reject) policy.dmarc=Reject header.from=NIC.example"
    ) == Reported(
        "pass",
        "mail.nic.example",
        (("fail", "other.example"), ("pass", "nic.example")),
        "fail",
        "reject",
        "nic.example",
    )


@pytest.mark.parametrize("text", ["none", "", "  ", "dmarc", "dmarc=", "=pass", "x-own=pass"])
def test_no_results_are_none_known(text: str) -> None:
    assert results(text) == Reported()


def test_the_version_of_the_field_and_of_a_method_and_quotes_round_the_server_are_no_hindrance() -> None:
    found = read('Authentication-Results: "mx.lists.example" 1; dmarc/1 = pass', RECEIVED)
    assert found is not None
    assert found.dmarc == "pass"


def test_several_fields_of_ours_above_our_received_field_are_one_word() -> None:
    spf = "Authentication-Results: mx.lists.example; spf=pass smtp.mailfrom=nic.example"
    found = read(PASSED, spf, RECEIVED, FROM)
    assert found is not None
    assert (found.spf, found.spf_domain, found.dmarc) == ("pass", "nic.example", "pass")


def test_a_server_that_writes_below_its_received_field_is_believed() -> None:
    found = read(RECEIVED, "X-Filter: done", FAILED, FROM)
    assert found is not None
    assert found.dmarc == "fail"


# --- forgery


def test_the_field_of_another_server_is_not_believed() -> None:
    for name in (
        "evil.example",
        "mx.lists.example.evil.example",
        "xmx.lists.example",
        "mx.lists.example/1",
        '"',
    ):
        assert read(f"Authentication-Results: {name}; dmarc=pass", RECEIVED, FROM) is None


def test_what_a_forwarder_sealed_is_our_servers_to_believe() -> None:
    """ARC, RFC 8617: anybody can seal, in any server's name."""
    sealed = PASSED.replace("Authentication-Results:", "ARC-Authentication-Results: i=1;")
    assert read(sealed, RECEIVED, FROM) is None
    found = read(FAILED.replace("; dmarc", "; arc=pass (i=1); dmarc"), sealed, RECEIVED, FROM)
    assert found is not None
    assert found.dmarc == "fail"


def test_nothing_is_believed_when_no_server_is_configured() -> None:
    headers, _ = split_entity(f"{PASSED}\r\n{RECEIVED}\r\n\r\n".encode())
    assert trusted_results(headers, ()) is None


def test_a_forged_field_below_ours_is_not_looked_at() -> None:
    assert read(FAILED, RECEIVED, PASSED, FROM) == read(FAILED, RECEIVED, FROM)
    assert read(RECEIVED, FAILED, PASSED, FROM) == read(RECEIVED, FAILED, FROM)


def test_a_forged_field_behind_the_senders_own_received_field_is_not_looked_at() -> None:
    assert read(RECEIVED, "Received: from a by b", PASSED, FROM) is None


def test_what_follows_a_field_of_somebody_else_is_not_believed() -> None:
    stranger = "Authentication-Results: evil.example; dmarc=pass"
    assert read(stranger, PASSED, RECEIVED, FROM) is None
    assert read(RECEIVED, stranger, PASSED, FROM) is None
    assert read(FAILED, stranger, PASSED, RECEIVED, FROM) == read(FAILED, RECEIVED, FROM)


def test_without_any_received_field_only_the_topmost_counts() -> None:
    assert read(FROM, FAILED, PASSED) == read(FAILED)


def test_a_server_that_was_made_to_contradict_itself_is_not_believed() -> None:
    injected = "Authentication-Results: mx.lists.example; spf=fail smtp.mailfrom=x; dmarc=pass; dmarc=fail"
    assert read(injected, RECEIVED, FROM) is None
    assert read(FAILED, PASSED, RECEIVED, FROM) is None


def test_semicolons_in_quotes_and_comments_separate_nothing() -> None:
    for text in (
        'spf=fail smtp.mailfrom="a; dmarc=pass "@x.example',
        "spf=fail (a; dmarc=pass ) smtp.mailfrom=x",
    ):
        assert results(text).dmarc == ""


def test_a_property_that_is_no_domain_is_empty() -> None:
    assert results("dkim=pass header.d=nic.example/../x; spf=pass smtp.mailfrom=").dkim == (("pass", ""),)


def test_more_results_than_any_server_writes_are_not_read() -> None:
    assert read("Authentication-Results: mx.lists.example" + "; dkim=pass" * 60, RECEIVED) is None


@given(st.text(max_size=300))
def test_any_value_is_read_without_stumbling_and_believed_of_nobody_else(text: str) -> None:
    line = " ".join(text.split())
    assert read(f"Authentication-Results: mx.lists.example; {line}", RECEIVED, FROM) in (None, Reported())
    assert read(f"Authentication-Results: {line}", RECEIVED, FROM) is None


def test_long_values_made_to_be_slow_are_quick() -> None:
    for evil in (
        "(" * 16_000,
        '"' + "\\" * 16_000,
        "; a" * 5_000,
        "dmarc=pass" + " " * 15_000 + "x",
        "a" * 16_000,
    ):
        found = read(f"Authentication-Results: mx.lists.example; {evil}", RECEIVED)
        assert found is None or not (found.dkim or found.spf or found.author_domain)
