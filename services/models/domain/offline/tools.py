"""How the offline model uses tools: it writes when it is asked to, and enters a day that is named.

There is no choice in it and no effect on any answer. It is there so that a platform without a language model shows
what becomes of a document.
"""

import re
from collections.abc import Sequence

from libs.contracts.base import JsonObject
from services.models.domain.offline.schemas import Form, properties_of

_WRITE = re.compile(
    r"\b(?:writ(?:e|ing)|draft|compose|prepare|put together)\b.{0,60}?"
    r"\b(document|report|letter|memo|notes?|plan|list|summary|proposal|review|text)\b",
    re.IGNORECASE | re.DOTALL,
)
_DAY = re.compile(r"\b(\d{4}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d)?)\b")
_MEET = re.compile(r"\b(?:meeting|appointment|calendar|event|invitation|date)\b", re.IGNORECASE)


def use_tools(schema: JsonObject | None, stimulus: object, thought: str, said: str) -> list[JsonObject]:
    """The actions of tools that the schema allows and the stimulus asks for."""
    allowed = _action_types(schema)
    content = stimulus.get("content") if isinstance(stimulus, dict) else None
    asked = content if isinstance(content, str) else ""
    found: list[JsonObject] = []
    if "WRITE_DOCUMENT" in allowed and (match := _WRITE.search(asked)):
        title = f"My {match[1].lower()}"
        text = f"# {title}\n\n{said}\n\n## What I thought\n\n{_as_list(thought)}"
        found.append({"type": "WRITE_DOCUMENT", "content": text, "target": title})
    if "CREATE_EVENT" in allowed and _MEET.search(asked) and (day := _DAY.search(asked)):
        start = f'{{"start": "{day[1]}"}}'
        found.append({"type": "CREATE_EVENT", "content": start, "target": "What I was asked about"})
    return found


def _action_types(schema: JsonObject | None) -> Sequence[object]:
    if schema is None:
        return ()
    form = Form(schema)
    actions = form.resolve(properties_of(schema).get("actions"))
    action = form.resolve(actions.get("items"))
    types = form.resolve(properties_of(action).get("type")).get("enum")
    return types if isinstance(types, list) else ()


def _as_list(thought: str) -> str:
    sentences = [sentence.strip() for sentence in re.split(r"(?<=[.:;])\s+", thought) if sentence.strip()]
    return "\n".join(f"- {sentence}" for sentence in sentences)
