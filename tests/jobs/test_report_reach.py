"""After 5 minutes, an hour and a day: how far the alert got, and whom to call."""

import io

import pytest
from pypdf import PdfReader

from tests.commands.test_status import alerted, delivered, number
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext, Unfinished
from tldops_bot.store.tables import Person

__all__ = ["alerted"]


def run(desk: Desk) -> list[Letter]:
    """One run of the job."""
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        found = JOBS["report_reach"].run(context)
        return list(found.letters if isinstance(found, Unfinished) else found)


def after(desk: Desk, **length: float) -> list[Letter]:
    desk.later(**length)
    return run(desk)


def test_three_reports_go_to_poster_and_committee(alerted: Desk, ann: KeyPair, carol: KeyPair) -> None:
    assert run(alerted) == []
    found = [after(alerted, **length) for length in ({"minutes": 5}, {"minutes": 55}, {"hours": 23})]
    assert [[one.template for one in letters] for letters in found] == [["jobs/report_reach"]] * 3
    assert {to.address for to in found[0][0].to} == {ann.address, carol.address}
    assert found[0][0].is_confidential
    assert [one[0].values["after"] for one in found] == ["5 minutes", "1 hour", "24 hours"]
    assert "This was the last report." in alerted.text(found[2][0])
    assert after(alerted, days=2) == []


def test_report_says_where_it_got_and_the_sheet_whom_to_call(
    alerted: Desk, bob: KeyPair, ann: KeyPair
) -> None:
    delivered(alerted, ann.address, state="taken", finished_at=alerted.now)
    delivered(alerted, bob.address, state="taken", finished_at=alerted.now)
    delivered(alerted, "carol.sample@committee.example", state="taken", finished_at=alerted.now)
    delivered(alerted, "fred@nic.example", state="refused", last_status="5.1.1")
    alerted.say(ann, f"ACK {number(alerted)} mine")
    (report,) = after(alerted, minutes=5)
    tlds = {state: [one["tld"] for one in lines] for state, lines in report.values["tlds"].items()}
    assert tlds == {"seen": ["nl"], "called": [], "reached": ["be"], "waiting": [], "failed": ["at", "fr"]}
    assert report.values["seconds"] == 0
    assert report.values["regions"][0][0] == "EU"
    text = alerted.text(report)
    for tld in ("be", "at", "fr"):
        assert f"\n.{tld} " in text
    assert "\n.nl " not in text
    assert "+44 7700 900123" in text
    assert [one.name for one in report.attachments] == ["call-sheet.pdf", "call-sheet.csv"]


def test_tld_reached_by_phone_is_not_on_the_next_sheet(alerted: Desk, bob: KeyPair) -> None:
    (first,) = after(alerted, minutes=5)
    assert first.values["to_call"] == 3, "nobody is sent to call the poster"
    alerted.say_bound(bob, f"REACHED {number(alerted)} fr at: they know")
    (second,) = after(alerted, hours=1)
    assert second.values["to_call"] == 1
    assert [one["tld"] for one in second.values["tlds"]["called"]] == ["at", "fr"]


def test_volunteers_share_the_calls(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    for who in (ann, bob):
        assert outcome(alerted.say(who, f"ACK {number(alerted)} volunteer, until noon")) == "seen"
    whole, *parts = after(alerted, minutes=5)
    assert whole.values["to_call"] == 2
    assert [(one.template, [to.address for to in one.to], one.values["to_call"]) for one in parts] == [
        ("jobs/call_sheet", [ann.address], 1),
        ("jobs/call_sheet", [bob.address], 1),
    ]
    named = [alerted.text(one) for one in parts]
    assert "\n.at " in named[0]
    assert "\n.at " not in named[1]


def test_closed_alert_is_reported_without_a_sheet_and_a_retracted_one_not_at_all(
    alerted: Desk, ann: KeyPair
) -> None:
    alerted.say_bound(ann, f"CLOSE {number(alerted)}")
    (report,) = after(alerted, minutes=5)
    assert report.attachments == ()
    assert "WHOM TO CALL" not in alerted.text(report)
    alerted.say_bound(ann, f"RETRACT {number(alerted)} wrong")
    assert after(alerted, hours=1) == []


def test_after_a_long_pause_only_the_latest_report_is_made_and_old_ones_never(alerted: Desk) -> None:
    (report,) = after(alerted, days=3)
    assert report.values["is_last"]
    assert after(alerted, seconds=30) == []


def test_alert_a_week_old_is_not_reported_any_more(alerted: Desk) -> None:
    assert after(alerted, days=8) == []


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC-03:30", ""])
def test_sheet_shows_the_time_over_there(alerted: Desk, zone: str) -> None:
    with alerted.app.database.write() as session:
        session.query(Person).update({"timezone": zone, "phone_e164": "+442079460123"})
    (report,) = after(alerted, minutes=5)
    text = alerted.text(report)
    assert "There   " in text  # from the number where no zone is given


def test_printed_sheet_has_the_alerts_label_and_its_callers_name(alerted: Desk, ann: KeyPair) -> None:
    alerted.say_bound(ann, "ALERT\nTLP: RED\nScope: tld be\nTitle: Second\n\nLook out again")
    alerted.say(ann, f"ACK {number(alerted)} volunteer")
    first, part = after(alerted, minutes=5)
    assert "TLP:AMBER" in printed(first)
    assert f"Caller {ann.name}" in " ".join(printed(part).split())
    (second,) = run(alerted)  # one alert at a time: the store is not held for longer than one takes
    assert "TLP:RED" in printed(second)
    assert "Second" in printed(second)
    assert run(alerted) == []


def printed(letter: Letter) -> str:
    """The call sheet as another program reads it."""
    pdf = next(one.octets for one in letter.attachments if one.name == "call-sheet.pdf")
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
