"""Writes the manual pages from what the program says of itself.

python -m docs.make_man       # writes docs/man/*.1, *.5 and *.7

tldops-bot(1) comes from the command line's own help, tldops-bot.toml(5) from config.example.toml, and
tldops-bot-members(7) from the declarations of the mail commands. A test compares them with the files.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from tldops_bot.cli.commands import app
from tldops_bot.commands._all import COMMANDS
from tldops_bot.config.shipped import shipped

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "man"
LIST = "tld-ops@lists.example"
WHO = {
    "anyone": "anybody",
    "contact": "contacts",
    "member": "members",
    "secretariat": "the secretariat and the committee",
    "committee": "the committee",
}
EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Refused or failed; one line on standard error says why."),
    ("2", "Wrong usage."),
)
FILES = (
    (
        "config.toml",
        "The configuration, see tldops-bot.toml(5). It is looked for as --config says, else as "
        "$TLDOPS_CONFIG says, else as ./config.toml, else as /etc/tldops-bot/config.toml.",
    ),
)


def pages() -> dict[str, str]:
    """Every page, by its file name."""
    return {
        "tldops-bot.1": _program(),
        "tldops-bot.toml.5": _configuration(),
        "tldops-bot-members.7": _mail_commands(),
    }


def released() -> str:
    """The day of the newest release, which the pages carry."""
    found = re.search(
        r"^## \[[\d.]+\] - (\S+)", (HERE.parent / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else "unreleased"


# --- roff


def roff(text: str) -> str:
    """Words for troff: nothing in them is a request, and a hyphen stays one that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines())


def _title(name: str, section: int, about: str) -> list[str]:
    return [
        '.\\" Made by python -m docs.make_man: change what it is made from.',
        f'.TH "{name.upper()}" "{section}" "{released()}" "tldops\\-bot" "tldops\\-bot"',
        ".SH NAME",
        f"{roff(name)} \\- {roff(about)}",
    ]


def _item(term: str, text: str) -> list[str]:
    return [".TP", f"\\fB{roff(term)}\\fR", roff(text)]


def _example(lines: list[str]) -> list[str]:
    return [".PP", ".in +4n", ".nf", *(roff(line) for line in lines), ".fi", ".in"]


def _page(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line) + "\n"


# --- tldops-bot(1)


