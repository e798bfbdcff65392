"""Personas in a model's words: which attributes must stay, whose name is whose, and how it went.

A name is taken when somebody has it in another spelling of case or accents. A model's name that is taken gives way to
the one that was drawn; that one gets an initial when a model gave it to somebody before.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from libs.contracts.base import Data, JsonObject
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from libs.minds.merging import merge
from libs.minds.persona_writing import in_words_of, is_name
from services.population.domain.fragments import Fragment
from services.population.domain.names import name_key

MARRIED, NO_CHILDREN = "married", "none"
REASONS = 5


@dataclass(frozen=True, slots=True)
class Written:
    """One person's reply, or why there is none that can be used."""

    agent: Agent
    reply: JsonObject | None
    is_repaired: bool
    usage: Usage
    failure: str | None = None


class Personas(Data):
    """How writing the personas of a population went so far."""

    model: str
    written: int = 0
    """People in the model's words, those after a repair included."""
    repaired: int = 0
    """Replies that contradicted what was drawn, and were right the second time."""
    composed: int = 0
    """People for whom there was no usable reply: their personas were composed offline."""
    names_replaced: int = 0
    """Names that were somebody else's, or none."""
    near_duplicate_names: int = 0
    """Names one letter away from another one's."""
    reasons: tuple[str, ...] = ()
    """Why personas were composed, the first few."""
    usage: Usage = NO_USAGE


def attributes_of(agent: Agent) -> JsonObject:
    """What was drawn and must stay, as it is shown to a model."""
    persona = agent.persona
    stated = {name: persona[name] for name in ("nationality", "residence", "education")}
    return {**agent.demographic_profile, **stated, "occupation": persona["occupation"]["title"]}


def is_married(agent: Agent) -> bool:
    """Whether a spouse may be spoken of: a late or a former one may."""
    return agent.demographic_profile["marital_status"] != "never married"


def is_parent(agent: Agent) -> bool:
    """Whether children may be spoken of."""
    return agent.demographic_profile["children"] != NO_CHILDREN


def settle(
    written: Sequence[Written], fragments: Mapping[str, Sequence[Fragment]], names: Collection[str], so_far: Personas
) -> tuple[list[Agent], Personas]:
    """The people of a block as they will be, in their order; `names` are the keys of everybody's before them."""
    taken, near = set(names), {variant for name in names for variant in _variants(name)}
    people: list[Agent] = []
    replaced = near_duplicates = 0
    for one in sorted(written, key=lambda one: one.agent.index):
        wanted = one.reply["name"] if one.reply else one.agent.name
        is_free = is_name(wanted) and name_key(wanted) not in taken
        name = wanted if is_free else _free(one.agent.name, taken)
        replaced += one.reply is not None and not is_free
        key = name_key(name)
        near_duplicates += any(variant in near for variant in _variants(key))
        taken.add(key)
        near.update(_variants(key))
        people.append(_named(one, name, fragments.get(one.agent.agent_id, ())))
    usable = [one for one in written if one.reply is not None]
    reasons = dict.fromkeys((*so_far.reasons, *(one.failure for one in written if one.failure)))
    return people, Personas(
        model=so_far.model,
        written=so_far.written + len(usable),
        repaired=so_far.repaired + sum(one.is_repaired for one in usable),
        composed=so_far.composed + len(written) - len(usable),
        names_replaced=so_far.names_replaced + replaced,
        near_duplicate_names=so_far.near_duplicate_names + near_duplicates,
        reasons=tuple(reasons)[:REASONS],
        usage=total_usage([so_far.usage, *(one.usage for one in written)]),
    )


def _named(one: Written, name: str, fragments: Sequence[Fragment]) -> Agent:
    agent = one.agent
    if one.reply is None:
        return agent.model_copy(update={"name": name, "persona": {**agent.persona, "name": name}})
    persona = in_words_of(agent.persona, one.reply, name)
    for fragment in fragments:
        persona = merge(persona, fragment.persona)
    return agent.model_copy(update={"name": name, "persona": persona})


def _free(name: str, taken: Collection[str]) -> str:
    """The drawn name, with as many initials as it takes to be nobody else's."""
    given, _, family = name.rpartition(" ")
    initials = ""
    while True:
        for letter in ("", *(f"{letter}." for letter in ascii_uppercase)):
            found = " ".join(filter(None, (given, initials, letter, family)))
            if name_key(found) not in taken:
                return found
        initials = " ".join(filter(None, (initials, "A.")))


def _variants(key: str) -> Iterator[str]:
    """A name and all with a letter less: two names that share one are at most a letter apart, or nearly so."""
    yield key
    for place in range(len(key)):
        yield key[:place] + key[place + 1 :]
