"""Requests as values: the first field of a name counts, and the words stay as written."""

from tldops_bot.domain.request import Field, Request


def test_first_field_of_a_name_counts() -> None:
    fields = (Field("Name", "Ann", 2), Field("Name", "Bob", 3), Field("Phone", "", 4))
    request = Request("SUBSCRIBE", ("nl", "be"), "SUBSCRIBE nl be", 1, fields)
    assert request.get("Name") == "Ann"
    assert request.get("Phone") == ""
    assert request.get("Mobile") is None
    assert request.words == "nl be"
