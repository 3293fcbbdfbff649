"""`python -m benchmarks.exercise` with few contacts: nothing is lost, and the papers say what happened."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from benchmarks.exercise.__main__ import figures, write
from benchmarks.exercise.accounts import Accounts, balance
from benchmarks.exercise.cast import Habit
from benchmarks.exercise.story import Story, staged


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with staged(tlds=12, contacts=30, seed=1, say=lambda _: None) as one:
        one.run()
        yield one


@pytest.fixture(scope="module")
def accounts(story: Story) -> Accounts:
    return balance(story)


def count(story: Story, *habits: Habit) -> int:
    return sum(one.habit in habits for one in story.cast)


def test_every_copy_is_accounted_for(story: Story, accounts: Accounts) -> None:
    assert accounts.problems == ()
    assert accounts.recipients == len(story.cast) + 1  # and the committee, who wrote it
    assert accounts.failed == {
        "550 5.1.1": count(story, Habit.GONE),
        "554 5.7.1": count(story, Habit.FILTERED),
        "bounced 5.1.1": count(story, Habit.BOUNCES),
    }
    assert accounts.waiting == {"452 4.2.2": count(story, Habit.FULL)}  # an alert is never given up
    assert accounts.held == count(story, Habit.KEYLESS)
    assert story.opened == len(story.cast) - count(
        story, Habit.GONE, Habit.FILTERED, Habit.FULL, Habit.KEYLESS
    )


def test_the_smarthost_was_as_bad_as_it_should_be(story: Story, accounts: Accounts) -> None:
    assert story.smarthost.bad.deaths == 1
    assert story.smarthost.bad.hung_up >= 1
    assert accounts.repeated >= 1
    assert accounts.later >= 1


def test_who_did_not_answer_is_on_the_sheet_until_somebody_has_called(story: Story) -> None:
    first, _, last = story.reports
    assert "how far it got, after 5 minutes" in first.subject
    assert all(one.subject.startswith("EXERCISE ") and one.was_encrypted for one in story.reports)
    assert "Say first that this is an exercise." in first.text
    assert "mailbox refused or bounced" in first.text + last.text
    reached = [tld for tld, is_reached in story.called.items() if is_reached]
    assert reached
    sheet = last.files.get("call-sheet.csv", b"").decode("utf-8-sig")
    assert not any(f'"{tld}"' in sheet for tld in reached)


def test_its_papers_can_be_kept(story: Story, accounts: Accounts, tmp_path: Path) -> None:
    found = figures(story, accounts)
    write(tmp_path, story, accounts, found)
    names = {file.name for file in tmp_path.iterdir()}
    assert {"report-5-minutes.txt", "report-1-hour.txt", "report-24-hours.txt", "figures.json"} <= names
    assert {"call-sheet-5-minutes.txt", "call-sheet-5-minutes.csv", "call-sheet-5-minutes.pdf"} <= names
    printed = (
        PdfReader(io.BytesIO((tmp_path / "call-sheet-5-minutes.pdf").read_bytes())).pages[0].extract_text()
    )
    assert "EXERCISE. Say first" in printed
    assert found["mails not accounted for"] == "0"
