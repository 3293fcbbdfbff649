"""The operator's own templates: whether each can be read, and will do."""

from collections.abc import Collection, Iterator
from pathlib import Path

import jinja2

from tldops_bot.app import App
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.finding import Finding, broken, ok, warning
from tldops_bot.mail.render import environment
from tldops_bot.mail.template_check import files_of, flaws


def wording(app: App) -> Iterator[Finding]:
    """Every template that replaces a shipped one can be used; else a reply would fail when it is needed."""
    own = app.config.templates.directory
    if own is None:
        yield ok("templates", "as shipped")
        return
    if not own.is_dir():
        yield broken(
            "templates", f"there is no folder {own}", f"mkdir {own}, or leave out [templates] directory"
        )
        return
    found = 0
    templates = environment([own, shipped("templates")])
    for name in sorted(file.relative_to(own).as_posix() for file in own.rglob("*.txt.j2")):
        try:
            templates.get_template(name)
        except jinja2.TemplateSyntaxError as problem:
            found += 1
            where = f"{own / name}, line {problem.lineno}"
            yield broken("templates", f"{where}: {problem.message}", "mend that line, or remove the file")
        except (jinja2.TemplateError, UnicodeDecodeError) as problem:
            found += 1
            says = f"{own / name}: cannot be read ({type(problem).__name__})"
            yield broken("templates", says, "write it anew in UTF-8, or remove the file")
    if not found:
        yield from _flaws(own, app.config.templates.languages)


def _flaws(own: Path, languages: Collection[str]) -> Iterator[Finding]:
    """What can be read, and will not do: ours stands in for it, and members read that."""
    yours = set(files_of(own))
    wrong = [one for one in flaws(own, shipped("templates"), languages) if one.file in yours]
    for one in wrong:
        mend = "mend that file, or remove it: ours is used until then"
        yield warning("templates", f"{own / one.file}: {one.words}", mend)
    if not wrong:
        yield ok("templates", f"nothing is wrong with those in {own}")
