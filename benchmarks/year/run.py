"""Lives a number of days, looks every evening whether all promises hold, and notes what is counted day by day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.year.measured import confirmed_tlds, note_gone
from benchmarks.year.promises import Promises
from benchmarks.year.world import World
from tldops_bot.config.tile_map import load_tile_map
from tldops_bot.domain.cover import cover
from tldops_bot.domain.figures import weekly
from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.roster.picture import Coverings, picture
from tldops_bot.roster.svg import svg
from tldops_bot.roster.typefaces import find_typefaces
from tldops_bot.store import figures
from tldops_bot.store.roster_rows import load_roster

TWICE_EVERY = 10  # days: to compare every row takes as long as a day


@dataclass
class Lived:
    """A world after some days, and what was noted on the way."""

    world: World
    promises: Promises
    coverage: list[tuple[datetime, int, int]] = field(default_factory=list)

    def picture(self) -> bytes:
        """The map as it stands, and the line over time: what `stats --plot` draws."""
        app = self.world.app
        with app.database.read() as session:
            roster = load_roster(session, self.world.now, app.tlds)
            history = weekly(figures.history(session))
        held = {each.tld: each.contacts for each in roster.tlds}
        since = roster.made_at - FRESH_FOR
        tiles = {facts.tld: cover(held.get(facts.tld, ()), since) for facts in app.tlds.of_kind("cctld")}
        title = app.config.list.name
        shown = Coverings(title, f"{roster.made_at:%Y-%m-%d}", tiles, roster.coverage, True, history)
        return svg(picture(shown, load_tile_map(app.tlds), find_typefaces(app.config.roster.fonts)))


def live(world: World, days: int, say: Callable[[int], None] = lambda _day: None) -> Lived:
    """So many days from the first."""
    lived = Lived(world, Promises(world))
    for day in range(1, days + 1):
        world.live_a_day()
        note_gone(world)
        lived.promises.look()
        if day % TWICE_EVERY == 0:
            lived.promises.look_twice()
        if day % 30 == 0 or day == days:
            with world.app.database.read() as session:
                fresh, covered, _ = confirmed_tlds(session, world.now, world.records)
            lived.coverage.append((world.now, fresh, covered))
        say(day)
    lived.promises.at_the_end()
    return lived
