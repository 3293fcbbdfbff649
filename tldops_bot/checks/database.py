"""The database: there, of this version, writable, with a committee; and whether work piles up in it."""

import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tldops_bot.app import App
from tldops_bot.domain.durations import say_length
from tldops_bot.domain.finding import Finding, broken, ok, warning
from tldops_bot.domain.lateness import is_late
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import facts, overview, pulse
from tldops_bot.store.database import DatabaseMissing, DatabaseMoved, StoreProblem
from tldops_bot.store.schema import SchemaMissing, SchemaTooNew, SchemaTooOld

PROBE: Final = "probe"
OLD_BACKUP: Final = timedelta(days=7)
OLD_INBOX: Final = timedelta(minutes=15)
OLD_OUTBOX: Final = timedelta(hours=1)


def database(app: App) -> Iterator[Finding]:
    """It can be read and written, and has the schema this program knows."""
    found = [*reachable(app)]
    yield from found or [ok("database", f"of this version ({app.schema.newest}), can be written")]
    if not found:
        yield from _committee(app)
        yield _backup(app)


def reachable(app: App) -> Iterator[Finding]:
    """What keeps mail from being stored; nothing when all is well."""
    config = shlex.quote(str(app.config.file))
    refill = f"tldops-bot --config {config} restore FILE; for a new list: tldops-bot init"
    try:
        app.database.must_exist()
        app.schema.must_fit()
        with app.database.rehearse() as session:
            facts.put(session, PROBE, app.now().isoformat())
            session.flush()
    except DatabaseMissing:
        yield broken("database", f"there is no {app.database.file}", refill)
    except SchemaMissing:
        yield broken("database", "it is empty", refill)
    except SchemaTooOld:
        yield broken("database", "it is of an older version", f"tldops-bot --config {config} db upgrade")
    except SchemaTooNew:
        mend = "install that version of tldops-bot again, or a newer one"
        yield broken("database", "it was written by a newer version of this program", mend)
    except DatabaseMoved:
        mend = "if that is how it is to be, restart `tldops-bot serve`; else put the files back as they were"
        yield broken("database", f"{app.database.file} or its journal is not the file that was opened", mend)
    except StoreProblem as problem:
        url = app.database.url.set(drivername=app.database.url.get_backend_name())  # as psql takes it
        says = f"{url.render_as_string(hide_password=True)} cannot be written ({type(problem).__name__})"
        yield broken("database", says, _mend_of_store(app))


def _mend_of_store(app: App) -> str:
    file = app.database.file
    if file is None:
        return "is PostgreSQL running, and is [database] url right? psql with the same words says more"
    shown = shlex.quote(str(file))
    return f"sqlite3 {shown} 'PRAGMA integrity_check'; damaged: tldops-bot restore FILE; else its rights: ls -l {shown}"


def _committee(app: App) -> Iterator[Finding]:
    with app.database.read() as session:
        offices = overview.offices_by_role(session)
    if offices.get("committee"):
        yield ok("committee", f"{offices['committee']} people")
    else:
        says = "there is none yet: what nobody else may decide waits for the operator"
        yield warning("committee", says, "tldops-bot committee add --key FILE NAME EMAIL")


def _backup(app: App) -> Finding:
    """Without the list's key nobody could be told; without the database, nobody would be known."""
    with app.database.read() as session:
        made_at = facts.moment(session, facts.BACKED_UP_AT)
    mend = f"tldops-bot --config {shlex.quote(str(app.config.file))} backup FILE, every day, and the file kept elsewhere"
    if made_at is None:
        return warning("backup", "none was ever made", mend)
    age = app.now() - made_at
    if age > OLD_BACKUP:
        return warning("backup", f"the newest is {say_length(age)} old", mend)
    return ok("backup", f"the newest is {say_length(age)} old")


def queues(app: App) -> Iterator[Finding]:
    """Mail moves on, and the clock's jobs are done in time."""
    held = app.database.read_if_there(lambda session: pulse.read(session, app.now()))
    if held is None:  # said already
        return
    now, found = app.now(), list[Finding]()
    if held.stuck:
        says = f"{held.stuck} set aside, since they broke something: mails that came in"
        found.append(
            warning("queues", says, "tldops-bot inbox list --stuck; then tldops-bot inbox retry NUMBER")
        )
    if held.stuck_copies:
        says = f"{held.stuck_copies} set aside, since they failed again and again: copies to go out"
        mend = "tldops-bot outbox list says which; when that is mended, tldops-bot outbox retry"
        found.append(warning("queues", says, mend))
    if held.inbox_oldest_at is not None and now - held.inbox_oldest_at > OLD_INBOX:
        says = f"a mail that came in waits for {say_length(now - held.inbox_oldest_at)}"
        found.append(warning("queues", says, "is `tldops-bot serve` running? tldops-bot inbox list"))
    waiting = [one.untried_since for one in held.outbox if one.untried_since is not None]
    if waiting and now - min(waiting) > OLD_OUTBOX:
        says = f"a mail to go out waits for {say_length(now - min(waiting))}"
        found.append(warning("queues", says, "tldops-bot outbox list says why"))
    late = [name for name, at in held.jobs.items() if name in JOBS and is_late(JOBS[name].every, at, now)]
    if late:
        says = f"not done in time: {', '.join(sorted(late))}"
        found.append(warning("jobs", says, f"is `tldops-bot serve` running? tldops-bot run-job {late[0]}"))
    yield from found or [ok("queues", "nothing waits longer than it should")]
