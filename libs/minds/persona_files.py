"""Files of people in TinyTroupe's shapes: `.agent.json` (a person) and `.fragment.json` (a piece of persona).

Fields we do not know are kept wherever they stand, so a file that is read and written again says the same, key for key
and number for number. Strict is only what everything else rests on: the persona is an object with a name and an age,
and it is small enough. `rehearsal` is our own field, which TinyTroupe passes over: what a persona alone
does not say (segment, attributes, numeric traits) of people that were drawn here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from libs.contracts.base import JsonObject
from libs.minds.blocks import canonical
from libs.minds.json_documents import DocumentError, check
from libs.minds.text import shown

AGENT_SUFFIX, FRAGMENT_SUFFIX = ".agent.json", ".fragment.json"
MAX_PERSONA = 32_768
"""Characters of a persona as compact JSON: it travels with every news of the person. TinyTroupe's have about 6,000."""
MAX_FILE = 262_144
"""Bytes of a file: it may hold memories and faculties, which are kept and not used."""
MAX_NAME = 120
OLDEST = 130
OWN = "rehearsal"


@dataclass(frozen=True, slots=True)
class AgentFile:
    """A person's file: `envelope` is the document with null in the place of its persona."""

    envelope: JsonObject
    persona: JsonObject
    name: str
    age: int
    own: JsonObject
    """What our own field says; empty in a file from elsewhere."""

    def document(self) -> JsonObject:
        """The file as it was read."""
        return whole(self.envelope, self.persona)


@dataclass(frozen=True, slots=True)
class FragmentFile:
    """A fragment's file; `traits`, a field of ours, says how it moves numeric traits."""

    document: JsonObject
    persona: JsonObject
    traits: dict[str, float]


def whole(envelope: JsonObject, persona: JsonObject) -> JsonObject:
    """The document of a file, its persona where it stood."""
    return {**envelope, "persona": persona}


def new_envelope() -> JsonObject:
    """The envelope of a person that came from no file."""
    return {"type": "TinyPerson", "persona": None}


def read_agent(document: object, path: str = "") -> AgentFile:
    """A person. Raises `DocumentError` naming the place, which begins with `path`."""
    found = _file(document, path)
    kind = found.get("type", found.get("json_serializable_class_name", "TinyPerson"))
    if kind != "TinyPerson":
        raise DocumentError(_at(path, "type"), f"is {shown(kind)}, not 'TinyPerson'")
    persona, place = _persona(found, path), _at(path, "persona")
    check_size(persona, place)
    name = persona.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise DocumentError(_at(place, "name"), f"is {shown(name)}; needed is a text of 1 to {MAX_NAME} characters")
    own = found.get(OWN, {})
    if not isinstance(own, dict):
        raise DocumentError(_at(path, OWN), "is not an object")
    envelope = {key: None if key == "persona" else value for key, value in found.items()}
    return AgentFile(envelope, persona, name.strip(), _age(persona, _at(place, "age")), own)


def read_fragment(document: object, path: str = "", known_traits: Mapping[str, object] | None = None) -> FragmentFile:
    """A fragment; its `traits` must be among `known_traits` when these are given. Raises `DocumentError`."""
    found = _file(document, path)
    kind = found.get("type")
    if kind != "Fragment":
        raise DocumentError(_at(path, "type"), f"is {shown(kind)}, not 'Fragment'")
    persona = _persona(found, path)
    if not persona:
        raise DocumentError(_at(path, "persona"), "is empty")
    check_size(persona, _at(path, "persona"))
    traits = read_traits(found.get("traits", {}), _at(path, "traits"), known_traits)
    return FragmentFile(found, persona, traits)


def read_traits(value: object, path: str, known: Mapping[str, object] | None = None) -> dict[str, float]:
    """Numbers from -1 to 1 by trait. Raises `DocumentError`."""
    if not isinstance(value, dict):
        raise DocumentError(path, "is not an object of numbers by trait")
    traits: dict[str, float] = {}
    for name, number in value.items():
        if known is not None and name not in known:
            raise DocumentError(_at(path, name), f"is no known trait; known are {', '.join(known)}")
        if isinstance(number, bool) or not isinstance(number, int | float) or not -1 <= number <= 1:
            raise DocumentError(_at(path, name), f"is {shown(number)}; needed is a number from -1 to 1")
        traits[name] = float(number)
    return traits


def check_size(persona: JsonObject, path: str) -> None:
    """Raises `DocumentError` for a persona that is too large."""
    if len(canonical(persona)) > MAX_PERSONA:
        raise DocumentError(path, f"is larger than {MAX_PERSONA:,} characters of JSON")


def _file(document: object, path: str) -> JsonObject:
    if not isinstance(document, dict):
        raise DocumentError(path, "is not a JSON object")
    check(document, path)
    if len(canonical(document)) > MAX_FILE:
        raise DocumentError(path, f"is larger than {MAX_FILE:,} characters of JSON")
    return document


def _persona(document: JsonObject, path: str) -> JsonObject:
    persona = document.get("persona")
    if not isinstance(persona, dict):
        raise DocumentError(_at(path, "persona"), "is missing" if persona is None else "is not an object")
    return cast(JsonObject, persona)


def _age(persona: JsonObject, path: str) -> int:
    """Whole years; a number in quotes is one too."""
    value = persona.get("age")
    try:
        number = math.nan if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (0 <= number <= OLDEST and number.is_integer()):
        raise DocumentError(path, f"is {shown(value)}; needed are whole years from 0 to {OLDEST}")
    return int(number)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
