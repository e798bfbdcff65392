"""Tools of one's own: named in the settings, or found as entry points of what is installed beside the platform.

They are code that runs with the service, so only whoever installs it can add one; a request can only name them.
"""

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points

from libs.minds.tools import Tools

GROUP = "rehearsal.tools"


class ToolError(Exception):
    """A tool cannot be loaded; the message names it and says why."""


def load_tools(named: str = "") -> Tools:
    """Every tool: the built-in ones, entry points of the group `rehearsal.tools`, and `module:attribute,…` as named.

    Raises `ToolError`.
    """
    try:
        return Tools([*_installed(), *map(_named, filter(None, map(str.strip, named.split(","))))])
    except ValueError as error:
        raise ToolError(str(error)) from error


def _installed() -> Iterator[object]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            yield _made(entry.load())
        except Exception as error:  # somebody's own code
            raise ToolError(f"tool {entry.value!r} ({GROUP}): {type(error).__name__}: {error}") from error


def _named(reference: str) -> object:
    module, separator, attribute = reference.partition(":")
    if not (module and separator and attribute):
        raise ToolError(f"tool {reference!r}: is written module:attribute")
    try:
        return _made(getattr(import_module(module), attribute))
    except Exception as error:  # somebody's own code
        raise ToolError(f"tool {reference!r}: {type(error).__name__}: {error}") from error


def _made(found: object) -> object:
    """The tool, or what its class makes without arguments."""
    return found() if isinstance(found, type) else found
