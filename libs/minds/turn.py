"""One turn as a model replied it: read tolerantly, checked strictly.

The caller gets a turn whose every answer is valid for its instrument, or a `TurnError` whose reason can be shown.
Stated confidence and sentiment are comments, not outcomes: one that is missing or out of range is unknown (None).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from libs.contracts.instruments import Answer, Instrument
from libs.minds.answers import read_answers
from libs.minds.blocks import canonical
from libs.minds.elicitation import Distribution
from libs.minds.reply import json_of
from libs.minds.schema import ACTION_TYPES
from libs.minds.text import MAX_TEXT, plain

MAX_ACTIONS = 15
MAX_PHRASE = 300
MAX_TARGET = 120
NO_TOOL_TYPES: Mapping[str, int] = MappingProxyType({})


class TurnError(Exception):
    """The reply is no turn; `reason` says why, naming the metric and the value when it is about one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the agent did; `target` is "" when it was directed at nobody."""

    type: str
    content: str
    target: str


@dataclass(frozen=True, slots=True)
class MentalState:
    """What the agent wants, looks at and feels; sentiment about the stimulus in [-1, 1], None when not stated."""

    goals: str
    attention: str
    emotions: str
    sentiment: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One listen-and-act of one agent, with a valid answer (or null, by the funnel) to every instrument asked.

    `distributions` are the probabilities that answers were drawn from. `statements` are answers in words; these answers
    stay null until `libs.minds.ssr.rated` rates them. `unrated` says why it could not rate one, which has no answer.
    """

    actions: tuple[Action, ...]
    mental_state: MentalState
    answers: dict[str, Answer]
    confidence: float | None
    distributions: dict[str, Distribution] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    unrated: dict[str, str] = field(default_factory=dict)

    @property
    def reasoning(self) -> str | None:
        """What the agent thought."""
        return self._text("THINK")

    @property
    def response(self) -> str | None:
        """What the agent said."""
        return self._text("TALK")

    @property
    def sentiment(self) -> float | None:
        """How the agent feels about the stimulus, in [-1, 1]."""
        return self.mental_state.sentiment

    def contents(self, kind: str) -> tuple[str, ...]:
        """The contents of the actions of one type, in order."""
        return tuple(action.content for action in self.actions if action.type == kind and action.content)

    def _text(self, kind: str) -> str | None:
        return plain("\n".join(self.contents(kind)), MAX_TEXT) or None


def read_turn(
    content: str, instruments: tuple[Instrument, ...], place: str, tool_types: Mapping[str, int] = NO_TOOL_TYPES
) -> Turn:
    """The turn in a model's reply; of tools only the actions of these types, with the most they hold, are read.

    `place` (seed, agent, step, round, …) decides the answers that are drawn; turns of one place draw alike. Raises
    `TurnError`.
    """
    try:
        reply = json_of(content)
        answers, distributions, statements = read_answers(reply, instruments, place)
    except ValueError as error:
        raise TurnError(str(error)) from error
    fields = reply if isinstance(reply, Mapping) else {}
    actions = _actions(fields.get("actions"), dict.fromkeys(ACTION_TYPES, MAX_TEXT) | dict(tool_types))
    if not actions and not answers:
        raise TurnError("the reply holds neither an action nor an answer")
    return Turn(
        actions=actions,
        mental_state=_mental_state(fields.get("mental_state")),
        answers=answers,
        confidence=_within(fields.get("confidence"), 0.0, 1.0),
        distributions=distributions,
        statements=statements,
    )


def _actions(value: object, longest: Mapping[str, int]) -> tuple[Action, ...]:
    actions: list[Action] = []
    for item in value if isinstance(value, list) else ():
        if len(actions) == MAX_ACTIONS:
            break
        if not isinstance(item, Mapping):
            continue
        kind = plain(item.get("type"), MAX_TARGET).upper().replace(" ", "_").replace("-", "_")
        if kind in longest:
            content = plain(_text(item.get("content")), longest[kind])
            actions.append(Action(kind, content, plain(item.get("target"), MAX_TARGET)))
    return tuple(actions)


def _text(content: object) -> object:
    """What stands in an action; some models write an object where its JSON is asked for."""
    return canonical(content) if isinstance(content, Mapping | list) and content else content


def _mental_state(value: object) -> MentalState:
    fields = value if isinstance(value, Mapping) else {}
    return MentalState(
        goals=plain(fields.get("goals"), MAX_PHRASE),
        attention=plain(fields.get("attention"), MAX_PHRASE),
        emotions=plain(fields.get("emotions"), MAX_PHRASE),
        sentiment=_within(fields.get("sentiment"), -1.0, 1.0),
    )


def _within(value: object, lowest: float, highest: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if lowest <= number <= highest else None
