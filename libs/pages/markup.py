"""HTML that is safe by construction: text is escaped unless it is `Html`, and only this module makes `Html`.

A persona, a variant or a model's reply can hold anything; nothing else writes an angle bracket.
"""

import html
import re
from dataclasses import dataclass

VOID = frozenset({"meta", "br", "hr"})
# Control characters are no HTML text; bidirectional overrides could make a sentence read backwards.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Html:
    """Finished markup; everything in it is escaped."""

    source: str


Child = Html | str | int | None
Attribute = str | int | float | bool | None
EMPTY = Html("")


def escape(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return html.escape(UNPRINTABLE.sub("\ufffd", text), quote=True)


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element. `class_` is `class`, `_` inside a name is `-`; an attribute that is None or False is left out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{join(*children).source}</{name}>")


def join(*children: Child) -> Html:
    """Children one after another; texts are escaped, None is nothing."""
    return Html("".join(child.source if isinstance(child, Html) else _text(child) for child in children))


def stylesheet(css: str) -> Html:
    """A style element of our own CSS, never built from data."""
    return Html(f"<style>{css}</style>")


def _text(child: str | int | None) -> str:
    return "" if child is None else escape(str(child))


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
