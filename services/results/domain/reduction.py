"""Events of a simulation as rows: rules pick events of a kind, and say which of their fields become columns.

Rules are data, never code: a column is a field of the event, changed by named functions and a table of replacements.
Each event that fits a rule gives one row; a row lacks the columns of the other rules. Rows stand in the order of
agent, round and event.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from libs.contracts.errors import InvalidError
from libs.contracts.tools import ColumnSpec, ReductionRule, Scalar
from services.results.domain.records import Study, Turn

Cell = str | int | float | bool | list[str] | None
Event = Mapping[str, object]
OF_EVERY_EVENT = (
    "kind",
    "content",
    "agent_id",
    "name",
    "segment",
    "arm",
    "timeline_id",
    "step_id",
    "round",
    "turn_id",
    "status",
    "confidence",
    "sentiment",
    "model",
    "at",
)
OF_SOME = ("source", "channel", "timing", "target", "tool", "metric")
DEEDS = ("think", "talk", "reach_out", "recall")
NESTED = ("profile", "answers")
FIELDS = (*OF_EVERY_EVENT, *OF_SOME, "profile.<attribute>", "answers.<metric>")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s")


class Reduction:
    """The rules of one request, checked. Raises `InvalidError` for a field that no event has."""

    def __init__(self, rules: Sequence[ReductionRule]) -> None:
        self._rules = rules
        for place, rule in enumerate(rules):
            for name, column in rule.columns.items():
                spec = column if isinstance(column, ColumnSpec) else ColumnSpec(field=column)
                _check(spec.field, f"rules.{place}.columns.{name}")
            for field in rule.where:
                _check(field, f"rules.{place}.where.{field}")
        self.columns: list[str] = list(dict.fromkeys(name for rule in rules for name in rule.columns))

    def rows(self, study: Study, turns: Sequence[Turn]) -> Iterator[list[Cell]]:
        """The rows of some turns that are in order, with a cell for every column."""
        for turn in turns:
            for event in events_of(study, turn):
                for rule in self._rules:
                    if rule.kind == event["kind"] and _fits(rule, event):
                        cells = {name: _cell(column, event) for name, column in rule.columns.items()}
                        yield [cells.get(name) for name in self.columns]


def events_of(study: Study, turn: Turn) -> Iterator[Event]:
    """What happened in a turn, in order: what was met, thought, said and done, each answer, or the failure."""
    shared: dict[str, object] = {name: getattr(turn, name, None) for name in OF_EVERY_EVENT}
    shared |= dict.fromkeys(OF_SOME)
    shared |= {"at": turn.responded_at.isoformat(), "profile": turn.demographic_profile, "answers": turn.answers}
    stimulus = study.stimulus(turn)
    if stimulus is not None:
        met = {"channel": stimulus.channel, "timing": stimulus.timing, "source": stimulus.source}
        yield {**shared, "kind": "stimulus", "content": stimulus.content, **met}
    if not turn.is_answered:
        yield {**shared, "kind": "failure", "content": turn.failure}
        return
    for kind, content, more in _deeds(turn):
        yield {**shared, "kind": kind, "content": content, **more}
    for metric, answer in turn.answers.items():
        yield {**shared, "kind": "answer", "content": answer, "metric": metric}


def _deeds(turn: Turn) -> Iterator[tuple[str, str, dict[str, object]]]:
    """What the agent did: kind, content, and whom it was directed at or which tool was used."""
    if turn.actions is None:
        for kind, content in (("think", turn.reasoning), ("talk", turn.response)):
            if content:
                yield kind, content, {"target": None}
        return
    for action in turn.actions:
        kind, content = str(action["type"]).lower(), action["content"] or ""
        is_tool = kind not in DEEDS
        yield "tool" if is_tool else kind, content, {"target": action["target"], "tool": kind if is_tool else None}


def _check(field: str, where: str) -> None:
    head, dot, rest = field.partition(".")
    if (dot and head in NESTED and rest) or field in FIELDS:
        return
    raise InvalidError(where, f"no event has a field {field!r}", FIELDS)


def _fits(rule: ReductionRule, event: Event) -> bool:
    for field, wanted in rule.where.items():
        value = _of(event, field)
        choices = wanted if isinstance(wanted, list) else [wanted]
        if not any(
            (type(value) is type(choice) and value == choice) or _same_number(value, choice) for choice in choices
        ):
            return False
    return True


def _same_number(value: object, choice: Scalar) -> bool:
    numbers = [isinstance(one, int | float) and not isinstance(one, bool) for one in (value, choice)]
    return all(numbers) and value == choice


def _cell(column: str | ColumnSpec, event: Event) -> Cell:
    if isinstance(column, str):
        return _plain(_of(event, column))
    value = _plain(_of(event, column.field))
    for name in column.apply:
        value = None if value is None else FUNCTIONS[name](value)
    label = _text(value) if value is not None else None
    if label is not None and label in column.values:
        return column.values[label]
    return column.default if value is None else value


def _of(event: Event, field: str) -> object:
    head, _, rest = field.partition(".")
    value = event.get(head)
    return value.get(rest) if head in NESTED and isinstance(value, Mapping) else value


def _plain(value: object) -> Cell:
    if isinstance(value, tuple | list):
        return [str(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


def _text(value: Cell) -> str:
    if isinstance(value, list):
        return " > ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: Cell) -> Cell:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    found = re.search(r"-?\d{1,15}(?:\.\d{1,15})?", _text(value))
    return float(found[0]) if found else None


FUNCTIONS: dict[str, Callable[[Cell], Cell]] = {
    "text": _text,
    "number": _number,
    "length": lambda value: len(value) if isinstance(value, list) else len(_text(value)),
    "words": lambda value: len(_text(value).split()),
    "lower": lambda value: _text(value).lower(),
    "first_sentence": lambda value: _SENTENCE_END.split(_text(value), maxsplit=1)[0],
}
"""What `apply` may name."""
