"""One incoming mail, from its octets to what it changed and what is answered."""

from tldops_bot.intake.case import Surroundings
from tldops_bot.intake.steps import Handled, Intake, stuck_notice

__all__ = ["Handled", "Intake", "Surroundings", "stuck_notice"]
