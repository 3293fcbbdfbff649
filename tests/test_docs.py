"""What docs/ shows is so: its commands and mails are run, its links lead somewhere, and nothing is left out."""

import importlib.util
import os
import re
import shlex
import subprocess
import zipfile
from pathlib import Path
from typing import Any, get_args

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from typer.main import get_command

from docs import draw_ways, make_man
from tests.doc_pages import DOCS, ROOT, Differs, Page, Words, pages
from tests.doc_runner import world
from tests.template_values import LIST, letters
from tldops_bot.cli.commands import app
from tldops_bot.commands._all import COMMANDS
from tldops_bot.config import Config
from tldops_bot.config.shipped import shipped
from tldops_bot.mail.render import Renderer

THUNDERBIRD = Path("/usr/lib/thunderbird/omni.ja")
PAGES = pages()
RUN = [page for page in PAGES if page.blocks("console", "mail", "reply")]
PAPERS = [
    Page(ROOT / f"{name}.md") for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "THREATS", "CHANGELOG")
]
READ_ONLY = {"", "text", "toml", "ini", "yaml", "json", "conf", "nginx", "xml"}
# What a page tells to do that changes a whole machine, and where in the project the same is done.
ELSEWHERE = {
    "apt-get": "packaging/debian/pack.sh",
    "python3": "tests/test_wheel.py",
    "/opt/tldops/bin/pip": "tests/test_wheel.py",
    "ln": "packaging/systemd/tldops-bot.service",
    "systemctl": "packaging/systemd/tldops-bot.service",
    "adduser": "packaging/debian/postinst",
    "install": "packaging/debian/postinst",
    "cp": "packaging/systemd/tldops-bot.service",
    "runuser": "packaging/debian/tldops-bot",
}


