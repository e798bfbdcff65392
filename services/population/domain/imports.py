"""People from files: each document becomes a person of the population, in the order given, and is kept whole.

Nothing is invented: attributes and traits are those that the persona states in so many words or numbers (its sentences
are left for the model to read). A file that this platform wrote says the rest in its `rehearsal` field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.contracts.ids import agent_id
from libs.contracts.people import Agent
from libs.contracts.specs import ImportSpec, PopulationSpec, SegmentSpec
from libs.minds.big_five import big_five
from libs.minds.json_documents import DocumentError
from libs.minds.persona_files import OWN, AgentFile, new_envelope, read_agent, read_traits, whole
from libs.minds.text import plain, shown

IMPORTED = "imported"
"""The demographic base of people who were not drawn."""
ATTRIBUTES = (
    "gender",
    "nationality",
    "country",
    "region",
    "residence",
    "area_type",
    "education",
    "employment",
    "income",
    "income_band",
    "marital_status",
    "children",
    "household_size",
    "home_tenure",
)
"""Fields of a persona that are attributes when they hold a text or a number."""
BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"), (75, "65-74"))
LAST_BAND = "75+"
MAX_VALUE = 120
MAX_ATTRIBUTES = 60
HEAVIEST = 1_000_000
Profile = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Person:
    """An agent, and the envelope of the file they came from; None for somebody who was drawn."""

    agent: Agent
    envelope: JsonObject | None

    def document(self) -> JsonObject:
        """The `.agent.json` document: as it was imported, with what it does not say once it was drawn or changed."""
        envelope, agent = self.envelope, self.agent
        if envelope is None or agent.version is not None:
            stated: JsonObject = agent.model_dump(include={"segment", "demographic_profile", "traits"})
            own = stated if agent.weight is None else {**stated, "weight": agent.weight}
            envelope = {**(envelope or new_envelope()), OWN: own}
        return whole(envelope, agent.persona)


def read_people(spec: ImportSpec, known_traits: Mapping[str, object]) -> tuple[PopulationSpec, list[Person]]:
    """The people of an import, and the specification of their population. Raises `InvalidError` naming the place."""
    people: list[Person] = []
    try:
        for path, segment, document in _documents(spec):
            people.append(_person(len(people) + 1, path, segment, read_agent(document, path), known_traits))
    except DocumentError as error:
        raise InvalidError(error.path, error.reason) from None
    sizes: dict[str, int] = {}
    for person in people:
        if (name := person.agent.segment) is not None:
            sizes[name] = sizes.get(name, 0) + 1
    segments = [SegmentSpec(name=name, size=size) for name, size in sizes.items()]
    return PopulationSpec(name=spec.name, demographic_base=IMPORTED, size=len(people), segments=segments), people


def _documents(spec: ImportSpec) -> Iterator[tuple[str, str | None, object]]:
    """(path, segment, document) of everybody; the unsegmented last, as where people are drawn."""
    for place, segment in enumerate(spec.segments):
        for number, document in enumerate(segment.agents):
            yield f"segments.{place}.agents.{number}", segment.name, document
    for number, document in enumerate(spec.agents):
        yield f"agents.{number}", None, document


def _person(index: int, path: str, segment: str | None, file: AgentFile, known: Mapping[str, object]) -> Person:
    own, place = file.own, f"{path}.{OWN}"
    agent = Agent(
        agent_id=agent_id(index),
        index=index,
        name=file.name,
        age=file.age,
        segment=segment or _segment(own.get("segment"), f"{place}.segment"),
        demographic_profile=_profile(own, file, place),
        traits=_stated(file.persona, known) | read_traits(own.get("traits", {}), f"{place}.traits", known),
        persona=file.persona,
        weight=_weight(own.get("weight"), f"{place}.weight"),
    )
    return Person(agent, file.envelope)


def _weight(value: object, path: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= HEAVIEST:
        raise DocumentError(path, f"is {shown(value)}; needed is a number above 0 and up to {HEAVIEST:,}, or null")
    return float(value)


def _segment(name: object, path: str) -> str | None:
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_VALUE:
        raise DocumentError(path, f"is {shown(name)}; needed is a text of 1 to {MAX_VALUE} characters, or null")
    return name.strip()


def _profile(own: JsonObject, file: AgentFile, place: str) -> Profile:
    if "demographic_profile" not in own:
        return attributes(file.persona, file.age)
    given, path = own["demographic_profile"], f"{place}.demographic_profile"
    if not isinstance(given, dict) or len(given) > MAX_ATTRIBUTES:
        raise DocumentError(path, f"is not an object of at most {MAX_ATTRIBUTES} attributes")
    for name, value in given.items():
        if _attribute(value) != value or len(name) > MAX_VALUE:
            raise DocumentError(f"{path}.{name}", f"is {shown(value)}, not a number or a text of 1 to {MAX_VALUE}")
    return cast(Profile, given)


def attributes(persona: JsonObject, age: int) -> Profile:
    """What a persona states of somebody: age, gender, where they live, what they do; texts by their beginning."""
    band = next((name for end, name in BANDS if age < end), LAST_BAND)
    profile: Profile = {"age": age, "age_band": band}
    stated = {name: _attribute(persona.get(name)) for name in ATTRIBUTES}
    occupation = persona.get("occupation")
    stated["occupation"] = _attribute(occupation.get("title") if isinstance(occupation, dict) else occupation)
    profile |= {name: value for name, value in stated.items() if value is not None}
    if isinstance(gender := profile.get("gender"), str):
        profile["gender"] = gender.lower()
    return profile


def _attribute(value: Any) -> str | int | float | None:
    if isinstance(value, str):
        return plain(value, MAX_VALUE) or None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _stated(persona: JsonObject, known: Mapping[str, object]) -> dict[str, float]:
    """Numeric traits: the Big Five as stated, and numbers from -1 to 1 under names we know in `traits`."""
    found, given = big_five(persona), persona.get("traits")
    for name, value in given.items() if isinstance(given, dict) else ():
        if name in known and isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1:
            found[name] = float(value)
    return {name: round(value, 3) for name, value in found.items()}
