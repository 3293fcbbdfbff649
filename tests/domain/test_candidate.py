"""What is kept of a candidate comes back as it was; fields have columns."""

from tldops_bot.domain.candidate import FIELDS, LIMITS, SUBSCRIBE_FIELDS, Candidate, candidate_from, column_of


def test_details_keep_everything() -> None:
    ann = Candidate("Ann Example", "ann@nic.example", mobile="+44 7700 900123", mobile_e164="+447700900123")
    assert candidate_from(ann.as_details()) == ann


def test_details_of_an_older_request_lack_nothing() -> None:
    assert candidate_from({"name": "Ann Example", "reasons": ["freemail"]}) == Candidate("Ann Example")


def test_every_field_has_its_column() -> None:
    columns = set(Candidate.__slots__)
    assert {column_of(name) for name in FIELDS} <= columns
    assert column_of("Emergency-Email") == "emergency_email"
    assert set(LIMITS) <= set(FIELDS)


def test_only_subscribe_may_replace_somebody() -> None:
    assert set(SUBSCRIBE_FIELDS) - set(FIELDS) == {"Replaces"}
