"""/metrics, /healthz and /readyz of a real service; and what is shipped to watch it names nothing that is not there."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.draw_dashboard import FILE, dashboard
from tests.desk import Desk
from tests.keys import KeyPair
from tests.service import Town, town, wait_until
from tldops_bot.adapters.http_pages import KEPT_SECONDS
from tldops_bot.app import App
from tldops_bot.checks import pages
from tldops_bot.jobs._all import JOBS

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs/monitoring/alerts.rules.yml"
METRICS = '[metrics]\nlisten = "127.0.0.1:0"\n'
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
NAME = re.compile(r"\b(?:tldops|process|python)_\w+")

Samples = dict[tuple[str, frozenset[str]], float]


@contextmanager
def watched_town(ann: KeyPair, bob: KeyPair) -> Iterator[Town]:
    """A town with pages, each made anew for whoever asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "READY_SECONDS", 0.0)
        patch.setattr(pages.Kept.__init__, "__defaults__", (0.0,))
        with town(METRICS) as one:
            one.desk.member(ann, "nl")
            one.desk.member(bob, "be")
            one.desk.iana("nl", "hostmaster@nic.example")
            one.roster_is_sent()
            yield one


@pytest.fixture(scope="module")
def place(ann: KeyPair, bob: KeyPair) -> Iterator[Town]:
    """One service for several tests: mail is accepted, and nobody works on it."""
    with watched_town(ann, bob) as one, one.serving(idle=True):
        yield one


@dataclass
class Story:
    """What the pages said before and after some mail."""

    before: Samples
    after: Samples
    text: str
    ready: str


@pytest.fixture(scope="module")
def story(ann: KeyPair, bob: KeyPair) -> Story:
    """A look-up, a stranger, an alert."""
    with watched_town(ann, bob) as place, place.serving():
        before = samples(place)
        place.say(ann, "QUERY be")
        place.next_to(ann)
        place.write("stranger@client.example", "HELP\n")
        place.next_to("stranger@client.example")
        place.say_bound(ann, "ALERT\n\nRegistrar accounts taken over by phishing.\n")
        place.next_to(bob, "A-")
        settled(place, "tldops_mails_total", 2, 'verdict="good"', 'decision="answered"')
        settled(place, "tldops_alert_copies_waiting", 0)
        settled(place, "tldops_deliveries_total", 2, 'kind="alert"', 'result="taken"')
        settled(place, "tldops_outbox_copies", 0, 'kind="reply"', 'state="sending"')
        return Story(before, samples(place), ask(place, "/metrics")[1], ask(place, "/readyz")[1])


def app_of(place: Town) -> App:
    assert place.running is not None
    return place.running.app


def ask(place: Town, path: str) -> tuple[int, str]:
    """Status and body of a page."""
    assert place.running is not None
    (where,) = place.running.service.watched_at
    try:
        with urllib.request.urlopen(f"http://{where}{path}", timeout=300) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def samples(place: Town) -> Samples:
    status, text = ask(place, "/metrics")
    assert status == 200
    found = [SAMPLE.fullmatch(line) for line in text.splitlines() if not line.startswith("#")]
    assert all(found)
    return {(one[1], frozenset((one[2] or "").split(",")) - {""}): float(one[3]) for one in found if one}


def value(found: Samples, name: str, *labels: str) -> float:
    return found[name, frozenset(labels)]


def settled(place: Town, name: str, wanted: float, *labels: str) -> None:
    wait_until(lambda: value(samples(place), name, *labels) == wanted)


