"""SIGKILL at random moments: while it starts, serves, or ends, and while it upgrades its database."""

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from faults.accounts import Accounts, draw_up
from faults.post import Post, send_aside
from faults.process import PATIENCE_SECONDS, Process, run, until
from faults.town import FaultTown, fault_town
from tests.desk import write_config
from tldops_bot.app import App

Say = Callable[[str], None]

MAILS_A_LIFE = 6
START_SECONDS = 1.5  # about as long as it takes to come up
SERVE_SECONDS = 0.8
END_SECONDS = 0.4
AWAY_SECONDS = 240.0  # until what was put off in the turmoil has come round again


@dataclass
class Killing:
    """One town, and a process in it that never lives long."""

    town: FaultTown
    post: Post
    chance: Random
    left_behind: int = 0
    complaints: int = 0

    def round(self) -> None:
        """One life, and its end."""
        self.town.new_life()
        blow = self.chance.choices((self._starting, self._serving, self._ending), (1, 3, 1))[0]
        with Process(self.town.config.file) as process:
            blow(process)
            process.kill()
            self.complaints += "Traceback" in process.words()
            self.left_behind += not process.is_alone()
        self.town.age_alerts()

    def _starting(self, process: Process) -> None:
        time.sleep(self.chance.uniform(0, START_SECONDS))
        process.kill()

    def _serving(self, process: Process) -> None:
        self._hand_in(process, self.chance.uniform(0, SERVE_SECONDS), process.kill)

    def _ending(self, process: Process) -> None:
        self._hand_in(process, self.chance.uniform(0, SERVE_SECONDS), lambda: self._end(process))

    def _end(self, process: Process) -> None:
        process.send_signal(signal.SIGTERM)
        time.sleep(self.chance.uniform(0, END_SECONDS))
        process.kill()

    def _hand_in(self, process: Process, after: float, blow: Callable[[], None]) -> None:
        mails = self.post.unanswered()[:MAILS_A_LIFE]
        mails += [self.post.write() for _ in range(MAILS_A_LIFE - len(mails) // 2)]
        port = process.port
        death = threading.Timer(after, blow)
        death.start()
        for thread in send_aside(port, mails):
            thread.join(PATIENCE_SECONDS)
        death.join()

    def come_to_rest(self) -> None:
        """A last life that nobody ends before everything is done; what was not answered is sent again."""
        come_to_rest(self.town, self.post)


def come_to_rest(town: FaultTown, post: Post, patience: float = AWAY_SECONDS) -> None:
    """Serve until everything written is answered, carried out and delivered."""
    town.new_life()
    with Process(town.config.file) as process:
        finish(process, town, post, patience)
        process.end()


def finish(process: Process, town: FaultTown, post: Post, patience: float = AWAY_SECONDS) -> None:
    """Everything written is answered, carried out and delivered."""
    end = time.monotonic() + patience
    while (waiting := post.unanswered()) and time.monotonic() < end and process.is_alive:
        for thread in send_aside(process.port, waiting):
            thread.join(PATIENCE_SECONDS)
    until(lambda: town.left() == (0, 0) or not process.is_alive, end - time.monotonic())


def killed_at_random(rounds: int, seed: int, say: Say) -> Accounts:
    """The whole story, and its accounts."""
    chance = Random(seed)
    with fault_town() as town:
        killing = Killing(town, Post(town.people, chance), chance)
        for number in range(rounds):
            say(f"killed {number} of {rounds} times")
            killing.round()
        say("coming to rest")
        killing.come_to_rest()
        made = draw_up("killed", rounds, town, killing.post)
    made.must(killing.left_behind == 0, f"after {killing.left_behind} kills something kept running")
    made.must(killing.complaints == 0, f"in {killing.complaints} lives something broke that was not killed")
    return made


def upgrade_killed(rounds: int, seed: int, say: Say) -> Accounts:
    """`db upgrade` on an empty place: whenever it is killed, the next one does the whole, or nothing is left to do."""
    chance, made = Random(seed), Accounts("upgrade killed", rounds)
    for number in range(rounds):
        say(f"upgrade killed {number} of {rounds} times")
        home = Path(tempfile.mkdtemp(prefix="up", dir="/tmp"))
        try:
            config = write_config(home)
            (home / "var").mkdir()
            (home / "var/tldops.sqlite").touch()
            with Process(config.file, "db", "upgrade") as process:
                time.sleep(chance.uniform(0.3, 1.5))
                process.kill()
            again = run(config.file, "db", "upgrade")
            app = App(config)
            made.must(again.returncode == 0, f"the next upgrade said {again.stderr[-200:]}")
            made.must(app.schema.current() == app.schema.newest, "the schema is not whole")
            app.close()
        finally:
            shutil.rmtree(home, ignore_errors=True)
    return made
