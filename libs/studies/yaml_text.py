"""YAML that somebody sent, read within bounds. JSON is read here too where only the lines of its fields are wanted.

Of brackets without end Python's scanner takes the square of their number in time, and libyaml's composer the stack of
the process. Both give events one by one, so what is nested deeper, or has more in it, than anybody writes is refused
by these before anything is made of it.
"""

import re
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import Node

DEEPEST = 60
MOST_VALUES = 50_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where the package has it: ten times as fast
_ESCAPE = re.compile(r"\\(?:\\|u[dD][89a-fA-F][0-9a-fA-F]{2})")


def composed(text: str) -> Node | None:
    """The root of a document, None for an empty one. Raises `yaml.YAMLError`."""
    depth = values = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("it has references (*name), which are not read")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        values += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST or values > MOST_VALUES:
            raise yaml.YAMLError(f"it is nested deeper than {DEEPEST} levels, or has more than {MOST_VALUES:,} values")
    root: Node | None = yaml.compose(text, Loader=LOADER)
    return root


def composed_json(text: str) -> Node | None:
    """The same of JSON that is valid, whose halves of surrogate pairs no YAML has. Raises `yaml.YAMLError`."""
    return composed(_ESCAPE.sub(lambda match: match[0] if match[0] == r"\\" else "?", text))


def constructed(root: Node | None) -> Any:
    """What a document says. Raises `yaml.YAMLError`, also where a tag promises what its value is not (`!!int ""`)."""
    try:
        return None if root is None else SafeConstructor().construct_document(root)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise yaml.YAMLError(f"a value cannot be read: {error}") from None
