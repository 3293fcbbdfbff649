"""What Prometheus sees: what this process did, counted here, and what the store says, read at each scrape.

Labels hold kinds, states and names of jobs, which are few and our own; nothing is about anybody in
particular.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from tldops_bot.domain.lateness import lateness
from tldops_bot.domain.outgoing import Kind
from tldops_bot.store.pulse import Pulse

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
VERDICTS: Final = ("good", "bad", "none")
DECISIONS: Final = ("answered", "held", "repeated", "refused", "silent")
RESULTS: Final = {
    "taken": "taken",
    "refused": "refused",
    "dropped": "dropped",
    "held": "held",
    "waiting": "later",  # put off: to be tried again
}
OPERATIONS: Final = ("sign", "verify", "decrypt", "encrypt", "import", "other")
KEY_DAYS: Final = (7, 30)
INBOX_STATES: Final = ("waiting", "stuck")
OUTBOX_STATES: Final = ("waiting", "sending", "held", "stuck")
_GPG_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Look:
    """What is found out for one scrape. `pulse` is None if the database does not answer."""

    now: datetime
    pulse: Pulse | None
    jobs: Mapping[str, timedelta]  # how often each is to be done
    list_key_known: bool
    list_key_ends_at: datetime | None
    disks: Mapping[str, int]  # octets free, by what is kept there
    versions: Mapping[str, str]


class Metrics:
    """The instruments, in a registry of their own. Every method may be called from any thread."""

    def __init__(self, jobs: Collection[str]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # twice as many lines, which nobody looks at
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        here = self._registry
        self._mails = Counter("tldops_mails", "Mails carried out.", ("verdict", "decision"), registry=here)
        self._broken = Counter("tldops_mails_broken", "Times carrying out a mail broke.", registry=here)
        self._intake = Histogram("tldops_intake_seconds", "Time it took to carry out a mail.", registry=here)
        self._accepted = Counter("tldops_accepted_mails", "Mails taken in: answered 250.", registry=here)
        self._not_stored = Counter(
            "tldops_not_stored_mails", "Mails answered 451: not stored.", registry=here
        )
        self._deliveries = Counter(
            "tldops_deliveries", "How attempts to deliver a copy ended.", ("kind", "result"), registry=here
        )
        self._gpg = Histogram(
            "tldops_gpg_seconds",
            "Time a run of gpg took.",
            ("operation",),
            buckets=_GPG_BUCKETS,
            registry=here,
        )
        self._gpg_failures = Counter(
            "tldops_gpg_failures", "Runs of gpg that failed.", ("operation",), registry=here
        )
        self._job_failures = Counter(
            "tldops_job_failures", "Runs of a job that broke.", ("job",), registry=here
        )
        self._connections = Gauge(
            "tldops_smtp_connections", "SMTP or LMTP dialogues open now.", registry=here
        )
        self._begin(jobs)

    def _begin(self, jobs: Collection[str]) -> None:
        """Set everything that may happen to 0 at the start: a first occurrence is a change, too."""
        for verdict in VERDICTS:
            for decision in DECISIONS:
                self._mails.labels(verdict, decision)
        for kind in Kind:
            for result in RESULTS.values():
                self._deliveries.labels(kind.value, result)
        for operation in OPERATIONS:
            self._gpg.labels(operation)
            self._gpg_failures.labels(operation)
        for job in jobs:
            self._job_failures.labels(job)

    def watch(self, look: Callable[[], Look], connections: Callable[[], int]) -> None:
        """Call `look` at each scrape from now on."""
        self._connections.set_function(connections)
        self._registry.register(_Found(look))

    def text(self) -> bytes:
        """The answer to a scrape. It reads the store, so it may take a while."""
        return generate_latest(self._registry)

    def mail(self, verdict: str, decision: str, seconds: float) -> None:
        self._mails.labels(verdict, decision).inc()
        self._intake.observe(seconds)

    def broken_mail(self) -> None:
        self._broken.inc()

    def accepted(self, number: int) -> None:
        self._accepted.inc(number)

    def not_stored(self, number: int) -> None:
        self._not_stored.inc(number)

    def delivery(self, kind: str, state: str) -> None:
        """`state` is what the delivery is marked with."""
        self._deliveries.labels(kind, RESULTS[state]).inc()

    def gpg(self, operation: str, seconds: float, is_done: bool) -> None:
        known = operation if operation in OPERATIONS else "other"
        self._gpg.labels(known).observe(seconds)
        if not is_done:
            self._gpg_failures.labels(known).inc()

    def job_broke(self, job: str) -> None:
        self._job_failures.labels(job).inc()


class _Found(Collector):
    """What is not counted here but looked up at each scrape."""

    def __init__(self, look: Callable[[], Look]) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of the first scrape: describing would look at the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        look = self._look()
        pulse = look.pulse
        yield _gauge("tldops_store_up", "Whether the store can be read.", float(pulse is not None))
        yield from _machine(look)
        if pulse is not None:
            yield from _queues(pulse, look.now)
            yield from _jobs(pulse, look)
            yield from _alert(pulse)
            yield from _keys(pulse, look.now)
            newest = _moment(pulse.iana_newest_at)
            words = "When IANA last answered; 0: never."
            yield _gauge("tldops_iana_last_sync_timestamp_seconds", words, newest)


def _machine(look: Look) -> Iterator[Metric]:
    yield _gauges("tldops_disk_free_bytes", "Room left on a disk.", "keeps", look.disks)
    info = InfoMetricFamily("tldops_build", "Which versions are at work, and the revision of the schema.")
    info.add_metric((), dict(look.versions))
    yield info
    if look.list_key_known:
        ends = float("inf") if look.list_key_ends_at is None else _moment(look.list_key_ends_at)
        words = "When the list's key ends; +Inf: never."
        yield _gauge("tldops_list_key_expiry_timestamp_seconds", words, ends)


def _queues(pulse: Pulse, now: datetime) -> Iterator[Metric]:
    lengths = {state: pulse.inbox.get(state, 0) for state in INBOX_STATES}
    yield _gauges("tldops_inbox_mails", "Mails not carried out: waiting, or set aside.", "state", lengths)
    words = "How long the oldest mail in the inbox waits."
    yield _gauge("tldops_inbox_oldest_seconds", words, _age(pulse.inbox_oldest_at, now))
    copies = GaugeMetricFamily(
        "tldops_outbox_copies", "Copies that have still to go; stuck: set aside.", labels=("kind", "state")
    )
    oldest = GaugeMetricFamily(
        "tldops_outbox_oldest_seconds",
        "How long the oldest copy of a kind waits to be tried.",
        labels=("kind",),
    )
    for kind in Kind:
        mine = [one for one in pulse.outbox if one.kind == kind.value]
        for state in OUTBOX_STATES:
            copies.add_metric((kind.value, state), sum(one.length for one in mine if one.state == state))
        ages = [_age(one.untried_since, now) for one in mine]
        oldest.add_metric((kind.value,), max(ages, default=0.0))
    yield copies
    yield oldest


def _jobs(pulse: Pulse, look: Look) -> Iterator[Metric]:
    done = {job: pulse.jobs.get(job) for job in look.jobs}
    words = "When a job was last done; 0: never."
    moments = {job: _moment(at) for job, at in done.items()}
    yield _gauges("tldops_job_last_success_timestamp_seconds", words, "job", moments)
    words = "How much longer than its interval ago a job was done."
    late = {
        job: 0.0 if at is None else lateness(look.jobs[job], at, look.now).total_seconds()
        for job, at in done.items()
    }
    yield _gauges("tldops_job_late_seconds", words, "job", late)


def _alert(pulse: Pulse) -> Iterator[Metric]:
    """Of the newest alert; before the first one there is nothing to say."""
    alert = pulse.fan_out
    waiting = 0 if alert is None else alert.waiting
    yield _gauge("tldops_alert_copies_waiting", "Copies of the newest alert that have still to go.", waiting)
    if alert is not None:
        words = "When the newest alert was answered 250, or released."
        yield _gauge("tldops_alert_began_timestamp_seconds", words, _moment(alert.began_at))
    if alert is not None and alert.last_taken_at is not None:
        seconds = (alert.last_taken_at - alert.began_at).total_seconds()
        words = "From the 250 of the newest alert to its last copy taken by the smarthost."
        yield _gauge("tldops_alert_last_copy_seconds", words, seconds)


def _keys(pulse: Pulse, now: datetime) -> Iterator[Metric]:
    left = [at - now for at in pulse.member_keys_end_at]
    ending = {str(days): sum(one < timedelta(days=days) for one in left) for days in KEY_DAYS}
    words = "Keys of members that end within so many days."
    yield _gauges("tldops_member_keys_ending", words, "days", ending)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    """One gauge for each value of the label."""
    family = GaugeMetricFamily(name, words, labels=(label,))
    for one, value in values.items():
        family.add_metric((one,), value)
    return family


def _moment(at: datetime | None) -> float:
    return 0.0 if at is None else at.timestamp()


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