def test_what_happens_is_counted(story: Story) -> None:
    before, found = story.before, story.after
    assert value(before, "tldops_store_up") == 1
    assert value(before, "tldops_mails_total", 'verdict="good"', 'decision="answered"') == 0
    assert ("tldops_alert_last_copy_seconds", frozenset()) not in before
    assert value(found, "tldops_accepted_mails_total") == 3
    assert value(found, "tldops_mails_total", 'verdict="none"', 'decision="answered"') == 1
    assert 0 < value(found, "tldops_alert_last_copy_seconds") < 600
    assert value(found, "tldops_gpg_seconds_count", 'operation="verify"') >= 2
    assert value(found, "tldops_gpg_seconds_count", 'operation="sign"') >= 3
    assert value(found, "tldops_intake_seconds_count") == 3
    assert value(found, "tldops_inbox_mails", 'state="waiting"') == 0
    assert value(found, "tldops_outbox_copies", 'kind="alert"', 'state="waiting"') == 0
    assert value(found, "tldops_job_late_seconds", 'job="send_roster"') == 0
    assert value(found, "tldops_list_key_expiry_timestamp_seconds") == float("inf")
    assert value(found, "tldops_iana_last_sync_timestamp_seconds") > 0
    assert value(found, "tldops_disk_free_bytes", 'keeps="database"') > 0
    (info,) = [labels for name, labels in found if name == "tldops_build_info"]
    assert {one.partition("=")[0] for one in info} == {"version", "python", "gnupg", "schema"}


def test_nothing_personal_is_in_it(story: Story, ann: KeyPair, bob: KeyPair) -> None:
    for word in ("@", ann.fingerprint, bob.fingerprint, "Example", '"nl"', "+447700", "phishing"):
        assert word not in story.text + story.ready, word


