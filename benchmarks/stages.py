"""`python -m benchmarks.stages`: where the time of an alert goes, from its 250 to the last copy.

The service runs in this process, with a stop-watch around each stage; stages overlap, so the shares may add up
to more than the whole.
"""

import functools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.figures import seconds
from benchmarks.load import send_all
from benchmarks.people import Member, make_member
from benchmarks.sink_process import SinkProcess, sink_process
from benchmarks.site import configure, new_site
from tests.keys import LIST_ADDRESS
from tests.service import Running

CONNECTIONS = 8
SETTLE_SECONDS = 3.0  # certificates are parsed ahead, and jobs run for the first time
_MARK = b"\r\nSubject: [TLP:"
_TEXT = "The name servers of several registries answer with wrong data since this morning.\n" * 12
VERIFY = "verify (gpg)"
POST = "decide, compose and enqueue (one transaction)"
SIGN = "sign (gpg)"
EXCHANGE = "claim and mark (transactions)"
ENCRYPT = "encrypt (Sequoia, a process of its own)"
MAIL = "compose each copy"
SMTP = "SMTP"
STAGES = (VERIFY, POST, EXCHANGE, SIGN, ENCRYPT, MAIL, SMTP)


class StopWatch:
    """When each stage began and ended, in seconds of `time.monotonic()`."""

    def __init__(self) -> None:
        self.spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def around(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        @functools.wraps(call)
        def timed(*arguments: Any, **named: Any) -> Any:
            begun_at = time.monotonic()
            try:
                return call(*arguments, **named)
            finally:
                self.spans[stage].append((begun_at, time.monotonic()))

        return timed

    def around_async(self, stage: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same coroutine, timed."""

        @functools.wraps(call)
        async def timed(*arguments: Any, **named: Any) -> Any:
            begun_at = time.monotonic()
            try:
                return await call(*arguments, **named)
            finally:
                self.spans[stage].append((begun_at, time.monotonic()))

        return timed

    def look_from(self, moment: float) -> None:
        """Forget what came before: a tick of the clock, a look for work that is not there yet."""
        posted_at = min((begun_at for begun_at, _ in self.spans[POST] if begun_at >= moment), default=moment)
        for stage, spans in self.spans.items():
            since = moment if stage in (VERIFY, POST) else posted_at
            spans[:] = [one for one in spans if one[0] >= since]

    def busy(self, stage: str) -> float:
        """Seconds in which it was under way at least once."""
        total, until = 0.0, 0.0
        for begun_at, ended_at in sorted(self.spans[stage]):
            total += max(0.0, ended_at - max(begun_at, until))
            until = max(until, ended_at)
        return total


class _Timed:
    """A smarthost with a stop-watch."""

    def __init__(self, watch: StopWatch, real: Any) -> None:
        self.send_one = watch.around_async(SMTP, real.send_one)


def attach(watch: StopWatch, running: Running) -> None:
    """Put the stop-watch around the stages of a service that does not run yet."""
    intake, delivery = running.app.intake, running.service.delivery
    sealing: Any = delivery._sealing
    stages: Any = delivery._stages
    patched: Any = intake
    patched.judge = watch.around(VERIFY, intake.judge)
    patched.within = watch.around(POST, intake.within)
    moving: Any = delivery
    moving._exchange.turn = watch.around(EXCHANGE, delivery._exchange.turn)
    sealing.sign = watch.around_async(SIGN, sealing.sign)
    sealing.encrypt = watch.around_async(ENCRYPT, sealing.encrypt)
    sealing.mail = watch.around(MAIL, sealing.mail)
    stages._transport = _Timed(watch, stages._transport)


def measure(members: Sequence[Member], sink: SinkProcess) -> Table:
    """One alert to these members: the table of its stages."""
    with new_site(members) as site:
        configure(site.home, sink.port, CONNECTIONS)
        running = Running(site.config)
        watch = StopWatch()
        attach(watch, running)
        running.start()
        try:
            time.sleep(SETTLE_SECONDS)
            watch.spans.clear()
            sink.listen_for(_MARK)
            mail = members[0].signed_mail(f"List: {LIST_ADDRESS}\nALERT\nTitle: Wrong data\n\n{_TEXT}")
            port = int(running.where.rpartition(":")[2])
            answered_at = send_all(port, [(members[0].address, mail)], 1).at[0]
            taken = sink.wait_for(len(members))
        finally:
            running.stop()
    watch.look_from(answered_at)
    return _table(watch, len(members), answered_at, taken.at)


def _table(watch: StopWatch, size: int, answered_at: float, taken: Sequence[float]) -> Table:
    whole = taken[-1] - answered_at
    made = Table(title=f"An alert to {size:,}: {seconds(whole)} to the last copy", box=SIMPLE)
    for name in ("stage", "begun after", "done once after", "calls", "busy", "of the time"):
        made.add_column(name, justify="left" if name == "stage" else "right", no_wrap=True)
    for stage in STAGES:
        spans = watch.spans[stage]
        begun, done = (seconds(max(0.0, one - answered_at)) for one in min(spans, default=(0.0, 0.0)))
        busy = watch.busy(stage)
        made.add_row(stage, begun, done, f"{len(spans):,}", seconds(busy), f"{busy / whole:.0%}")
    made.add_row("first copy taken", "", seconds(taken[0] - answered_at), "", "", "")
    return made


def main(
    members: Annotated[list[int] | None, typer.Option(help="Sizes of the list.", min=2)] = None,
) -> None:
    """Show where the time of an alert goes; 900, 4,350 and 10,000 members unless told otherwise."""
    sizes = sorted(members or [900, 4350, 10_000])
    console = Console(width=120)
    people = [make_member(number + 1) for number in range(sizes[-1])]
    with sink_process() as sink:
        for size in sizes:
            console.print(measure(people[:size], sink))


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
