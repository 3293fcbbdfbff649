"""`templates`: looks at the wording, and checks what the operator says in other words."""

from pathlib import Path
from typing import Annotated

import typer

from tldops_bot.cli._acting import AsJson
from tldops_bot.cli._frame import print_json, read_config, refuse, say
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.language import ENGLISH
from tldops_bot.domain.nearest import nearest
from tldops_bot.mail.template_check import END, files_of, flaws, language_of

app = typer.Typer(help="The words of all mails, and your own for them.", no_args_is_help=True)
Directory = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Your templates; else those that config.toml names.")
]


@app.command()
def check(context: typer.Context, directory: Directory = None, as_json: AsJson = False) -> None:
    """Say which of your templates are broken, use what they are not given, or replace nothing; what languages lack."""
    settings = read_config(context).templates
    own = directory or settings.directory
    if own is not None and not own.is_dir():
        refuse(f"{own}: there is no such folder")
    found = flaws(own, shipped("templates"), settings.languages)
    if as_json:
        print_json([{"file": one.file, "problem": one.words} for one in found])
    else:
        for one in found:
            say(f"{one.file}: {one.words}")
        yours = len(files_of(own)) if own is not None else 0
        say(f"{yours} of your own, in {', '.join(settings.languages)}: {len(found) or 'nothing'} to mend")
    if found:
        raise typer.Exit(1)


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as letters/vouch.")],
    language: Annotated[str, typer.Option(help="Such as fr.")] = ENGLISH,
    as_json: AsJson = False,
) -> None:
    """Print a template as it is used, to copy and change."""
    own = read_config(context).templates.directory
    folders = [*([own] if own else []), shipped("templates")]
    wanted = name.removesuffix(END) + END
    places = [*(folder / language for folder in folders if language != ENGLISH), *folders]
    known = {one for folder in folders for one in files_of(folder) if language_of(one) == ENGLISH}
    if wanted not in known:
        near = nearest(wanted, sorted(known), within=4).removesuffix(END)
        refuse(f"there is no template {name}" + (f"; did you mean {near}?" if near else ""))
    file = next(place / wanted for place in places if (place / wanted).is_file())
    if as_json:
        print_json({"file": str(file), "text": file.read_text(encoding="utf-8")})
    else:
        print(file.read_text(encoding="utf-8"), end="")  # noqa: T201
