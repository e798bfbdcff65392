"""Fitting what a model wrote to the JSON Schema that was asked for.

Form is forgiven ("7", "Yes", an option in another case, an object given as a list of names), substance is not: a value
off the enumeration or a missing property is a problem that names its place. Properties that the schema does not know
are kept: a tolerant reader may find in them what it looks for. `libs.minds.values` says which values are the same.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.base import JsonObject
from libs.minds.schema import EACH_ONCE
from libs.minds.text import shown
from libs.minds.values import by_name, loose, number_of, spelled, truth_of

MAX_DEPTH = 32
MAX_STEPS = 20_000
"""A recursive schema with alternatives could be walked for ever."""
MAX_PROBLEMS = 8
_NOTHING = frozenset({"", "null", "none", "n/a"})
_NO_OPTION = object()


@dataclass(frozen=True, slots=True)
class Fit:
    """A value made to fit, and what still does not."""

    value: object
    problems: tuple[str, ...]


def fit(value: object, schema: JsonObject) -> Fit:
    """The value as the schema wants it, also when something is wrapped around it. Never raises."""
    try:
        return _nearest(value, schema)
    except RecursionError:
        return Fit(value, ("the reply is nested too deeply",))


def _nearest(value: object, schema: JsonObject) -> Fit:
    best = _fit(value, schema)
    for inner in _inside(value, schema) if best.problems else ():
        found = _fit(inner, schema)
        if len(found.problems) < len(best.problems):
            best = found
    return best


def _fit(value: object, schema: JsonObject) -> Fit:
    fitter = _Fitter(schema, [MAX_STEPS])
    fitted = fitter.fit(value, schema, "", 0)
    return Fit(fitted, tuple(fitter.problems[:MAX_PROBLEMS]))


def _inside(value: object, schema: JsonObject, depth: int = 0) -> Iterator[object]:
    """What may be meant by a wrapper: the sole item of a list, the arguments of a call, the object in an object."""
    if isinstance(value, list) and len(value) == 1:
        yield value[0]
    if isinstance(value, dict):
        known = schema.get("properties")
        for name, inner in list(value.items())[:MAX_PROBLEMS]:
            inner = _parsed(inner)
            if isinstance(inner, dict) and not (isinstance(known, dict) and name in known):
                yield inner
                if depth == 0:
                    yield from _inside(inner, schema, depth + 1)


class _Fitter:
    """One walk through a value and its schema; `steps` is what is left of them for all walks together."""

    def __init__(self, root: JsonObject, steps: list[int]) -> None:
        self._root = root
        self._steps = steps
        self.problems: list[str] = []

    def fit(self, value: object, schema: object, at: str, depth: int) -> object:
        """The value at a place; problems are noted."""
        self._steps[0] -= 1
        if not isinstance(schema, dict):
            return value
        if depth > MAX_DEPTH or self._steps[0] < 0:
            return self._problem(at, "is nested too deeply", value)
        if "$ref" in schema:
            return self.fit(value, self._target(schema["$ref"]), at, depth + 1)
        for branches in (schema.get("anyOf"), schema.get("oneOf")):
            if isinstance(branches, list) and branches:
                return self._any_of(value, branches, at, depth)
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            value = self.fit(value, part, at, depth + 1)
        if isinstance(options := schema.get("enum"), list):
            return self._option(value, options, at)
        if "const" in schema:
            return self._option(value, [schema["const"]], at)
        return self._typed(value, schema, at, depth)

    def _typed(self, value: object, schema: Mapping[str, object], at: str, depth: int) -> object:
        kind = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kind, list):
            return self._any_of(value, [{**schema, "type": one} for one in kind], at, depth)
        match kind:
            case "object":
                return self._object(value, schema, at, depth)
            case "array":
                return self._array(value, schema, at, depth)
            case "boolean":
                truth = truth_of(value)
                return self._problem(at, "is neither true nor false", value) if truth is None else truth
            case "integer" | "number":
                return self._number(value, schema, at, is_whole=kind == "integer")
            case "string":
                return self._text(value, at)
            case "null":
                return None if _is_nothing(value) else self._problem(at, "is not null", value)
        return value

    def _any_of(self, value: object, branches: Sequence[object], at: str, depth: int) -> object:
        """The branch that takes the value as it is, else the first that it can be made to fit, else the nearest."""
        best: tuple[object, list[str]] | None = None
        for branch in branches:
            attempt = _Fitter(self._root, self._steps)
            fitted = attempt.fit(value, branch, at, depth + 1)
            if not attempt.problems and _is_same(fitted, value):
                return fitted
            if best is None or len(attempt.problems) < len(best[1]):
                best = fitted, attempt.problems
        fitted, problems = best or (value, [])
        self.problems += problems
        return fitted

    def _object(self, value: object, schema: Mapping[str, object], at: str, depth: int) -> object:
        known = _properties(schema)
        given = _mapping(value, known)
        if given is None:
            return self._problem(at, "is not an object", value)
        loosely = {loose(name): name for name in given if name not in known}
        required = schema.get("required")
        fitted: dict[str, object] = {}
        for name, part in known.items():
            place = f"{at}.{name}" if at else name
            source = name if name in given else loosely.get(loose(name))
            if source is not None:
                fitted[name] = self.fit(given.pop(source), part, place, depth + 1)
            elif (lifted := self._lifted(given, part, known)) is not None:
                fitted[name] = self.fit(lifted, part, place, depth + 1)
            elif isinstance(part, dict) and "default" in part:
                fitted[name] = part["default"]
            elif isinstance(required, list) and name in required:
                fitted[name] = self._absent(part, place)
        return fitted | given

    def _absent(self, part: object, at: str) -> object:
        """A required property that was not given: null where the schema takes that, else a problem."""
        attempt = _Fitter(self._root, self._steps)
        if attempt.fit(None, part, at, 0) is not None or attempt.problems:
            self.problems.append(f"{at}: is missing")
        return None

    def _lifted(self, given: dict[str, object], part: object, known: Mapping[str, object]) -> dict[str, object] | None:
        """Take an object whose properties were written beside it instead of in it."""
        if isinstance(part, dict) and "$ref" in part:
            part = self._target(part["$ref"])
        inner = _properties(part) if isinstance(part, dict) else {}
        wanted = {loose(name): name for name in inner if name not in known}
        found = [name for name in given if loose(name) in wanted]
        return {wanted[loose(name)]: given.pop(name) for name in found} or None

    def _array(self, value: object, schema: Mapping[str, object], at: str, depth: int) -> object:
        items = _parsed(value)
        if isinstance(items, str) and ">" in items:  # a ranking in one line
            items = [item.strip() for item in items.split(">")]
        elif items is not None and not isinstance(items, list):
            items = [items]
        if not isinstance(items, list):
            return self._problem(at, "is not a list", value)
        known = len(self.problems)
        fitted = [self.fit(item, schema.get("items"), f"{at}[{place}]", depth + 1) for place, item in enumerate(items)]
        if schema.get("description") == EACH_ONCE and len(self.problems) == known:
            self._check_each_once(fitted, schema.get("items"), at)
        return fitted

    def _check_each_once(self, items: list[object], of: object, at: str) -> None:
        """A ranking is told by its description: what else would say so some servers refuse."""
        options = of.get("enum") if isinstance(of, dict) else None
        if isinstance(options, list) and sorted(map(str, items)) != sorted(map(str, options)):
            allowed = ", ".join(shown(option) for option in options[:MAX_DEPTH])
            self.problems.append(f"{at or 'the reply'}: does not hold each of {allowed} once")

    def _number(self, value: object, schema: Mapping[str, object], at: str, *, is_whole: bool) -> object:
        lowest, highest = number_of(schema.get("minimum"), None), number_of(schema.get("maximum"), None)
        number = number_of(value, highest)
        if number is None or (is_whole and not number.is_integer()):
            return self._problem(at, f"is not a {'whole ' if is_whole else ''}number", value)
        if (lowest is not None and number < lowest) or (highest is not None and number > highest):
            return self._problem(at, "is off its scale", value)
        if isinstance(value, str) or is_whole:
            return int(number) if number.is_integer() else number
        return value

    def _option(self, value: object, options: Sequence[object], at: str) -> object:
        option = _meant(value, options)
        if option is _NO_OPTION:
            allowed = ", ".join(shown(option) for option in options[:MAX_DEPTH])
            return self._problem(at, f"is not one of {allowed}", value)
        return option

    def _text(self, value: object, at: str) -> object:
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return str(value)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        return self._problem(at, "is not a text", value)

    def _target(self, reference: object) -> object:
        """What a `$ref` within the document stands for; anything goes for one that leads nowhere."""
        found: object = self._root
        for step in str(reference).removeprefix("#").split("/"):
            if step:
                found = found.get(step) if isinstance(found, dict) else None
        return found

    def _problem(self, at: str, what: str, value: object) -> object:
        self.problems.append(f"{at or 'the reply'}: {_shown(value)} {what}")
        return value


def _shown(value: object) -> str:
    """A value in a problem; of a large one only its kind."""
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else shown(value)


def _properties(schema: Mapping[str, object]) -> Mapping[str, object]:
    known = schema.get("properties")
    return known if isinstance(known, dict) else {}


def _mapping(value: object, known: Mapping[str, object]) -> dict[str, object] | None:
    """An object, also one that was given as JSON in a text, as a list of names and values, or alone in a list."""
    value = _parsed(value)
    if isinstance(value, list):
        named = by_name(value)
        wanted = {loose(name) for name in known}
        if named and all(loose(name) in wanted for name in named):
            value = named
        elif len(value) == 1:
            value = value[0]
    return {str(name): inner for name, inner in value.items()} if isinstance(value, dict) else None


def _parsed(value: object) -> object:
    """The list or object that a text holds as JSON; anything else as it is."""
    if isinstance(value, str) and value.strip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _meant(value: object, options: Sequence[object]) -> object:
    """The option that a value stands for."""
    texts = [option for option in options if isinstance(option, str)]
    if (found := spelled(texts, value)) is not None:
        return found
    if isinstance(value, str):
        alike = [option for option in texts if loose(option) == loose(value) != ""]
        if len(alike) == 1:
            return alike[0]
    numbers = [float(option) for option in options if isinstance(option, int | float) and not isinstance(option, bool)]
    number = number_of(value, max(numbers, default=None))
    return next((option for option in options if _stands_for(value, number, option)), _NO_OPTION)


def _stands_for(value: object, number: float | None, option: object) -> bool:
    if isinstance(option, bool):
        return truth_of(value) is option
    if isinstance(option, int | float):
        return number == option
    return _is_same(option, value) or (option is None and _is_nothing(value))


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().casefold() in _NOTHING)


def _is_same(first: object, second: object) -> bool:
    """Equal, where true is not 1."""
    return isinstance(first, bool) == isinstance(second, bool) and first == second
