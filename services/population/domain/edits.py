"""Editing one person by a JSON merge patch (RFC 7396) of their persona and traits.

Attributes stay as they were drawn: quotas, margins and weights rest on them. A persona's fields that state an attribute
are protected too, or the person would be told one thing and counted as another.
"""

from collections.abc import Mapping

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.minds.json_documents import DocumentError, check, merge_patch
from libs.minds.persona_files import check_size, read_traits
from services.population.domain.versions import Change

EDITABLE = ("persona", "traits")
STATED = frozenset({"name", "age", "nationality", "residence"})
"""Fields of a persona that say who somebody is and where they live, whatever the attributes are called."""


def edit(agent: Agent, patch: JsonObject, known_traits: Mapping[str, object], version: int) -> Change | None:
    """What a patch makes of somebody; None when it changes nothing. Raises `InvalidError` naming the field."""
    _check(agent, patch)
    persona = merge_patch(agent.persona, patch.get("persona", {}))
    assert isinstance(persona, dict)
    try:
        check(persona, "persona")
        check_size(persona, "persona")
        traits = read_traits(merge_patch(agent.traits, patch.get("traits", {})), "traits", known_traits)
    except DocumentError as error:
        raise InvalidError(error.path, error.reason) from None
    traits = {name: round(value, 3) for name, value in traits.items()}
    if persona == agent.persona and traits == agent.traits:
        return None
    return Change(agent, agent.model_copy(update={"persona": persona, "traits": traits, "version": version}), None)


def _check(agent: Agent, patch: JsonObject) -> None:
    for name, value in patch.items():
        if name not in EDITABLE:
            reason = "is protected" if name in Agent.model_fields else "is not a field of a person"
            raise InvalidError(name, f"{reason}; what can be edited is given", EDITABLE)
        if not isinstance(value, dict):
            raise InvalidError(name, "is not an object: it can be changed, not replaced or taken away")
    for name in patch.get("persona", {}):
        if name in STATED or name in agent.demographic_profile:
            raise InvalidError(f"persona.{name}", "is protected: it states an attribute that the person was drawn with")
