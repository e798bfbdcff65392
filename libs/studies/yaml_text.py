"""YAML that somebody sent, read within bounds. JSON is read here too where only the lines of its fields are wanted.

Of brackets without end Python's scanner takes the square of their number in time, and libyaml's composer the stack of
the process. Both give events one by one, so what is nested deeper, or has more in it, than anybody writes is refused
by these before anything is made of it.

Words mean what YAML 1.2 says (core schema, https://yaml.org/spec/1.2.2/#103-core-schema): `yes` and `off` are words,
010 is ten, 12:30 and 2026-01-01 are text. The library has YAML 1.1, in which they are true, false, 8, 750 and a date.
"""

import re
from typing import Any, ClassVar

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import Node, ScalarNode

DEEPEST = 60
MOST_VALUES = 50_000
LIBRARY: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where the package has it: ten times as fast
_ESCAPE = re.compile(r"\\(?:\\|u[dD][89a-fA-F][0-9a-fA-F]{2})")
_MEANINGS = (
    ("null", r"~|null|Null|NULL", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9][0-9_]*", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+."),
)


class _Loader(LIBRARY):  # type: ignore[misc]  # one of two classes
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


def _decimal(constructor: SafeConstructor, node: ScalarNode) -> int:
    return int(constructor.construct_scalar(node))


class _Constructor(SafeConstructor):
    yaml_constructors: ClassVar[dict[str | None, Any]] = SafeConstructor.yaml_constructors | {
        "tag:yaml.org,2002:int": _decimal
    }


for _tag, _pattern, _first in _MEANINGS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), [*_first])
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("$"), [""])


def composed(text: str) -> Node | None:
    """The root of a document, None for an empty one. Raises `yaml.YAMLError`."""
    depth = values = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("it has references (*name), which are not read")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        values += isinstance(event, yaml.NodeEvent)
        if depth > DEEPEST or values > MOST_VALUES:
            raise yaml.YAMLError(f"it is nested deeper than {DEEPEST} levels, or has more than {MOST_VALUES:,} values")
    root: Node | None = yaml.compose(text, Loader=_Loader)
    return root


def composed_json(text: str) -> Node | None:
    """The same of JSON that is valid, whose halves of surrogate pairs no YAML has. Raises `yaml.YAMLError`."""
    return composed(_ESCAPE.sub(lambda match: match[0] if match[0] == r"\\" else "?", text))


def constructed(root: Node | None) -> Any:
    """What a document says. Raises `yaml.YAMLError`, also where a tag promises what its value is not (`!!int ""`)."""
    try:
        return None if root is None else _Constructor().construct_document(root)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise yaml.YAMLError(f"a value cannot be read: {error}") from None
