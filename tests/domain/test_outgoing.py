"""What a mail is for decides how soon it goes and how RFC 3834 wants it marked."""

import pytest

from tldops_bot.domain.outgoing import Kind


def test_alert_overtakes_everything_and_the_roster_waits_for_everything() -> None:
    order = sorted(Kind, key=lambda kind: kind.priority)
    assert order[0] is Kind.ALERT
    assert order[-1] is Kind.ROSTER
    assert Kind.REPLY.priority == Kind.TOKEN.priority < Kind.NOTICE.priority


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        (Kind.REPLY, "auto-replied"),
        (Kind.TOKEN, "auto-replied"),
        (Kind.ALERT, "auto-generated"),
        (Kind.NOTICE, "auto-generated"),
        (Kind.ROSTER, "auto-generated"),
    ],
)
def test_only_what_answers_a_mail_is_marked_as_a_reply(kind: Kind, mark: str) -> None:
    assert kind.auto_submitted == mark
