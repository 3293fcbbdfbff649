"""No machine is ever answered: RFC 3834, and what machines really send."""

import pytest

from tldops_bot.domain.automatic import Marks, is_automatic, is_bounce

ANN = "ann@nic.example"


@pytest.mark.parametrize(
    ("marks", "mail_from", "reason"),
    [
        (Marks(), "", "null_sender"),
        (Marks(), "<>", "null_sender"),
        (Marks(content_type="multipart/report", report_type="delivery-status"), ANN, "delivery_report"),
        (Marks(content_type="multipart/report", report_type="other"), ANN, "report"),
        (Marks(author="MAILER-DAEMON@mx.example"), ANN, "mailer_daemon"),
        (Marks(auto_submitted="auto-replied; owner-email=ann"), ANN, "auto_submitted"),
        (Marks(auto_submitted="auto-generated"), ANN, "auto_submitted"),
        (Marks(auto_submitted="(comment) auto-generated"), ANN, "auto_submitted"),
        (Marks(x_loop="tld-ops@lists.example"), ANN, "own_loop"),
        (Marks(list_id="<other.lists.example>"), ANN, "mailing_list"),
        (Marks(precedence="Bulk"), ANN, "precedence"),
        (Marks(precedence="junk"), ANN, "precedence"),
        (Marks(precedence="list"), ANN, "precedence"),
        (Marks(x_autoreply="yes"), ANN, "autoreply"),
        (Marks(author="postmaster@nic.example"), ANN, "machine_sender"),
        (Marks(author="no-reply@nic.example"), ANN, "machine_sender"),
        (Marks(), "owner-other@lists.example", "machine_sender"),
        (Marks(), "other-bounces@lists.example", "machine_sender"),
        (Marks(received_count=51), ANN, "too_many_hops"),
    ],
)
def test_machines_are_known_by_their_marks(marks: Marks, mail_from: str, reason: str) -> None:
    assert is_automatic(marks, mail_from) == reason


@pytest.mark.parametrize(
    "marks",
    [
        Marks(),
        Marks(author=ANN),
        Marks(auto_submitted="no"),
        Marks(auto_submitted="No; (typed by hand)"),
        Marks(precedence="normal"),
        Marks(x_autoreply="no"),
        Marks(received_count=50),
        Marks(content_type="multipart/signed"),
    ],
)
def test_people_are_no_machines(marks: Marks) -> None:
    assert is_automatic(marks, ANN) == ""


def test_an_out_of_office_note_is_automatic_but_no_bounce() -> None:
    marks = Marks(auto_submitted="auto-replied")
    assert (is_bounce(marks, ANN), is_automatic(marks, ANN)) == ("", "auto_submitted")
