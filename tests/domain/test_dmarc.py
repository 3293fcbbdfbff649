"""DMARC by RFC 9989: records, the tree walk, the policy, alignment; with a DNS that is a dictionary."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.dmarc import Dmarc, Identifiers, Outcome, parse_record, walk, walk_targets

Zone = Mapping[str, Sequence[str] | None]


class Answers:
    """Records by domain; None is trouble."""

    def __init__(self, zone: Zone, existing: Mapping[str, bool | None] | None = None) -> None:
        self.zone, self.existing = zone, existing or {}
        self.asked: list[str] = []

    def texts(self, name: str) -> Sequence[str] | None:
        self.asked.append(name)
        return self.zone.get(name.removeprefix("_dmarc."), ())

    def exists(self, name: str) -> bool | None:
        return self.existing.get(name, True)


def outcome(zone: Zone, author: str = "nic.example", **passed: tuple[str, ...]) -> Outcome:
    return Dmarc(author, Answers(zone)).outcome(Identifiers(**passed))


def organization(zone: Zone, domain: str) -> str:
    return walk(domain, Answers(zone).texts).organizational_domain


REJECT = ("v=DMARC1; p=reject",)


# --- records


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=spf1 -all",
        "p=reject; v=DMARC1",
        "v=dmarc1; p=reject",
        "v=DMARC2; p=reject",
        "v=DMARC1.; p=reject",
        "v DMARC1; p=reject",
    ],
)
def test_what_does_not_begin_with_the_version_is_no_record(text: str) -> None:
    assert parse_record("nic.example", [text]) is None


def test_two_records_are_none_and_other_texts_do_not_count() -> None:
    assert parse_record("nic.example", [*REJECT, "v=DMARC1; p=none"]) is None
    found = parse_record("nic.example", ["google-site-verification=1", *REJECT])
    assert found is not None
    assert found.policy == "reject"


def test_blanks_case_and_unknown_tags_do_not_matter_and_the_first_of_a_tag_counts() -> None:
    found = parse_record("nic.example", [" v = DMARC1 ; P = Reject; x=y; adkim=S; p=none; ;"])
    assert found is not None
    assert (found.policy, found.dkim_is_strict, found.spf_is_strict, found.applies) == (
        "reject",
        True,
        False,
        True,
    )


@pytest.mark.parametrize("tags", ["p=refuse", "sp=none", "p=reject; sp=never", "p=reject; np=", ""])
def test_an_unsound_policy_is_none_where_reports_are_asked_for_and_else_no_record_applies(tags: str) -> None:
    reported = outcome({"nic.example": [f"v=DMARC1; {tags}; rua=mailto:dmarc@nic.example"]})
    assert reported == Outcome("fail", "none")
    assert outcome({"nic.example": [f"v=DMARC1; {tags}"]}) == Outcome("none")


def test_what_stands_behind_fifty_tags_is_not_read() -> None:
    fillers = "; ".join(f"x{number}=y" for number in range(49))
    found = parse_record("nic.example", [f"v=DMARC1; {fillers}; p=reject; rua=mailto:dmarc@nic.example"])
    assert found is not None
    assert not found.applies


# --- the tree walk


def test_the_walk_asks_the_domain_and_then_its_last_seven_labels() -> None:
    assert walk_targets("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    assert walk_targets("mail.nic.example") == ("mail.nic.example", "nic.example", "example")
    assert walk_targets("example") == ("example",)


@given(st.lists(st.sampled_from(["a", "b", "nic", "xn--p1ai"]), min_size=1, max_size=60))
def test_no_domain_costs_more_than_eight_queries_and_none_is_asked_twice(labels: list[str]) -> None:
    answers = Answers({})
    walk(".".join(labels), answers.texts)
    assert len(answers.asked) == len(set(answers.asked)) == min(8, len(labels))


def test_the_walk_stops_at_psd_y_and_psd_n() -> None:
    for value in ("y", "n"):
        answers = Answers({"nic.example": [f"v=DMARC1; p=none; psd={value}"]})
        walk("a.nic.example", answers.texts)
        assert answers.asked == ["_dmarc.a.nic.example", "_dmarc.nic.example"]


def test_the_organization_is_where_the_shortest_record_is() -> None:
    zone = {"mail.example.com": REJECT, "example.com": REJECT}
    assert organization(zone, "a.mail.example.com") == "example.com"


def test_psd_n_ends_the_organization_there() -> None:
    zone = {"mail.example.com": ["v=DMARC1; p=none; psd=n"], "example.com": REJECT}
    assert organization(zone, "a.mail.example.com") == "mail.example.com"


def test_below_psd_y_each_name_is_an_organization_of_its_own() -> None:
    assert organization({"com": ["v=DMARC1; p=none; psd=y"]}, "a.mail.example.com") == "example.com"
    assert organization({"co.example": ["v=DMARC1; p=none; psd=y"]}, "a.b.co.example") == "b.co.example"


def test_psd_y_at_the_start_itself_does_not_look_below() -> None:
    assert organization({"co.example": ["v=DMARC1; p=none; psd=y"]}, "co.example") == "co.example"


def test_without_any_record_the_domain_stands_for_itself() -> None:
    assert organization({}, "a.nic.example") == "a.nic.example"


def test_the_record_of_a_tld_does_not_make_its_registrants_one_organization() -> None:
    zone = {"example": ["v=DMARC1; p=reject"]}
    assert organization(zone, "mail.nic.example") == "nic.example"
    assert outcome(zone, "nic.example", dkim=("evil.example",)) == Outcome("fail", "reject")


# --- the policy


def test_without_a_record_dmarc_says_nothing() -> None:
    assert outcome({}, dkim=("nic.example",)) == Outcome("none")


def test_a_domains_own_record_counts_before_its_parents() -> None:
    zone = {"mail.nic.example": ["v=DMARC1; p=none"], "nic.example": REJECT}
    assert outcome(zone, "mail.nic.example").policy == "none"


@pytest.mark.parametrize(
    ("tags", "exists", "policy"),
    [
        ("p=reject", True, "reject"),
        ("p=reject; sp=none", True, "none"),
        ("p=none; sp=quarantine; np=reject", True, "quarantine"),
        ("p=none; sp=quarantine; np=reject", False, "reject"),
        ("p=none; np=reject", False, "reject"),
        ("p=none; np=reject", None, "none"),
        ("p=none; sp=quarantine", False, "quarantine"),
    ],
)
def test_subdomains_fall_under_sp_and_those_that_do_not_exist_under_np(
    tags: str, exists: bool | None, policy: str
) -> None:
    answers = Answers({"nic.example": [f"v=DMARC1; {tags}"]}, {"mail.nic.example": exists})
    assert Dmarc("mail.nic.example", answers).policy() == Outcome("fail", policy)


def test_sp_and_np_do_not_touch_the_domain_itself() -> None:
    assert outcome({"nic.example": ["v=DMARC1; p=reject; sp=none; np=none"]}).policy == "reject"


def test_the_public_suffixs_record_counts_where_the_organization_has_none() -> None:
    assert outcome({"example": ["v=DMARC1; p=reject; sp=quarantine; psd=y"]}).policy == "quarantine"


@pytest.mark.parametrize(
    ("asked", "tested"), [("reject", "quarantine"), ("quarantine", "none"), ("none", "none")]
)
def test_a_domain_that_tests_is_taken_one_step_milder(asked: str, tested: str) -> None:
    assert outcome({"nic.example": [f"v=DMARC1; p={asked}; t=y"]}) == Outcome("fail", tested)


def test_trouble_on_the_way_to_the_policy_is_trouble() -> None:
    assert outcome({"nic.example": None}) == Outcome("temperror")
    assert outcome({"mail.nic.example": None, "nic.example": REJECT}, "mail.nic.example") == Outcome(
        "temperror"
    )


def test_trouble_above_the_domains_own_record_is_trouble_only_where_nothing_passes() -> None:
    zone: Zone = {"mail.nic.example": REJECT, "nic.example": None}
    assert outcome(zone, "mail.nic.example", dkim=("mail.nic.example",)).result == "pass"
    assert outcome(zone, "mail.nic.example", dkim=("nic.example",)) == Outcome("temperror", "reject")
    strict: Zone = {"mail.nic.example": ["v=DMARC1; p=reject; adkim=s; aspf=s"], "nic.example": None}
    assert outcome(strict, "mail.nic.example") == Outcome("fail", "reject")


# --- alignment


@pytest.mark.parametrize("by", ["spf", "dkim"])
def test_the_domain_itself_a_parent_and_a_sibling_stand_for_it(by: str) -> None:
    for domain in ("mail.nic.example", "nic.example", "out.nic.example"):
        found = outcome({"nic.example": REJECT}, "mail.nic.example", **{by: (domain,)})
        assert found == Outcome("pass", "reject", domain)


@pytest.mark.parametrize("stranger", ["evil.example", "example", "xnic.example", "nic.example.evil.test", ""])
def test_a_stranger_does_not(stranger: str) -> None:
    found = outcome({"nic.example": REJECT}, spf=(stranger,), dkim=(stranger,), troubled=(stranger,))
    assert found == Outcome("fail", "reject")


def test_strict_alignment_is_the_same_name_and_each_method_has_its_own() -> None:
    zone = {"nic.example": ["v=DMARC1; p=reject; adkim=s"]}
    assert outcome(zone, dkim=("mail.nic.example",)).result == "fail"
    assert outcome(zone, spf=("mail.nic.example",)).result == "pass"
    assert outcome(zone, dkim=("nic.example",)).result == "pass"
    assert (
        outcome({"nic.example": ["v=DMARC1; p=reject; aspf=s"]}, spf=("mail.nic.example",)).result == "fail"
    )


def test_a_subdomain_that_is_its_own_organization_does_not_stand_for_its_parent() -> None:
    zone = {"nic.example": REJECT, "customer.nic.example": ["v=DMARC1; p=none; psd=n"]}
    assert outcome(zone, "nic.example", dkim=("customer.nic.example",)).result == "fail"


def test_trouble_with_a_signature_of_ones_own_is_no_failure_yet() -> None:
    assert outcome({"nic.example": REJECT}, troubled=("mail.nic.example",)) == Outcome("temperror", "reject")


@given(st.lists(st.text(max_size=80), max_size=4))
def test_any_text_is_read_without_stumbling(texts: list[str]) -> None:
    for given_texts in (texts, [f"v=DMARC1;{text}" for text in texts]):
        record = parse_record("nic.example", given_texts)
        assert record is None or record.policy in ("none", "quarantine", "reject")