def test_what_waits_is_seen_with_its_age(place: Town, ann: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    done = ("tldops_job_last_success_timestamp_seconds", frozenset(['job="send_roster"']))
    wait_until(lambda: samples(place)[done] > 0)
    place.say(ann, "QUERY be")
    now = datetime.now(UTC)
    monkeypatch.setattr(app_of(place), "now", lambda: now + timedelta(hours=2))
    found = samples(place)
    assert value(found, "tldops_inbox_mails", 'state="waiting"') == 1
    assert 7200 <= value(found, "tldops_inbox_oldest_seconds") < 7800
    every = JOBS["send_roster"].every.total_seconds()
    assert 7100 < value(found, "tldops_job_late_seconds", 'job="send_roster"') + every < 7800


def test_a_store_that_does_not_answer_is_a_metric_and_no_failure_of_the_page(place: Town) -> None:
    app = app_of(place)
    assert value(samples(place), "tldops_store_up") == 1
    file = app.database.file
    assert file is not None
    away = file.with_suffix(".away")
    file.rename(away)
    try:
        for is_replaced, said in ((False, "there is no "), (True, "is not the file that was opened")):
            if is_replaced:
                subprocess.run(["cp", away, file], check=True)  # we would lose our locks on what we close
            found = samples(place)
            assert value(found, "tldops_store_up") == 0
            assert value(found, "tldops_disk_free_bytes", 'keeps="database"') > 0
            status, text = ask(place, "/readyz")
            assert status == 503
            assert said in text
            assert ask(place, "/healthz")[0] == 200
    finally:
        away.replace(file)


def test_readiness_says_each_thing_by_itself(place: Town) -> None:
    status, text = ask(place, "/readyz")
    found = json.loads(text)
    assert (status, found["ready"]) == (200, True)
    assert [one["check"] for one in found["checks"]] == ["listener", "database", "gpg agent", "disk", "disk"]
    home = app_of(place).config.openpgp.home
    app_of(place).gnupg.keyring.look_again()
    home.rename(home.with_name("away"))
    try:
        status, text = ask(place, "/readyz")
    finally:
        shutil.rmtree(home, ignore_errors=True)
        home.with_name("away").rename(home)
    found = json.loads(text)
    assert (status, found["ready"]) == (503, False)
    assert [one["check"] for one in found["checks"] if one["state"] == "broken"] == ["gpg agent"]


def test_without_the_table_nothing_is_counted_and_nobody_listens(desk: Desk) -> None:
    assert desk.app.config.metrics is None
    assert desk.app.metrics is None


def test_a_page_is_kept_long_enough_to_stand_a_flood() -> None:
    assert KEPT_SECONDS >= 1


# --- what is shipped to watch it


def expressions() -> list[str]:
    """Every expression of the rules and the dashboard."""
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    of_rules = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    drawn = json.loads(FILE.read_text("utf-8"))
    return of_rules + [target["expr"] for panel in drawn["panels"] for target in panel["targets"]]


def test_every_metric_that_is_watched_is_there(story: Story) -> None:
    found = story.after
    there = {name for name, _ in found}
    named = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(named) > 20
    assert named - there == set()
    labels = {f"{label.partition('=')[0]}" for _, pairs in found for label in pairs}
    by = {
        word
        for one in expressions()
        for words in re.findall(r"by \(([^)]*)\)", one)
        for word in words.split(", ")
    }
    assert by - {"instance"} <= labels


def test_every_metric_is_explained(story: Story) -> None:
    page = (ROOT / "docs/monitoring.md").read_text("utf-8")
    explained = {one.partition("{")[0] for one in re.findall(r"`(tldops_[^`]+)`", page)}
    there = {
        re.sub(r"_(bucket|count|sum)$", "", name) for name, _ in story.after if name.startswith("tldops_")
    }
    assert there == explained


def test_the_rules_say_what_to_do() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    for rule in rules:
        assert set(rule["annotations"]) == {"summary", "mend"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_the_dashboard_is_the_one_that_is_drawn() -> None:
    assert json.loads(FILE.read_text("utf-8")) == dashboard(), "python -m docs.draw_dashboard"


PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(PROMTOOL is None, reason="Debian's package prometheus is not there")
def test_prometheus_takes_the_rules_and_the_metrics(story: Story) -> None:
    checked = subprocess.run(
        [str(PROMTOOL), "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    linted = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=story.text, capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


# Each rule, what makes it ring, and after how many minutes; what is not said here is healthy.
RINGING = {
    "TldopsDown": ('up{job="tldops-bot"}', "0x30", 5),
    "TldopsStoreDown": ("tldops_store_up", "0x30", 3),
    "TldopsAlertWaits": ('tldops_outbox_oldest_seconds{kind="alert"}', "400x30", 2),
    "TldopsAlertSlow": ("tldops_alert_last_copy_seconds", "121x30", 1),
    "TldopsInboxOld": ("tldops_inbox_oldest_seconds", "901x30", 3),
    "TldopsMailSetAside": ('tldops_inbox_mails{state="stuck"}', "1x30", 1),
    "TldopsCopySetAside": ('tldops_outbox_copies{kind="notice",state="stuck"}', "1x30", 1),
    "TldopsMailBreaks": ("tldops_mails_broken_total", "0 4x90", 20),
    "TldopsMailNotStored": ("tldops_not_stored_mails_total", "0 2x30", 10),
    "TldopsNoMailTaken": ('tldops_deliveries_total{kind="alert",result="later"}', "0+1x90", 30),
    "TldopsManyRefused": ('tldops_deliveries_total{kind="roster",result="refused"}', "0+1x90", 30),
    "TldopsGpgFails": ('tldops_gpg_failures_total{operation="sign"}', "0+1x30", 10),
    "TldopsGpgSlow": ('tldops_gpg_seconds_bucket{operation="verify",le="1"}', "0x90", 60),
    "TldopsJobLate": ('tldops_job_late_seconds{job="send_roster"}', "7201x30", 11),
    "TldopsJobBreaks": ('tldops_job_failures_total{job="send_roster"}', "0+1x90", 60),
    "TldopsListKeyEndsSoon": ("tldops_list_key_expiry_timestamp_seconds", "864000x30", 1),
    "TldopsMemberKeysEnd": ('tldops_member_keys_ending{days="7"}', "11x30", 1),
    "TldopsDiskLow": ('tldops_disk_free_bytes{keeps="database"}', "9e8x30", 11),
    "TldopsIanaStale": ("tldops_iana_last_sync_timestamp_seconds", "-300000x90", 61),
    "TldopsVersionsDiffer": ('tldops_build_info{version="2",schema="0001"}', "1x90", 61),
}
HEALTHY = {
    'up{job="tldops-bot"}': "1x90",
    "tldops_store_up": "1x90",
    'tldops_outbox_oldest_seconds{kind="alert"}': "299x90",
    'tldops_outbox_oldest_seconds{kind="notice"}': "3000x90",
    "tldops_alert_began_timestamp_seconds": "0x90",
    "tldops_alert_last_copy_seconds": "119x90",
    "tldops_inbox_oldest_seconds": "899x90",
    'tldops_inbox_mails{state="stuck"}': "0x90",
    'tldops_inbox_mails{state="waiting"}': "9x90",
    "tldops_mails_broken_total": "0x60 2x30",
    "tldops_not_stored_mails_total": "5x90",
    'tldops_deliveries_total{kind="alert",result="later"}': "0x90",
    'tldops_deliveries_total{kind="alert",result="taken"}': "0x90",
    'tldops_deliveries_total{kind="roster",result="refused"}': "0x90",
    'tldops_gpg_failures_total{operation="sign"}': "5x90",
    'tldops_gpg_seconds_bucket{operation="verify",le="1"}': "0+1x90",
    'tldops_gpg_seconds_bucket{operation="verify",le="2.5"}': "0+1x90",
    'tldops_gpg_seconds_bucket{operation="verify",le="+Inf"}': "0+1x90",
    'tldops_job_late_seconds{job="send_roster"}': "7199x90",
    'tldops_job_failures_total{job="send_roster"}': "2x90",
    "tldops_list_key_expiry_timestamp_seconds": "2600000x90",
    'tldops_member_keys_ending{days="7"}': "10x90",
    'tldops_member_keys_ending{days="30"}': "90x90",
    'tldops_disk_free_bytes{keeps="database"}': "2e9x90",
    "tldops_iana_last_sync_timestamp_seconds": "0x90",
    'tldops_build_info{version="1",schema="0001"}': "1x90",
}
LONG_AGO = {"tldops_alert_began_timestamp_seconds": "-86400x90", "tldops_alert_last_copy_seconds": "900x90"}
WORDS = {
    "TldopsAlertWaits": {
        "exp_labels": {"severity": "critical", "kind": "alert"},
        "exp_annotations": {
            "summary": "A copy of an alert waits for 6m 40s without having been tried",
            "mend": "tldops-bot doctor; tldops-bot outbox list",
        },
    },
    "TldopsListKeyEndsSoon": {
        "exp_labels": {"severity": "warning"},
        "exp_annotations": {
            "summary": "The list's key ends in 9d 23h 55m 0s",
            "mend": "tldops-bot doctor prints the line that prolongs it",
        },
    },
}


def case(series: dict[str, str], after: int, *ringing: str) -> dict[str, Any]:
    """These alarms ring then, and no other."""
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in (HEALTHY | series).items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{after}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in ringing],
            }
        ],
        "alert_rule_test": [
            {"eval_time": "5m", "alertname": name, "exp_alerts": [WORDS[name]]}
            for name in ringing
            if name in WORDS
        ],
    }


@pytest.mark.skipif(PROMTOOL is None, reason="Debian's package prometheus is not there")
def test_each_rule_rings_when_it_should_and_no_other_with_it(tmp_path: Path) -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    assert {rule["alert"] for rule in rules} == set(RINGING)
    told = [case({series: values}, after, name) for name, (series, values, after) in RINGING.items()]
    quiet = [case({}, 90), case(LONG_AGO, 90)]
    cases = tmp_path / "cases.yml"
    cases.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": quiet + told})
    )
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", str(cases)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