def verbs(command: Any = None, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every verb of the command line with its group, and what the parser knows of it."""
    for word, one in sorted((command or get_command(app)).commands.items()):
        whole = f"{name} {word}".strip()
        if getattr(one, "commands", None):
            yield from verbs(one, whole)
        else:
            yield whole, one


def _program() -> str:
    root = get_command(app)
    lines = _title("tldops-bot", 1, "contact repository and warning list for TLD operators, by signed e-mail")
    lines += [".SH SYNOPSIS", "\\fBtldops\\-bot\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fIVERB\\fR ..."]
    lines += [
        ".SH DESCRIPTION",
        roff(
            "The operator's side of the list. What members, IANA contacts, the secretariat and the committee "
            "do, they do by mail: see tldops-bot-members(7). Addresses and phone numbers are masked unless "
            "--confidential is given, which the committee is told."
        ),
        ".SH OPTIONS",
    ]
    lines += [line for one in root.params for line in _option(one)]
    lines.append(".SH VERBS")
    for name, one in verbs():
        lines += [f".SS {roff(name)}", roff(_sentences(one.help or ""))]
        shown = " ".join(_argument(param) for param in one.params if param.param_type_name == "argument")
        if shown:
            lines += [".PP", f"\\fBtldops\\-bot {roff(name)}\\fR {shown}"]
        lines += [line for param in one.params for line in _option(param)]
    lines.append(".SH EXIT STATUS")
    lines += [line for term, text in EXIT_STATUS for line in _item(term, text)]
    lines.append(".SH FILES")
    lines += [line for term, text in FILES for line in _item(term, text)]
    lines += [".SH SEE ALSO", "tldops\\-bot.toml(5), tldops\\-bot\\-members(7), gpg(1)"]
    return _page(lines)


def _argument(param: Any) -> str:
    name = f"\\fI{roff(str(param.name).upper())}\\fR" + ("..." if param.nargs == -1 else "")
    return name if param.required else f"[{name}]"


def _option(param: Any) -> list[str]:
    text = _sentences(getattr(param, "help", "") or "")
    if param.param_type_name == "argument":
        return _item(str(param.name).upper(), text) if text else []
    if getattr(param, "hidden", False) or "--help" in param.opts or "--install-completion" in param.opts:
        return []
    if "--show-completion" in param.opts:
        return []
    flags = ", ".join(sorted((*param.opts, *param.secondary_opts), key=len))
    value = "" if getattr(param, "is_flag", False) else f" {str(param.name).upper()}"
    return _item(flags + value, text or "See above.")


def _sentences(text: str) -> str:
    return " ".join(text.split())


# --- tldops-bot.toml(5)


def _configuration() -> str:
    lines = _title("tldops-bot.toml", 5, "configuration of tldops-bot")
    lines.append(".SH DESCRIPTION")
    paragraphs = shipped("config.example.toml").read_text(encoding="utf-8").strip().split("\n\n")
    lines.append(roff(_words(paragraphs[0].splitlines())))
    lines += [".PP", roff("A key that is not known is an error, which names the nearest that is.")]
    for paragraph in paragraphs[1:]:
        lines += _table(paragraph.splitlines())
    return _page([*lines, ".SH SEE ALSO", "tldops\\-bot(1)"])


def _words(lines: list[str]) -> str:
    return " ".join(line.lstrip("# ").strip() for line in lines if line.strip())


def _table(lines: list[str]) -> list[str]:
    place = next(number for number, line in enumerate(lines) if re.match(r"\[\w+\]", line))
    head, _, beside = lines[place].partition("#")
    made = [f".SH {roff(head.strip())}", roff(" ".join((_words(lines[:place]), beside.strip())).strip())]
    before: list[str] = []
    for line in lines[place + 1 :]:
        if found := re.match(r"(# )?(\w+ = (?:\"[^\"]*\"|\{.*?\}|\[.*?\]|[^#]*?))\s*(?:#\s*(.*))?$", line):
            text = " ".join(one for one in (_words(before), found[3] or "") if one)
            aside = "Not set; this is an example. " if found[1] else ""
            made += _item(
                found[2].strip(),
                aside + (text[:1].upper() + text[1:] if text else "What its name says."),
            )
            before = []
        elif line.startswith("#"):
            before.append(line)
    return made


# --- tldops-bot-members(7)


def _mail_commands() -> str:
    lines = _title("tldops-bot-members", 7, "what members of the list can send")
    lines += [
        ".SH DESCRIPTION",
        roff(
            f"A mail to the list ({LIST} here) holds one command a line, in plain text, signed with OpenPGP. "
            "The Subject does not matter. Fields (a name, a colon, a value) stand on the lines below their command. "
            "What comes after a line END, or after a line --, is not read. A mail that changes something names the list:"
        ),
        *_example([f"List: {LIST}"]),
        ".PP",
        roff(
            "TEST as the first line tells what a mail would do, and does nothing. A mail is carried out as a whole "
            "or not at all; the answer's Subject begins with SUCCESS, WAITING or FAILED."
        ),
        ".SH COMMANDS",
    ]
    for _, one in sorted(COMMANDS.items()):
        lines.append(f".SS {roff(one.verb)}")
        lines.append(roff(one.summary.replace("`", '"')))
        lines += [f"For {WHO[one.who.value]}."]
        lines += _example(list(one.usage))
        if one.fields:
            lines += [".PP", roff("Fields: " + ", ".join(one.fields) + ".")]
        if one.has_text:
            lines += [".PP", "Below the fields, after a blank line: free text."]
        if one.changes:
            lines += [".PP", "The mail names the list."]
        if one.aliases:
            lines += [".PP", roff("The same: " + ", ".join(one.aliases) + ".")]
    return _page([*lines, ".SH SEE ALSO", "tldops\\-bot(1), gpg(1)"])


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
