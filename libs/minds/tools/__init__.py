"""Tools of agents: a word processor, a calendar, and whatever somebody adds in the same shape."""

from libs.minds.tools.tool import Made, Outcome, Situation, Tool, ToolAction
from libs.minds.tools.toolbox import NO_TOOLS, Toolbox, Tools, Used

__all__ = ["NO_TOOLS", "Made", "Outcome", "Situation", "Tool", "ToolAction", "Toolbox", "Tools", "Used"]
