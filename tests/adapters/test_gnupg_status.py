"""The rule from status lines to a verdict, with lines that gpg would rather not write for us."""

from datetime import UTC, datetime

import pytest

from tldops_bot.adapters.gnupg_runner import Finished, GpgUnavailable, StatusLine
from tldops_bot.adapters.gnupg_status import judge, parse_listing
from tldops_bot.domain.verdict import SignatureStanding

ANN, MALLORY = "A" * 40, "B" * 40


def valid(primary: str = ANN, time: str = "1795241371", digest: str = "10", kind: str = "00") -> str:
    return f"VALIDSIG {primary} 2026-11-21 {time} 0 4 0 22 {digest} {kind} {primary}"


def finished(*lines: str, code: int = 0) -> Finished:
    split = [line.split(" ") for line in lines]
    return Finished(code, tuple(StatusLine(words[0], tuple(words[1:])) for words in split), b"")


def test_exactly_these_lines_are_good() -> None:
    verdict = judge(finished("NEWSIG", "GOODSIG 1 Ann", valid()), ANN)
    assert (verdict.standing, verdict.fingerprint, verdict.signature_hash) == (
        SignatureStanding.GOOD,
        ANN,
        "SHA512",
    )
    assert verdict.signed_at == datetime(2026, 11, 21, 6, 9, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "no_signature_inside"),
        (("GOODSIG 1 Ann", valid()), "no_signature_inside"),
        (("NEWSIG", "NEWSIG", "GOODSIG 1 Ann", valid()), "several_signatures"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(), valid()), "several_signatures"),
        (("NEWSIG", "GOODSIG 1 Ann", "GOODSIG 2 Mallory", valid()), "malformed_block"),
        (("NEWSIG", "GOODSIG 1 Ann"), "malformed_block"),
        (("NEWSIG", valid()), "malformed_block"),
        (("NEWSIG", "GOODSIG 1 Ann", "VALIDSIG " + ANN), "malformed_block"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(MALLORY)), "unknown_key"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(digest="2")), "weak_hash"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(digest="11")), "weak_hash"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(kind="10")), "bad_signature"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(time="20261121T060931")), "bad_signature"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(), "BADSIG 1 Ann"), "bad_signature"),
        (("NEWSIG", "REVKEYSIG 1 Ann", valid()), "revoked_key"),
        (("NEWSIG", "EXPKEYSIG 1 Ann", valid()), "expired_key"),
        (("NEWSIG", "EXPSIG 1 Ann", valid()), "expired_signature"),
        (("NEWSIG", "ERRSIG 1 22 10 00 0 9 " + MALLORY, "NO_PUBKEY 1"), "unknown_key"),
        (("NEWSIG", "ERRSIG 1 1 1 00 0 5 " + ANN), "weak_hash"),
        (("NEWSIG", "ERRSIG 1 99 10 00 0 4 " + ANN), "unsupported_signature"),
        (("NEWSIG", "ERRSIG"), "unsupported_signature"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(), "NODATA 1"), "malformed_block"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(), "UNEXPECTED 0"), "malformed_block"),
        (("NEWSIG", "GOODSIG 1 Ann", valid(), "FAILURE gpg-exit 1"), "malformed_block"),
    ],
)
def test_everything_else_is_bad_and_says_why(lines: tuple[str, ...], reason: str) -> None:
    verdict = judge(finished(*lines), ANN)
    assert (verdict.standing, verdict.reason) == (SignatureStanding.BAD, reason)


def test_good_lines_with_a_bad_exit_code_are_no_verdict() -> None:
    """A gpg that ran out of memory ends like this; the mail comes again."""
    with pytest.raises(GpgUnavailable):
        judge(finished("NEWSIG", "GOODSIG 1 Ann", valid(), code=2), ANN)
    named = judge(finished("NEWSIG", "GOODSIG 1 Ann", valid(), "FAILURE gpg-exit 33554433", code=2), ANN)
    assert named.reason == "malformed_block"


def test_a_view_without_certificate_accepts_nothing() -> None:
    assert judge(finished("NEWSIG", "GOODSIG 1 Ann", valid("")), "").standing is SignatureStanding.BAD


def test_user_ids_in_listings_are_unescaped_and_made_printable() -> None:
    rows = [
        "pub:-:255:22:0000000000000000:1735689600:::-:::scESC:::::ed25519:::0:",
        f"fpr:::::::::{ANN}:",
        "uid:-::::1735689600::0::Ann\\x3a\\x0a\\x1b[2J <ann@nic.example>::::::::::0:",
        "uid:r::::1735689600::0::Old <old@nic.example>::::::::::0:",
    ]
    (one,) = parse_listing("\n".join(rows).encode(), {})
    assert (one.user_ids, one.addresses) == (("Ann: [2J <ann@nic.example>",), ("ann@nic.example",))


@pytest.mark.parametrize(
    ("user_id", "addresses"),
    [
        ("Ann (at work) <ann@nic.example>", ("ann@nic.example",)),
        ("Ann <ann@nic.example> (at work)", ("ann@nic.example",)),
        ("ann@nic.example", ("ann@nic.example",)),
        ("<eve@nic.example> Ann <ann@nic.example>", ("ann@nic.example",)),
        ("Ann <ann@nic.example> (or <eve@nic.example>)", ()),
        ("Ann <ann@nic.example> eve", ()),
        ("Ann (ann@nic.example)", ()),
    ],
)
def test_the_address_of_a_user_id_is_the_one_it_ends_with(user_id: str, addresses: tuple[str, ...]) -> None:
    rows = ["pub:-:255:22:0:1735689600:::-:::sc:::::ed25519:::0:", f"fpr:::::::::{ANN}:"]
    rows.append(f"uid:-::::1735689600::0::{user_id}::::::::::0:")
    assert parse_listing("\n".join(rows).encode(), {})[0].addresses == addresses


def test_a_dsa_subkey_that_signs_makes_the_key_weak() -> None:
    rows = [
        "pub:-:4096:1:0000000000000000:1735689600:::-:::cESC::::::::0:",
        f"fpr:::::::::{ANN}:",
        "sub:-:2048:17:0000000000000001:1735689600::::::s::::::",
        f"fpr:::::::::{MALLORY}:",
    ]
    (one,) = parse_listing("\n".join(rows).encode(), {})
    assert (one.algorithm, one.subkey_fingerprints) == ("dsa2048", (MALLORY,))
