"""People as flat records: one value for each column, for tables and back.

Columns are `agent_id`, `name`, `age`, `segment`, `weight`, `demographic_profile.<attribute>`, `traits.<trait>` and
`persona`, which holds JSON. A record that is read becomes an `.agent.json` document, so there is one reader of people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.minds.json_documents import DocumentError, one_line, parse
from libs.minds.persona_files import MAX_FILE, OWN, new_envelope, whole
from libs.minds.text import shown
from services.population.domain.imports import ATTRIBUTES

PROFILE, TRAITS, PERSONA = "demographic_profile.", "traits.", "persona"
FIRST = ("agent_id", "name", "age", "segment", "weight")
ALLOWED = (*FIRST, f"{PROFILE}<attribute>", f"{TRAITS}<trait>", PERSONA)
LONGEST_INTEGER = 2**63
Cell = str | int | float | None


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"


NUMBERED = {"age": Kind.INTEGER, "weight": Kind.NUMBER}
"""Those of the first columns that are no texts."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind


class Layout:
    """The columns that a table of people needs; attributes and traits in the order in which they are met."""

    def __init__(self) -> None:
        self._attributes: dict[str, Kind] = {}
        self._traits: dict[str, None] = {}

    def include(self, profile: Mapping[str, Cell], traits: Iterable[str]) -> None:
        """Somebody who has these."""
        for name, value in profile.items():
            kind = _kind(value)
            known = self._attributes.setdefault(name, kind)
            if known is not kind:
                self._attributes[name] = Kind.TEXT if Kind.TEXT in (known, kind) else Kind.NUMBER
        self._traits.update(dict.fromkeys(traits))

    def columns(self) -> list[Column]:
        """All columns in their order."""
        return [
            *(Column(name, NUMBERED.get(name, Kind.TEXT)) for name in FIRST),
            *(Column(f"{PROFILE}{name}", kind) for name, kind in self._attributes.items()),
            *(Column(f"{TRAITS}{name}", Kind.NUMBER) for name in self._traits),
            Column(PERSONA, Kind.TEXT),
        ]


def _kind(value: Cell) -> Kind:
    if isinstance(value, str):
        return Kind.TEXT
    return Kind.INTEGER if isinstance(value, int) and -LONGEST_INTEGER <= value < LONGEST_INTEGER else Kind.NUMBER


def record_of(agent: Agent, columns: Sequence[Column]) -> list[Cell]:
    """One value for each column, of the column's kind; None where somebody has none."""
    found: dict[str, Cell] = {name: getattr(agent, name) for name in FIRST}
    found |= {f"{PROFILE}{name}": value for name, value in agent.demographic_profile.items()}
    found |= {f"{TRAITS}{name}": value for name, value in agent.traits.items()}
    found[PERSONA] = one_line(agent.persona)
    return [_as(found.get(column.name), column.kind) for column in columns]


def _as(value: Cell, kind: Kind) -> Cell:
    if value is None or isinstance(value, str) or kind is Kind.INTEGER:
        return value
    return float(value) if kind is Kind.NUMBER else str(value)


def check_columns(names: Sequence[str]) -> None:
    """Raises `InvalidError` for a column that says nothing about people, that stands twice, or that is missing."""
    for name in names:
        is_known = name in (*FIRST, PERSONA) or any(
            name.startswith(prefix) and name != prefix for prefix in (PROFILE, TRAITS)
        )
        if not is_known:
            raise InvalidError(name[:100] or "(no name)", "is no column of a table of people", ALLOWED)
        if names.count(name) > 1:
            raise InvalidError(name[:100], "stands more than once among the columns")
    for name in () if PERSONA in names else ("name", "age"):
        if name not in names:
            raise InvalidError(name, "is missing among the columns; needed are name and age, or persona", ALLOWED)


def document_of(record: Mapping[str, object], place: str) -> JsonObject:
    """The `.agent.json` document of a record. Raises `DocumentError` naming the column, with the place before it."""
    profile = _part(record, PROFILE)
    own: JsonObject = {"segment": record.get("segment"), "traits": _part(record, TRAITS)}
    if profile:
        own["demographic_profile"] = profile
    if record.get("weight") is not None:
        own["weight"] = record["weight"]
    persona = _persona(record.get(PERSONA), place)
    if persona is None:
        persona = {"name": record.get("name"), "age": record.get("age")}
        persona |= {name: value for name, value in profile.items() if name in ATTRIBUTES}
        return whole({**new_envelope(), OWN: own}, persona)
    for name in ("name", "age"):
        given, stated = record.get(name), persona.get(name)
        if given is not None and str(given).strip() != str(stated).strip():  # ages in quotes are ages too
            raise DocumentError(f"{place}.{name}", f"is {shown(given)}, but the persona says {shown(stated)}")
    return whole({**new_envelope(), OWN: own}, persona)


def _part(record: Mapping[str, object], prefix: str) -> JsonObject:
    return {
        name.removeprefix(prefix): value
        for name, value in record.items()
        if name.startswith(prefix) and value is not None
    }


def _persona(value: object, place: str) -> JsonObject | None:
    """A persona, or the JSON of one; None where there is none."""
    if value is None:
        return None
    try:
        persona = parse(value, MAX_FILE) if isinstance(value, str) else value
    except DocumentError as error:
        raise DocumentError(f"{place}.{PERSONA}{'.' if error.path else ''}{error.path}", error.reason) from None
    if not isinstance(persona, dict):
        raise DocumentError(f"{place}.{PERSONA}", "is not a JSON object")
    return dict(persona)
