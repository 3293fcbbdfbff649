"""The configuration file: what may stand in it, and how it is read."""

from tldops_bot.config.load import ConfigProblem, find_config, load_config
from tldops_bot.config.settings import Config

__all__ = ["Config", "ConfigProblem", "find_config", "load_config"]
