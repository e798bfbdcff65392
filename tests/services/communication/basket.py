"""A tool of somebody's own, as it would be installed beside the platform."""

from libs.minds.tools import Made, Outcome, Situation, ToolAction
from libs.minds.turn import Action


class Basket:
    """A shopping basket."""

    name = "basket"
    instruction = "A shopping basket of one's own."
    actions = (ToolAction("ADD_ITEM", "puts the thing named in `content` into it"),)

    def use(self, action: Action, situation: Situation) -> Outcome:
        things = [item.name for item in situation.artefacts] + [action.content]
        return Outcome((Made("item", action.content, action.content),), f"In it: {', '.join(things)}.")


class Broken:
    """Not even a tool."""

    name = "broken"
