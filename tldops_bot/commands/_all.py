"""All mail commands: each module here without a leading underscore declares one of its own name."""

import importlib
import pkgutil

from tldops_bot import commands
from tldops_bot.commands._command import Command
from tldops_bot.domain.request import VerbSpec


class StrayModule(Exception):
    """A file in commands/ does not declare the command it is named after."""


def find_commands() -> dict[str, Command]:
    """All commands by verb. Raises StrayModule."""
    found: dict[str, Command] = {}
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda info: info.name):
        if module.name.startswith("_"):
            continue
        held = importlib.import_module(f"{commands.__name__}.{module.name}")
        declared = [value for value in vars(held).values() if isinstance(value, Command)]
        verb = module.name.replace("_", "-").upper()
        if [one.verb for one in declared] != [verb]:
            raise StrayModule(f"commands/{module.name}.py must declare {verb} and nothing else")
        found[verb] = declared[0]
    return found


COMMANDS = find_commands()
VOCABULARY: dict[str, VerbSpec] = {
    verb: one.spec(verb) for one in COMMANDS.values() for verb in (one.verb, *one.aliases)
}


def command_for(verb: str) -> Command:
    """The command behind a verb or one of its aliases. Raises KeyError."""
    return COMMANDS.get(verb) or next(one for one in COMMANDS.values() if verb in one.aliases)