def name_of(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_what_a_page_shows_is_what_happens(page: Page) -> None:
    with world(page) as runner:
        runner.run(page)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_block_is_run_or_plainly_not_to_be_run(page: Page) -> None:
    for block in page.blocks():
        assert block.kind in READ_ONLY | {"console", "mail", "reply", "csv", "sh"}, (block.line, block.kind)
        assert block.kind == "console" or not re.search(r"^[$] ", block.text, re.MULTILINE), (
            block.line,
            "not run",
        )
        if block.kind == "sh":
            for line in block.text.splitlines():
                first = line.split()[:1]
                assert not first or line.startswith("#") or (ROOT / ELSEWHERE[first[0]]).exists(), (
                    block.line,
                    line,
                )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_block_is_indented_for_then_the_site_shows_none(page: Page) -> None:
    assert [line for line in page.text.splitlines() if re.match(r" +(```|~~~)", line)] == []


# --- links


@pytest.mark.parametrize("page", [*PAGES, *PAPERS], ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Page) -> None:
    for link in page.links():
        if re.match(r"\w+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.file.parent / place).resolve() if place else page.file
        assert target.exists(), link
        assert not anchor or anchor in Page(target).anchors(), link


def test_the_site_is_built_has_every_page_and_loads_nothing_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path / "site"), strict=True))
    built = list((tmp_path / "site").rglob("*.html"))
    assert {page.file.stem for page in PAGES} <= {file.stem for file in built}
    for file in built:
        html = file.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|iframe|source)[^>]+src="(?:https?:)?//[^"]*"', html), file
        assert not re.findall(r'<link[^>]+href="(?:https?:)?//[^"]*"', html), file
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.findall(r"url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style
    listed = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(set(listed)), "a page stands twice in the menu"
    menu = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    for page in PAGES:
        assert f'href="{page.file.relative_to(DOCS).with_suffix(".html").as_posix()}' in menu, page.name
    replies_page = (tmp_path / "site/members/replies.html").read_text(encoding="utf-8")
    assert "only contacts can send" in replies_page.lower()


def test_the_pictures_are_those_that_the_script_draws() -> None:
    for name, way in draw_ways.PICTURES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == draw_ways.draw(way), (
            "run python -m docs.draw_ways"
        )


# --- verbs, commands, subjects, keys


def written_verbs(page: Page) -> set[str]:
    """Every `tldops-bot …` in quoted words, and on lines of blocks."""
    quoted = re.findall(r"`(?:[\w/]*/)?tldops-bot ([^`\n]+)`", page.text)
    lines = [line for block in page.blocks() for line in block.text.splitlines()]
    typed = (re.match(r"(?:[$#] )?(?:[\w/]*/)?tldops-bot (\S.*?)(?:\s+#.*)?$", line) for line in lines)
    return {
        one.strip()
        for one in (*quoted, *(found[1] for found in typed if found))
        if "|" not in one and "&&" not in one
    }


@pytest.mark.parametrize("page", [*PAGES, *PAPERS], ids=name_of)
def test_every_verb_is_written_as_it_is_parsed(page: Page) -> None:
    for written in sorted(written_verbs(page)):
        problem = why_not_parsed(written)
        assert not problem, f"tldops-bot {written}: {problem}"


def why_not_parsed(written: str) -> str:
    words = [re.sub(r"^[A-Z]{2,}$", "1", word) for word in shlex.split(written.replace("…", "1"))]
    if written == "export 1":  # the name of a file's format
        return ""
    if words[:1] == ["--config"]:
        words = words[2:]
    if words[:1] and words[0].startswith(("-", "[")):
        return ""
    command: Any = get_command(app)
    while getattr(command, "commands", None) and words:
        if words[0] not in command.commands:
            return f"no verb {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    if not words:  # the verb alone is named, not typed
        return ""
    try:
        command.make_context("tldops-bot", list(words))
    except Exception as problem:  # noqa: BLE001  of the parser, whatever library it is from
        return str(problem)
    return ""


@pytest.mark.parametrize("wrong", ["member list", "members lists", "stats --plod x", "run-job"])
def test_a_verb_that_is_not_there_would_be_found(wrong: str) -> None:
    assert why_not_parsed(wrong) or wrong == "run-job"


def test_every_verb_and_every_mail_command_is_explained_on_a_page() -> None:
    text = "\n".join(page.text for page in PAGES)
    assert [name for name, _ in make_man.verbs() if not re.search(rf"\b{re.escape(name)}\b", text)] == []
    assert [verb for verb in COMMANDS if not re.search(rf"[`\n]{verb}\b", text)] == []


def test_every_module_and_target_that_is_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in [*PAGES, *PAPERS]:
        for module in re.findall(r"python3? -m ([a-z_][\w.]*)", page.text):
            assert module == "venv" or importlib.util.find_spec(module), (page.name, module)
        for target in re.findall(r"`make ([a-z-]+)", page.text):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (page.name, target)


def test_every_subject_in_a_table_is_one_that_we_write() -> None:
    renderer = Renderer([shipped("templates")], LIST)
    ours = [renderer.render(name, values).subject for name, values in letters(renderer)]
    named = [
        (page.name, subject)
        for page in PAGES
        for table in re.findall(r"^\| Subject \|.*\n(?:\|.*\n)+", page.text, re.MULTILINE)
        for row in table.splitlines()[2:]
        for subject in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]
    assert len(named) > 10
    for page_name, subject in named:
        start = re.split(r"…|\.xa|A-\d|R-\d| in 30 days| \(ACK", subject)[0]
        assert any(one.startswith(start) for one in ours), (page_name, subject)


@pytest.mark.skipif(not THUNDERBIRD.exists(), reason="Thunderbird is not installed")
def test_thunderbird_has_the_buttons_that_the_first_mail_names() -> None:
    section = Page(DOCS / "members/first-mail.md").text.partition("### Thunderbird")[2].partition("\n###")[0]
    named = {" ".join(one.split()) for one in re.findall(r"\*([^*]+)\*", section)}
    assert len(named) > 5
    with zipfile.ZipFile(THUNDERBIRD) as archive:
        words = "\n".join(
            archive.read(name).decode("utf-8", errors="replace")
            for name in archive.namelist()
            if "en-US" in name and name.endswith((".ftl", ".dtd", ".properties"))
        )
    assert {one for one in named if one not in words} == set()


# --- the manual pages


def test_the_manual_pages_are_what_the_program_says_of_itself() -> None:
    for name, text in make_man.pages().items():
        assert (make_man.FOLDER / name).read_text(encoding="utf-8") == text, "run python -m docs.make_man"


@pytest.mark.parametrize("name", sorted(make_man.pages()))
def test_man_and_mandoc_find_nothing_wrong_with_a_manual_page(name: str) -> None:
    file = str(make_man.FOLDER / name)
    for program in (["mandoc", "-Tlint", "-Wwarning", file], ["man", "--warnings", "-l", file]):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
        done = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr, done.stderr
        assert program[0] == "man" or not done.stdout, done.stdout


@pytest.mark.parametrize("words", ["-a", ".TP", "'quote", "back\\slash", "a\n.b"])
def test_no_word_becomes_a_request_to_troff(words: str) -> None:
    for line in make_man.roff(words).splitlines():
        assert not line.startswith((".", "'"))
        assert "\\s" not in line


def test_every_key_of_the_configuration_is_on_its_manual_page() -> None:
    page = make_man.pages()["tldops-bot.toml.5"].replace("\\-", "-")
    for name, table in Config.model_fields.items():
        kinds = (table.annotation, *get_args(table.annotation))
        for key in {key for kind in kinds for key in getattr(kind, "model_fields", {})}:
            assert re.search(rf"^\\fB{key} = ", page, re.MULTILINE), f"[{name}] {key}"


# --- the comparison itself can fail


TOKEN, OTHER = "7F3K-9QWX-2M4T-B8RD", "9QC6-477K-5WRM-KGBE"


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        (["one"], ["two"]),
        (["one"], ["one", "two"]),
        (["one", "two"], ["one", "between", "two"]),
        (["…", "two"], ["one"]),
        ([f"CONFIRM {TOKEN}", f"CONFIRM {TOKEN}"], [f"CONFIRM {TOKEN}", f"CONFIRM {OTHER}"]),
        (["at 12:00 …"], ["on 12:00 o'clock"]),
    ],
)
def test_what_differs_is_found(shown: list[str], came: list[str]) -> None:
    with pytest.raises(Differs):
        Words({}).check(shown, came)


def test_a_token_is_whatever_it_was_the_first_time() -> None:
    words = Words({})
    words.check(["…", f"CONFIRM {TOKEN}", "…"], ["Hello", f"CONFIRM {OTHER}", "bye"])
    assert words.filled_in(f"DECLINE {TOKEN} no") == f"DECLINE {OTHER} no"
    words.check([f"made 2026-11-21 12:15 UTC, {TOKEN}"], [f"made 2027-01-01 01:02 UTC, {OTHER}"])
