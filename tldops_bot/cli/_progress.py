"""Progress of what takes a while, on stderr: a bar or a sign of life on a terminal, nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress

from tldops_bot.cli._frame import errors


@contextmanager
def counting(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with each further piece done."""
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(title, total=total)

        def done(pieces: int) -> None:
            progress.advance(task, pieces)

        yield done


@contextmanager
def working(title: str) -> Iterator[None]:
    """Shows what is being done, if there is no telling how far it is."""
    if not errors.is_terminal:
        yield
        return
    with errors.status(f"{title} …"):
        yield
