"""One incoming mail, from its octets to what it changed and how it is answered."""

from tldops_bot.intake.case import Surroundings
from tldops_bot.intake.steps import Handled, Intake

__all__ = ["Handled", "Intake", "Surroundings"]
