"""The tools there are, those a step lets its agents use, and the use of them in a turn.

A tool of somebody's own is checked when it is registered, with errors that name it, and held to limits when it is used:
one that fails costs its own outcome, never the turn.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.people import Agent
from libs.minds.artefacts import MAX_CONTENT, MAX_NAME, Artefact, artefact_id
from libs.minds.schema import ACTION_TYPES
from libs.minds.text import MAX_TEXT, plain
from libs.minds.tools.calendar import Calendar
from libs.minds.tools.tool import Made, Outcome, Situation, Tool, ToolAction
from libs.minds.tools.word_processor import WordProcessor
from libs.minds.turn import Action, Turn

BUILT_IN: tuple[Tool, ...] = (WordProcessor(), Calendar())
MAX_INSTRUCTION = 2_000
MOST_MADE = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TYPE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
_FORMATS = ("markdown", "json", "text")
HEADING = """

# Tools
The person may use these tools, when it is like them to, by further actions between THINK and DONE. What a tool \
answers stands in the `heard` block of the next turn, `from` the tool."""


@dataclass(frozen=True, slots=True)
class Used:
    """A use of a tool, by the place of its action in the turn."""

    action: int
    tool: str
    artefacts: tuple[Artefact, ...]
    feedback: str


class Toolbox:
    """Tools that may be used in a step."""

    def __init__(self, tools: Sequence[Tool] = ()) -> None:
        self.tools = tuple(tools)
        self._by_type = {action.type: tool for tool in tools for action in tool.actions}
        self.action_types: Mapping[str, int] = {
            action.type: action.longest for tool in tools for action in tool.actions
        }
        """The types of action they add, each with the most its content may hold."""

    def instruction(self, now: datetime | None = None) -> str:
        """What a model is told, after the other rules; "" when there are no tools."""
        if not self.tools:
            return ""
        lines = [HEADING + (f" It is {now:%A, %Y-%m-%d, %H:%M}." if now else "")]
        for tool in self.tools:
            lines.append(f"- {tool.name}: {tool.instruction}")
            lines += [f"  {action.type} {action.instruction}." for action in tool.actions]
        return "\n".join(lines)

    def use(
        self, turn: Turn, turn_id: str, agent: Agent, at: datetime | None, before: Sequence[Artefact] = ()
    ) -> list[Used]:
        """Carry out the tool actions of a turn, one after the other; `before` is what the agent had made until then."""
        made = list(before)
        uses: list[Used] = []
        for place, action in enumerate(turn.actions):
            tool = self._by_type.get(action.type)
            if tool is None:
                continue
            situation = Situation(agent, at, tuple(item for item in made if item.tool == tool.name))
            outcome = _carried_out(tool, action, situation)
            artefacts = tuple(
                _artefact(item, artefact_id(turn_id, place, number), tool, agent, at)
                for number, item in enumerate(outcome.made)
            )
            made += artefacts
            uses.append(Used(place, tool.name, artefacts, plain(outcome.feedback, MAX_TEXT)))
        return uses


NO_TOOLS = Toolbox()


class Tools:
    """Every tool there is, by name."""

    def __init__(self, own: Iterable[object] = ()) -> None:
        """Raises `ValueError` naming a tool that is none, or that clashes with another one."""
        self._tools: dict[str, Tool] = {}
        types: dict[str, str] = {}
        for tool in (*BUILT_IN, *own):
            checked = _checked(tool)
            if checked.name in self._tools:
                raise ValueError(f"tool {checked.name!r}: there is one of this name already")
            for action in checked.actions:
                if action.type in types:
                    raise ValueError(f"tool {checked.name!r}: {action.type} is an action of {types[action.type]!r}")
                types[action.type] = checked.name
            self._tools[checked.name] = checked

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._tools)

    def unknown(self, names: Iterable[str] | None) -> list[str]:
        """Those of the names that no tool has."""
        return [name for name in names or () if name not in self._tools]

    def box(self, names: Iterable[str] | None) -> Toolbox:
        """The named tools that there are, in the order of the registry."""
        wanted = set(names or ())
        return Toolbox([tool for name, tool in self._tools.items() if name in wanted]) if wanted else NO_TOOLS


def _checked(tool: object) -> Tool:
    """The tool, once it is sure to be one. Raises `ValueError`."""
    name = getattr(tool, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"tool {tool!r}: its name is {name!r}; needed are small letters, digits and _")
    if not isinstance(tool, Tool) or not callable(tool.use):
        raise ValueError(f"tool {name!r}: needs name, instruction, actions and use (libs.minds.tools.Tool)")
    texts = [("instruction", tool.instruction)]
    if not tool.actions:
        raise ValueError(f"tool {name!r}: has no actions")
    for action in tool.actions:
        if not isinstance(action, ToolAction) or not _TYPE.fullmatch(action.type):
            raise ValueError(f"tool {name!r}: {action!r} is no ToolAction with a type in capitals")
        if action.type in ACTION_TYPES:
            raise ValueError(f"tool {name!r}: {action.type} is an action that everybody has")
        if not 1 <= action.longest <= MAX_CONTENT:
            raise ValueError(f"tool {name!r}: {action.type} may hold 1 to {MAX_CONTENT:,} characters")
        texts.append((action.type, action.instruction))
    for place, text in texts:
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_INSTRUCTION or "[[" in text:
            raise ValueError(
                f"tool {name!r}: {place}: needs a text of at most {MAX_INSTRUCTION:,} characters without [["
            )
    return tool


def _carried_out(tool: Tool, action: Action, situation: Situation) -> Outcome:
    try:
        outcome = tool.use(action, situation)
        _check_outcome(outcome)
    except Exception as error:  # somebody's own code: what it does wrong is told, and the turn stays
        return Outcome(feedback=f"{tool.name} did not work: {type(error).__name__}: {error}")
    return outcome


def _check_outcome(outcome: object) -> None:
    if not isinstance(outcome, Outcome) or not isinstance(outcome.feedback, str):
        raise TypeError("its use gave no Outcome")
    if len(outcome.made) > MOST_MADE:
        raise ValueError(f"it made more than {MOST_MADE} artefacts at once")
    for item in outcome.made:
        if not isinstance(item, Made) or item.format not in _FORMATS or not _NAME.fullmatch(item.type):
            raise TypeError("what it made is no Made with a type in small letters and a known format")
        if len(item.content) > MAX_CONTENT:
            raise ValueError(f"it made an artefact of more than {MAX_CONTENT:,} characters")


def _artefact(item: Made, identity: str, tool: Tool, agent: Agent, at: datetime | None) -> Artefact:
    return Artefact(
        artefact_id=identity,
        tool=tool.name,
        type=item.type,
        name=plain(item.name, MAX_NAME) or item.type,
        format=item.format,
        content=plain(item.content, MAX_CONTENT),
        agent_id=agent.agent_id,
        author=agent.name,
        created_at=at,
    )
