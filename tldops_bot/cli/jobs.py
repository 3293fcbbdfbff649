"""`run-job`: do now what the clock would do, if it is due."""

from typing import Annotated

import typer

from tldops_bot.cli._completion import job_names
from tldops_bot.cli._frame import opened, refuse, say
from tldops_bot.cli._progress import working
from tldops_bot.domain.nearest import nearest
from tldops_bot.jobs._all import JOBS


def run_job(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=", ".join(JOBS), autocompletion=job_names)],
) -> None:
    """Run one job now; running it again does no harm."""
    wanted = JOBS.get(name.replace("-", "_"))
    if wanted is None:
        near = nearest(name.replace("-", "_"), JOBS, within=3)
        meant = f"did you mean {near}?" if near else f"there are {', '.join(JOBS)}"
        refuse(f"there is no job {name[:40]}; {meant}")
    with opened(context) as parts, working(wanted.name):
        made = parts.job_runner().run(wanted)
    say(f"{wanted.name}: {made} {'letter' if made == 1 else 'letters'}")
