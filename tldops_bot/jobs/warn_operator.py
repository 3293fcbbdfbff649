"""Tells the operator what goes wrong around the list: each at most once a day, and once when it is over."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.domain.durations import DAY, say_length
from tldops_bot.domain.lateness import is_late
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.domain.troubles import A_WEEK, Told, Trouble, news
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import machines, pulse
from tldops_bot.store.machines import Machine
from tldops_bot.store.pulse import Pulse

EVERY = timedelta(minutes=10)
STOOD_STILL = 3 * EVERY
OLD_INBOX = timedelta(minutes=15)
OLD_ALERT = timedelta(minutes=5)
OLD_OUTBOX = timedelta(hours=1)
KEY_SOON = timedelta(days=30)


@job(every=EVERY)
def warn_operator(ctx: JobContext) -> list[Letter]:
    """Tell the operator of a queue or job that is late, a disk that is full, the list's key near its end."""
    seen = pulse.read(ctx.session, ctx.now)
    last = seen.jobs.get("warn_operator")
    if last is None or ctx.now - last > STOOD_STILL:  # everything is late because nothing was running
        return []
    there = machines.seen_since(ctx.session, ctx.now - DAY)
    found = [*_queues(ctx, seen), *_jobs(ctx, seen), *_disks(there), *_key(ctx, there)]
    told = machines.told(ctx.session)
    now = news(found, told, ctx.now, _unknown(there, told))
    if now.told != tuple(told):
        machines.note_told(ctx.session, now.told)
    to = _letters.to_address(ctx.config.operator.email)
    letters = [_letters.notice(one.kind, one.values, to) for one in now.troubles]
    for name in now.over:
        kind, _, of = name.partition(" ")
        letters.append(_letters.notice("jobs/trouble_over", {"kind": kind, "of": of}, to))
    return letters


def _queues(ctx: JobContext, seen: Pulse) -> Iterator[Trouble]:
    waits = ctx.now - seen.inbox_oldest_at if seen.inbox_oldest_at is not None else timedelta()
    if waits > OLD_INBOX:
        values = {"waits": say_length(waits), "number": seen.inbox.get("waiting", 0)}
        yield Trouble("jobs/inbox_old", values=values)
    for is_alert in (True, False):
        queues = [one for one in seen.outbox if (one.kind == Kind.ALERT) is is_alert]
        since = min((one.untried_since for one in queues if one.untried_since is not None), default=ctx.now)
        if ctx.now - since > (OLD_ALERT if is_alert else OLD_OUTBOX):
            values = {
                "waits": say_length(ctx.now - since),
                "number": sum(one.length for one in queues if one.untried_since is not None),
                "smarthost": f"{ctx.config.smarthost.host}:{ctx.config.smarthost.port}",
            }
            yield Trouble("jobs/alert_old" if is_alert else "jobs/outbox_old", values=values)


def _jobs(ctx: JobContext, seen: Pulse) -> Iterator[Trouble]:
    from tldops_bot.jobs._all import JOBS  # the jobs are found by looking at all of these modules

    for name, at in sorted(seen.jobs.items()):
        known = JOBS.get(name)
        if known is not None and is_late(known.every, at, ctx.now):
            yield Trouble("jobs/job_late", name, {"job": name, "done_at": at})


def _disks(there: Sequence[Machine]) -> Iterator[Trouble]:
    for one in there:
        if one.is_low:
            values = {"host": one.host, "folder": one.folder, "megabytes": one.free_bytes // 1_000_000}
            yield Trouble("jobs/disk_low", one.host, values)


def _key(ctx: JobContext, there: Sequence[Machine]) -> Iterator[Trouble]:
    """All nodes have the same key; if it was extended on some of them only, the earliest end counts."""
    ends = [(one.key_ends_at, one.fingerprint) for one in there if one.key_ends_at is not None]
    if not ends:
        return
    at, fingerprint = min(ends)
    left = at - ctx.now
    if left < KEY_SOON:
        home, days = str(ctx.config.openpgp.home), max(0, left.days)
        values = {"fingerprint": fingerprint, "ends_at": at, "days": days, "home": home}
        yield Trouble("jobs/key_ends", values=values, again_after=A_WEEK if left > A_WEEK else DAY)


def _unknown(there: Sequence[Machine], told: Sequence[Told]) -> list[str]:
    """What has not been checked lately, because a machine is silent or gpg was."""
    hosts = {one.host for one in there}
    is_key_known = any(one.fingerprint for one in there)
    return [one.name for one in told if _is_unknown(one.name, hosts, is_key_known)]


def _is_unknown(name: str, hosts: Collection[str], is_key_known: bool) -> bool:
    kind, _, of = name.partition(" ")
    if kind == "jobs/key_ends":
        return not is_key_known
    return kind == "jobs/disk_low" and of not in hosts
