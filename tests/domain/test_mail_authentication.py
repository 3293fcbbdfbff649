"""The values of mail authentication: what people read, and when the author's domain disowns a mail."""

import pytest

from tldops_bot.domain.mail_authentication import NOT_LOOKED_AT, Authentication, result_word


@pytest.mark.parametrize(
    ("policy", "is_spoof"), [("reject", True), ("quarantine", True), ("none", False), ("", False)]
)
def test_a_mail_is_a_spoof_only_when_the_domain_asks_to_act(policy: str, is_spoof: bool) -> None:
    assert Authentication(dmarc="fail", source="checked", policy=policy).is_spoof is is_spoof


@pytest.mark.parametrize("result", ["pass", "none", "temperror", "permerror"])
def test_only_a_failure_is_a_spoof(result: str) -> None:
    assert not Authentication(dmarc=result, source="checked", policy="reject").is_spoof


def test_the_words_name_results_policy_and_source_but_no_domain() -> None:
    made = Authentication("softfail", "pass", "pass", "trusted header", "reject", "nic.example")
    assert made.words == "DMARC pass (policy reject), DKIM pass, SPF softfail; as our mail server says"
    assert Authentication(source="checked").words == "DMARC none, DKIM none, SPF none; checked here"
    assert NOT_LOOKED_AT.words == ""


@pytest.mark.parametrize(
    ("written", "word"),
    [("PASS", "pass"), ("hardfail", "fail"), ("policy", "neutral"), ("excellent", "none"), ("", "none")],
)
def test_results_become_one_of_the_seven_words(written: str, word: str) -> None:
    assert result_word(written) == word
