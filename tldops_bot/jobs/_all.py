"""All jobs of the clock, found by scanning this package."""

from importlib import import_module
from pkgutil import iter_modules

from tldops_bot import jobs
from tldops_bot.jobs._job import Job


def _found() -> dict[str, Job]:
    """Each module not beginning with an underscore holds one job, named as the module."""
    names = sorted(module.name for module in iter_modules(jobs.__path__) if not module.name.startswith("_"))
    return {name: getattr(import_module(f"{jobs.__name__}.{name}"), name) for name in names}


JOBS = _found()
