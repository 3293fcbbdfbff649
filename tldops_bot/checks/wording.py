"""The operator's own templates: whether each can be read; `templates check` says more."""

from collections.abc import Iterator

import jinja2

from tldops_bot.app import App
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.finding import Finding, broken, ok
from tldops_bot.mail.render import environment


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
        yield ok("templates", f"those in {own} can be read")
